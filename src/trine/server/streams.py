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


async def pump(response: Response, write: Write, leaving: Leaving | None, outflow: Outflow | None = None) -> bool:
    """Write every chunk; stop, and say False, when the client leaves first. The source is closed in any case.

    A source that waits for its next chunk is cancelled where it waits: it stops within one step. With an `outflow`, writing
    never waits for the client by itself.
    """
    if asyncio.current_task() is None:
        # Started without a Task; the first suspension gives the answer one, which can be cancelled.
        await asyncio.sleep(0)
    return await _Pump(response, write, outflow).run(leaving)


class _Pump:
    """One stream on its way. Ten thousand may be idle at a time, so there is little of it: no Task but the request's own."""

    __slots__ = (
        "_has_left",
        "_is_over",
        "_is_writing",
        "_loop",
        "_outflow",
        "_response",
        "_task",
        "_timer",
        "_write",
        "_written",
    )

    def __init__(self, response: Response, write: Write, outflow: Outflow | None) -> None:
        self._response: Any = response
        self._write = write
        self._task: Any = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        self._has_left = False
        self._is_over = False
        self._outflow = outflow
        self._is_writing = False
        self._written = self._loop.time()
        self._timer = self._loop.call_later(self._interval, self._look_after)

    @property
    def _interval(self) -> float:
        response = self._response
        interval: float = min(response.ping_interval or _LOOK, response.send_timeout)
        return interval

    async def run(self, leaving: Leaving | None) -> bool:
        response = self._response
        if type(response).chunks is StreamingResponse.chunks:
            # One generator less for each chunk to climb through.
            source, encode = response.body_iterator, response.encode_item
        else:
            source, encode = response.chunks(), bytes
        watcher = None if leaving is None else watch(leaving, self._leave)
        try:
            await self._send(source, encode)
        except asyncio.CancelledError as error:
            # At the end of a drain an endless stream is complete: its client sees an end, not a break.
            if not self._has_left and not is_drain(error):
                raise
            self._task.uncancel()
        finally:
            self._is_over = True
            if watcher is not None:
                watcher.cancel()
            self._timer.cancel()
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()
        return not self._has_left

    async def _send(self, source: Any, encode: Callable[[Any], bytes]) -> None:
        write, clock, count, size = self._write, self._loop.time, 0, 0
        async for item in source:
            chunk = encode(item)
            self._is_writing = True
            if len(chunk) > PIECE:
                chunk = await self._write_most(chunk)
            await write(chunk)
            size += len(chunk)
            if size > PIECE:
                await self._wait(size)
                size = 0
            self._is_writing = False
            self._written = clock()
            count += 1
            if count == _TURN:
                count = 0
                await asyncio.sleep(0)

    async def _write_most(self, chunk: bytes) -> bytes:
        """Write all of a large chunk but its last piece, with time for the client to take each."""
        last = (len(chunk) - 1) // PIECE * PIECE
        for at in range(0, last, PIECE):
            await self._write(chunk[at : at + PIECE])
            await self._wait(PIECE)
        return chunk[last:]

    async def _wait(self, size: int) -> None:
        """Wait for the client, where writing itself does not."""
        if self._outflow is not None:
            await self._outflow.wait(size)
        self._written = self._loop.time()

    def _leave(self) -> None:
        self._has_left = True
        # The source is being closed: nothing must cut that short.
        if not self._is_over:
            self._task.cancel()

    def _look_after(self) -> None:
        """Fill a silence, and cut off a client that takes nothing."""
        interval = self._interval
        passed = self._loop.time() - self._written
        if self._is_writing:
            if passed >= self._response.send_timeout:
                self._cut()
                return
        elif passed < interval:
            interval -= passed
        elif self._response.ping:
            self._loop.create_task(self._write_ping())
        self._timer = self._loop.call_later(interval, self._look_after)

    def _cut(self) -> None:
        seconds = self._response.send_timeout
        logger.warning("A stream was cut: its client took nothing of it for %g seconds (send_timeout).", seconds)
        if self._outflow is not None:
            self._outflow.cut()
        self._leave()

    async def _write_ping(self) -> None:
        try:
            await self._write(self._response.ping)
        except (OSError, RuntimeError):
            return  # The client has left; who watches for that ends the stream.
