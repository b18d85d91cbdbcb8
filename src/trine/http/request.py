"""A request: what the client sent, read as far as somebody asks."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

from trine.errors import BadRequest, BodyTooLarge, HTTPException, UnsupportedEncoding

from .connection import Connection
from .form import FormData
from .gather import gather_body
from .multipart import parse_multipart, parse_urlencoded
from .multipart_reader import FormLimits, refusing_broken_forms
from .parts import Part, stream_parts

_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


class Request(Connection):
    """One HTTP request. The body is read on first use, never more than `body_limit` bytes of it."""

    body_limit: int | None = None
    is_receiving = False
    """Whether the body is being waited for."""
    form_limits: FormLimits = FormLimits()
    decoder: "Callable[[Request, AsyncIterator[bytes]], AsyncIterator[bytes]] | None" = None
    """Turns what arrives into the body; a middleware that decompresses sets it. It must not hold the request: in a circle with
    it, a connection that was given up would stay open until the next garbage collection."""
    _body: bytes | None = None
    _json: Any
    _form: FormData | None = None
    _exit_stack: AsyncExitStack | None = None

    async def stream(self) -> AsyncIterator[bytes]:
        """Give the body in chunks as they arrive, without keeping them. Raises `BodyTooLarge` and `ClientDisconnect`."""
        if self._body is not None:
            yield self._body
            return
        declared = self.headers.content_length
        limit = self.body_limit
        if limit is not None and declared is not None and declared > limit:
            raise BodyTooLarge(declared, limit)
        received = 0
        self.is_receiving = True
        chunks = self._receive_chunks()
        async for chunk in chunks if self.decoder is None else self.decoder(self, chunks):
            self.is_receiving = False
            received += len(chunk)
            if limit is not None and received > limit:
                raise BodyTooLarge(None, limit)
            yield chunk
            # Large chunks that are let go at once need no new memory for the next: a quarter of what reading costs.
            del chunk
            self.is_receiving = True
        self.is_receiving = False

    async def body(self) -> bytes:
        """Return the whole body, reading it once."""
        if self._body is None:
            if self.decoder is None and self.headers.content_length is not None:
                chunks = bytearray()
                async for chunk in self.stream():
                    chunks += chunk
                self._body = bytes(chunks)
            else:
                self._body = await gather_body(self.stream())
        return self._body

    async def json(self) -> Any:
        """Return the body decoded from JSON, whatever its content type says."""
        if not hasattr(self, "_json"):
            from .json import decode_json

            body = await self.body()
            try:
                self._json = decode_json(body)
            except ValueError as error:
                self._refuse_encoding()
                raise BadRequest(f"The request body is not valid JSON: {error}.") from error
        return self._json

    async def form(self) -> FormData:
        """Return the fields and files of an HTML form, reading the body once. Other content types give an empty form."""
        if self._form is None:
            content_type = self.headers.get("content-type", "")
            kind = content_type.partition(";")[0].strip().lower()
            with refusing_broken_forms():
                if kind in _FORMS:
                    self._refuse_encoding()
                if kind == "multipart/form-data":
                    self._form = await parse_multipart(self.stream(), content_type, self.form_limits)
                elif kind == "application/x-www-form-urlencoded":
                    self._form = await parse_urlencoded(self.stream(), self.form_limits)
                else:
                    self._form = FormData([])
            if self._form:
                self.exit_stack.push_async_callback(self._form.close)
        return self._form

    def parts(self) -> AsyncIterator[Part]:
        """Give the fields and files of a multipart form one by one, as they arrive, without keeping them.

        Raises `BadRequest` for a form that is broken or larger than the limits, and a 415 for what is no multipart form.
        """
        if self._form is not None:
            raise RuntimeError("The form was read already: request.parts() takes the place of request.form().")
        content_type = self.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
            raise HTTPException(415, "Send the form as multipart/form-data.")
        self._refuse_encoding()
        return stream_parts(self.stream(), content_type, self.form_limits)

    def _refuse_encoding(self) -> None:
        """Say what is wrong where a body that makes no sense was compressed."""
        coding = self.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise UnsupportedEncoding(coding)

    @abstractmethod
    async def is_disconnected(self) -> bool:
        """Whether the client has left."""

    def watch_client(self, _told: Callable[[], None]) -> Any:
        """Have a function called when the client leaves. Gives what can be cancelled, or None where nothing can be known yet."""
        return None

    @property
    def exit_stack(self) -> AsyncExitStack:
        """Clean-up that runs after the response was sent, or failed."""
        if self._exit_stack is None:
            self._exit_stack = AsyncExitStack()
        return self._exit_stack

    @property
    def awaits_closing(self) -> bool:
        """Whether there is clean-up left to run."""
        return self._exit_stack is not None

    async def close(self) -> None:
        """Run the clean-up that waited for the end of the response."""
        if self._exit_stack is not None:
            stack, self._exit_stack = self._exit_stack, None
            await stack.aclose()

    @abstractmethod
    def _receive_chunks(self) -> AsyncIterator[bytes]:
        """Receive the body from the server, piece by piece."""
