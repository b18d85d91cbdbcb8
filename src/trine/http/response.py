"""A response: a status, headers, and a body that is bytes or a stream."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from trine.concurrency import iterate_in_thread

from .cookies import render_cookie
from .headers import MutableHeaders

Background = Callable[[], Awaitable[None]]


class Response:
    """An answer whose body is known. `content` is text, encoded as UTF-8, or bytes."""

    media_type: ClassVar[str | None] = None
    charset: ClassVar[str] = "utf-8"
    send_timeout: float = 60.0
    """Seconds in which the client of a stream must take what waits for it, at most 1 MB; then the stream is cut."""
    ping_interval: float = 0.0
    """Seconds of silence after which a stream sends `ping`; never for 0."""
    ping: ClassVar[bytes] = b""
    """What keeps a connection alive while there is nothing to send."""
    body: bytes | None

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: Background | None = None,
    ) -> None:
        self.status_code = status_code
        self.background = background
        self.body = self.render(content)
        self.headers = MutableHeaders(headers)
        self._describe(media_type or self.media_type)

    def render(self, content: Any) -> bytes:
        """Turn the content into the bytes of the body."""
        if content is None:
            return b""
        if isinstance(content, str):
            return content.encode(self.charset)
        return bytes(content)

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: int | None = None,
        expires: datetime | str | int | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Literal["lax", "strict", "none"] | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Send a cookie. `max_age` and a numeric `expires` are seconds from now."""
        cookie = render_cookie(
            key,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )
        self.headers.append("set-cookie", cookie)

    def delete_cookie(
        self,
        key: str,
        path: str = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Literal["lax", "strict", "none"] | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Ask the browser to forget a cookie. Path, domain and partition must be those that set it."""
        self.set_cookie(
            key,
            max_age=0,
            expires=0,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )

    @property
    def may_have_body(self) -> bool:
        """Whether the status allows a body (RFC 9110 §6.4.1)."""
        return self.status_code >= 200 and self.status_code not in (204, 205, 304)

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as a stream, for adapters and middleware that do not want it whole."""
        return _once(self.body or b"")

    def _describe(self, media_type: str | None) -> None:
        if self.body is not None and "content-length" not in self.headers and self.may_have_body:
            self.headers["content-length"] = str(len(self.body))
        if media_type is not None and "content-type" not in self.headers:
            if media_type.startswith("text/") and "charset=" not in media_type.lower():
                media_type += f"; charset={self.charset}"
            self.headers["content-type"] = media_type


class ReadyResponse(Response):
    """A response from finished parts: nothing is copied or checked again unless somebody asks for its headers."""

    headers: MutableHeaders
    background = None

    def __init__(self, body: bytes, status_code: int, pairs: list[tuple[str, str]], raw_pairs: list[tuple[bytes, bytes]]) -> None:
        self.body = body
        self.status_code = status_code
        self.pairs = pairs
        self.raw_pairs = raw_pairs

    def __getattr__(self, name: str) -> Any:
        if name != "headers":
            raise AttributeError(name)
        length = [("content-length", str(len(self.body or b"")))] if self.may_have_body else []
        self.headers = headers = MutableHeaders([*self.pairs, *length])
        return headers

    @property
    def is_untouched(self) -> bool:
        """Whether the finished parts still hold."""
        return "headers" not in self.__dict__


class HTMLResponse(Response):
    """A page."""

    media_type = "text/html"


class PlainTextResponse(Response):
    """Text as it is."""

    media_type = "text/plain"


class JSONResponse(Response):
    """A value as JSON: what msgspec and Pydantic can encode. Not-a-number and infinity become null."""

    media_type = "application/json"

    def __init__(
        self,
        content: Any,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: Background | None = None,
    ) -> None:
        super().__init__(content, status_code, headers, media_type, background)

    def render(self, content: Any) -> bytes:
        """Encode the content as compact UTF-8 JSON."""
        from .json import encode_json

        return encode_json(content)


class RedirectResponse(Response):
    """Send the client elsewhere: 307 repeats the method and body, 303 turns into GET."""

    def __init__(
        self,
        url: Any,
        status_code: int = 307,
        headers: Mapping[str, str] | None = None,
        background: Background | None = None,
    ) -> None:
        super().__init__(b"", status_code, headers, background=background)
        self.headers["location"] = quote(str(url), safe=":/%#?=@[]!$&'()*+,;")


class StreamingResponse(Response):
    """An answer that is produced while it is sent. A plain iterator is stepped in worker threads."""

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: Background | None = None,
    ) -> None:
        self.status_code = status_code
        self.background = background
        self.body = None
        self.headers = MutableHeaders(headers)
        self.body_iterator = content if isinstance(content, AsyncIterable) else iterate_in_thread(iter(content))
        self._describe(media_type or self.media_type)

    @classmethod
    def item_encoder(
        cls, encode: Callable[[Any], bytes], exact: type | None = None, encode_exact: Callable[[Any], bytes] = bytes
    ) -> Callable[[Any], bytes] | None:
        """Make the `encode_item` of a route that knows the type of its items; `encode` turns one into JSON. None for none.

        An item of exactly the type `exact` may go to `encode_exact` instead, which is faster.
        """
        return None

    def encode_item(self, item: Any) -> bytes:
        """Turn what the source gives into the bytes of a chunk."""
        if isinstance(item, bytes):
            return item
        return item.encode(self.charset) if isinstance(item, str) else bytes(item)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Encode what the source gives; the source is closed when the consumer leaves."""
        source, encode = self.body_iterator, self.encode_item
        try:
            async for item in source:
                yield encode(item)
        finally:
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()


class JSONLinesResponse(StreamingResponse):
    """A stream of values, each a line of JSON (jsonlines.org)."""

    media_type = "application/jsonl"

    @classmethod
    def item_encoder(
        cls, encode: Callable[[Any], bytes], exact: type | None = None, encode_exact: Callable[[Any], bytes] = bytes
    ) -> Callable[[Any], bytes]:
        """Encode values of a known type."""
        return lambda item: b"%b\n" % (encode_exact(item) if type(item) is exact else encode(item))

    def encode_item(self, item: Any) -> bytes:
        """Encode a value as one line."""
        from .json import encode_json

        return encode_json(item) + b"\n"


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
