"""A layer between an RSGI server and an application: sees each answer's head, and may change it."""

from collections.abc import AsyncIterator, Awaitable
from typing import Any

HeaderList = list[tuple[str, str]]


class WrappedProtocol:
    """An RSGI protocol object that passes everything on. A subclass overrides `head`."""

    __slots__ = ("inner",)

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def head(self, status: int, headers: HeaderList) -> HeaderList:
        """The headers to send with a status. The list given may be shared: change a copy."""
        return headers

    def __call__(self) -> Awaitable[bytes]:
        """Read the whole body."""
        body: Awaitable[bytes] = self.inner()
        return body

    def __aiter__(self) -> AsyncIterator[bytes]:
        chunks: AsyncIterator[bytes] = self.inner.__aiter__()
        return chunks

    def client_disconnect(self) -> Awaitable[None]:
        """Wait until the client has left."""
        left: Awaitable[None] = self.inner.client_disconnect()
        return left

    def response_empty(self, status: int, headers: HeaderList) -> None:
        """Answer without a body."""
        self.inner.response_empty(status, self.head(status, headers))

    def response_str(self, status: int, headers: HeaderList, body: str) -> None:
        """Answer with text."""
        self.inner.response_str(status, self.head(status, headers), body)

    def response_bytes(self, status: int, headers: HeaderList, body: bytes) -> None:
        """Answer with bytes."""
        self.inner.response_bytes(status, self.head(status, headers), body)

    def response_file(self, status: int, headers: HeaderList, file: str) -> None:
        """Answer with a file."""
        self.inner.response_file(status, self.head(status, headers), file)

    def response_file_range(self, status: int, headers: HeaderList, file: str, start: int, end: int) -> None:
        """Answer with a part of a file."""
        self.inner.response_file_range(status, self.head(status, headers), file, start, end)

    def response_stream(self, status: int, headers: HeaderList) -> Any:
        """Answer with a stream."""
        return self.inner.response_stream(status, self.head(status, headers))
