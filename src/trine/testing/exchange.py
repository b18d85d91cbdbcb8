"""One request inside an application, seen from both of its ends."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from .signals import Signal, end_task, escaped

HeaderLines = list[tuple[bytes, bytes]]


class ClientGone(Exception):
    """The client left before its request was complete."""


class Exchange:
    """Carries a request's body in and the answer out, piece by piece.

    The application is never more than `capacity` pieces ahead of the client. All methods belong to one event loop.
    """

    capacity = 64

    def __init__(self, body: bytes | AsyncIterator[bytes], *, is_head: bool = False) -> None:
        self.status: int | None = None
        self.headers: HeaderLines = []
        self.left = False
        """Whether the client has gone before its answer was complete."""
        self.complete = False
        """Whether the application has sent its whole answer."""
        self.client_error: BaseException | None = None
        """What the program that makes the body has raised."""
        self._body = body
        self._is_head = is_head
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._signal = Signal()
        self._next: asyncio.Task[tuple[bytes, bool]] | None = None
        self._running: asyncio.Task[None] | None = None

    # The application's end ----------------------------------------------------------------------------------------

    async def read(self) -> tuple[bytes, bool]:
        """Give the next piece of the body, and whether there is more. Raises `ClientGone`."""
        if self.left:
            raise ClientGone
        if isinstance(self._body, bytes):
            return self._body, False
        if self._next is None:
            self._next = asyncio.ensure_future(self._next_piece(self._body))
        # Who stops waiting here loses nothing: the next reader gets this piece.
        await asyncio.wait([self._next])
        piece, self._next = self._next, None
        error = escaped(piece)
        if error is None:
            return piece.result()
        self.client_error = error
        self._leave()
        raise ClientGone

    async def _next_piece(self, body: AsyncIterator[bytes]) -> tuple[bytes, bool]:
        async for piece in body:
            return piece, True
        return b"", False

    async def over(self) -> None:
        """Wait until the client has left or has its whole answer."""
        await self._signal.until(lambda: self.left or self.complete)

    def start(self, status: int, headers: HeaderLines) -> None:
        """Begin the answer."""
        if self.status is not None:
            raise RuntimeError("The application started its response twice.")
        self.status = status
        self.headers = headers
        self._signal.tell()

    async def write(self, chunk: bytes) -> None:
        """Send a piece of the answer, and wait while the client is too far behind."""
        self.put(chunk)
        # One turn of the loop at least: an endless stream must not keep the client from leaving.
        await asyncio.sleep(0)
        await self._signal.until(lambda: len(self._chunks) < self.capacity or self.left)

    def put(self, chunk: bytes) -> None:
        """Send a piece of the answer."""
        if self.status is None or self.complete:
            raise RuntimeError("The application sent a body before its response started, or after it was complete.")
        self._size += len(chunk)
        declared = self._declared_length()
        if declared is not None and self._size > declared:
            raise RuntimeError(f"The body of the response is longer than its Content-Length of {declared}.")
        if chunk and not self.left and not self._is_head:
            self._chunks.append(chunk)
            self._signal.tell()

    def end(self) -> None:
        """Complete the answer."""
        declared = self._declared_length()
        if declared is not None and self._size < declared:
            raise RuntimeError(f"The body of the response has {self._size} bytes, but its Content-Length is {declared}.")
        self.complete = True
        self._signal.tell()

    def _declared_length(self) -> int | None:
        if self._is_head or self.left or self.status == 304:
            return None
        return next((int(value) for name, value in self.headers if name.lower() == b"content-length"), None)

    # The client's end ---------------------------------------------------------------------------------------------

    def begin(self, answering: Coroutine[Any, Any, None]) -> None:
        """Let the application answer."""
        self._running = asyncio.ensure_future(answering)
        self._running.add_done_callback(self._finished)

    async def started(self) -> bool:
        """Wait for the answer to begin. False where the application ended without one."""
        await self._signal.until(lambda: self.status is not None or self.ended)
        return self.status is not None

    async def arrived(self) -> list[bytes]:
        """Wait for pieces of the answer; an empty list is the end, and then the application has finished all its work."""
        await self._signal.until(lambda: self._chunks or self.complete or self.ended)
        if not self._chunks:
            await self.settle()
        chunks = list(self._chunks)
        self._chunks.clear()
        self._signal.tell()
        return chunks

    async def settle(self) -> None:
        """Wait until the application has finished, background work included."""
        if self._running is not None:
            await asyncio.wait([self._running])

    async def leave(self, grace: float) -> None:
        """Go away, as a client that closes its connection does. The application has `grace` seconds to notice."""
        if self.complete or self._running is None:
            await self.settle()
        else:
            self._leave()
            await end_task(self._running, grace)

    @property
    def failure(self) -> BaseException | None:
        """What escaped from the application."""
        return escaped(self._running)

    def _finished(self, running: "asyncio.Task[None]") -> None:
        # Looked at here, so that asyncio does not report an error that its client did not want to see.
        escaped(running)
        self._signal.tell()

    @property
    def ended(self) -> bool:
        """Whether the application has finished."""
        return self._running is None or self._running.done()

    def _leave(self) -> None:
        self.left = True
        if self._next is not None:
            self._next.cancel()
        self._chunks.clear()
        self._signal.tell()
