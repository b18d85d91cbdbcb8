"""Send a stream for as long as somebody listens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from trine.http import Response, StreamingResponse

from .drain import is_drain
from .leaving import Leaving, watch
from .outflow import PIECE, Outflow

logger = logging.getLogger("trine.server")

_LOOK = 15.0
"""Seconds between looks at a stream that has nothing to fill a silence with."""

Write = Callable[[bytes], Awaitable[None]]

_TURN = 64
"""Chunks after which a source that never waits lets others have the loop, and can be cancelled."""


async def send_stream(
    response: Response,
    write: Write,
    leaving: Leaving | None,
    *,
    outflow: Outflow | None = None,
    begin: Callable[[], Awaitable[None]] | None = None,
    end: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Write every chunk between `begin` and `end`, and do the response's background work. Nothing follows a client that left.

    The source is closed in any case. One that waits for its next chunk is cancelled where it waits: it stops within one step.
    With an `outflow`, writing never waits for the client by itself.
    """
    if asyncio.current_task() is None:
        # Started without a Task; the first suspension gives the answer one, which can be cancelled.
        await asyncio.sleep(0)
    if begin is not None:
        await begin()
    source, encode = _source_of(response)
    stream = _Stream(response, write, outflow)
    watcher = None if leaving is None else watch(leaving, stream.leave)
    clock, count, size = stream.loop.time, 0, 0
    # Here and not in a method: whatever stands between a source and the event loop is gone through twice for every chunk.
    try:
        async for item in source:
            chunk = encode(item)
            stream.is_writing = True
            if len(chunk) > PIECE:
                chunk = await stream.write_most(chunk)
            await write(chunk)
            size += len(chunk)
            if size > PIECE:
                await stream.wait(size)
                size = 0
            stream.is_writing = False
            stream.written = clock()
            count += 1
            if count == _TURN:
                count = 0
                await asyncio.sleep(0)
    except (asyncio.CancelledError, RuntimeError) as error:
        if not stream.is_ended_by(error):
            raise
    finally:
        stream.close()
        if watcher is not None:
            watcher.cancel()
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()
    if not stream.has_left:
        await _complete(response, end)


def _source_of(response: Any) -> tuple[Any, Callable[[Any], bytes]]:
    """Where the chunks come from, and what makes bytes of them."""
    if type(response).chunks is StreamingResponse.chunks:
        # One generator less for each chunk to climb through.
        return response.body_iterator, response.encode_item
    return response.chunks(), bytes


async def _complete(response: Response, end: Callable[[], Awaitable[None]] | None) -> None:
    if end is not None:
        await end()
    if response.background is not None:
        await response.background()


class _Stream:
    """One stream on its way. Ten thousand may be idle at a time, so there is little of it: no Task but the request's own."""

    __slots__ = (
        "_is_over",
        "_outflow",
        "_response",
        "_timer",
        "_write",
        "has_left",
        "is_writing",
        "loop",
        "task",
        "written",
    )

    def __init__(self, response: Response, write: Write, outflow: Outflow | None) -> None:
        self._response = response
        self._write = write
        self._outflow = outflow
        self._is_over = False
        self.task: Any = asyncio.current_task()
        self.loop = asyncio.get_running_loop()
        self.has_left = False
        self.is_writing = False
        self.written = self.loop.time()
        self._timer = self.loop.call_later(self._interval, self._look_after)

    @property
    def _interval(self) -> float:
        response = self._response
        return min(response.ping_interval or _LOOK, response.send_timeout)

    async def write_most(self, chunk: bytes) -> bytes:
        """Write all of a large chunk but its last piece, with time for the client to take each."""
        last = (len(chunk) - 1) // PIECE * PIECE
        for at in range(0, last, PIECE):
            await self._write(chunk[at : at + PIECE])
            await self.wait(PIECE)
        return chunk[last:]

    async def wait(self, size: int) -> None:
        """Wait for the client, where writing itself does not."""
        if self._outflow is not None:
            await self._outflow.wait(size)
        self.written = self.loop.time()

    def leave(self) -> None:
        """End the stream: its client has left, or takes nothing of it."""
        self.has_left = True
        # The source is being closed: nothing must cut that short.
        if not self._is_over:
            self.task.cancel()

    def is_ended_by(self, error: BaseException) -> bool:
        """Whether an error is no more than the end of the stream."""
        if isinstance(error, RuntimeError):
            # Granian's, of a client that has left.
            is_closed = type(error).__name__ == "RSGIProtocolClosed"
            self.has_left = self.has_left or is_closed
            return is_closed
        # At the end of a drain an endless stream is complete: its client sees an end, not a break.
        is_ended = self.has_left or is_drain(error)
        if is_ended:
            self.task.uncancel()
        return is_ended

    def close(self) -> None:
        """Look after it no more."""
        self._is_over = True
        self._timer.cancel()
        if self._outflow is not None:
            self._outflow.close()

    def _look_after(self) -> None:
        """Fill a silence, and cut off a client that takes nothing."""
        interval = self._interval
        passed = self.loop.time() - self.written
        if self.is_writing:
            if passed >= self._response.send_timeout:
                self._cut()
                return
        elif passed < interval:
            interval -= passed
        elif self._response.ping:
            self.loop.create_task(self._write_ping())
        self._timer = self.loop.call_later(interval, self._look_after)

    def _cut(self) -> None:
        seconds = self._response.send_timeout
        logger.warning("A stream was cut: its client took nothing of it for %g seconds (send_timeout).", seconds)
        if self._outflow is not None:
            self._outflow.cut()
        self.leave()

    async def _write_ping(self) -> None:
        try:
            await self._write(self._response.ping)
        except (OSError, RuntimeError):
            return  # The client has left; who watches for that ends the stream.
