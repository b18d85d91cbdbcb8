"""Send a stream for as long as somebody listens."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from trine.http import Response, StreamingResponse

from .drain import is_drain
from .leaving import Leaving, watch

Write = Callable[[bytes], Awaitable[None]]

_TURN = 16
"""Chunks after which a source that never waits lets others have the loop, and can be cancelled."""


async def pump(response: Response, write: Write, leaving: Leaving | None) -> bool:
    """Write every chunk; stop, and say False, when the client leaves first. The source is closed in any case.

    A source that waits for its next chunk is cancelled where it waits: it stops within one step.
    """
    if asyncio.current_task() is None:
        # Started without a Task; the first suspension gives the answer one, which can be cancelled.
        await asyncio.sleep(0)
    return await _Pump(response, write).run(leaving)


class _Pump:
    """One stream on its way. Ten thousand may be idle at a time, so there is little of it: no Task but the request's own."""

    __slots__ = ("_has_left", "_loop", "_response", "_task", "_timer", "_write", "_written")

    def __init__(self, response: Response, write: Write) -> None:
        self._response: Any = response
        self._write = write
        self._task: Any = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        self._has_left = False
        self._written = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, leaving: Leaving | None) -> bool:
        response = self._response
        if type(response).chunks is StreamingResponse.chunks:
            # One generator less for each chunk to climb through.
            source, encode = response.body_iterator, response.encode_item
        else:
            source, encode = response.chunks(), None
        watcher = None if leaving is None else watch(leaving, self._leave)
        if getattr(response, "ping_interval", 0):
            self._ping_after(response.ping_interval)
        try:
            await self._send(source, encode)
        except asyncio.CancelledError as error:
            # At the end of a drain an endless stream is complete: its client sees an end, not a break.
            if not self._has_left and not is_drain(error):
                raise
            self._task.uncancel()
        finally:
            if watcher is not None:
                watcher.cancel()
            if self._timer is not None:
                self._timer.cancel()
            close = getattr(source, "aclose", None)
            if close is not None:
                await close()
        return not self._has_left

    async def _send(self, source: Any, encode: Callable[[Any], bytes] | None) -> None:
        write, clock, count = self._write, self._loop.time, 0
        async for item in source:
            await write(item if encode is None else encode(item))
            self._written = clock()
            count += 1
            if count == _TURN:
                count = 0
                await asyncio.sleep(0)

    def _leave(self) -> None:
        self._has_left = True
        self._task.cancel()

    def _ping_after(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._ping)

    def _ping(self) -> None:
        interval = self._response.ping_interval
        silent = self._loop.time() - self._written
        if silent < interval:
            self._ping_after(interval - silent)
            return
        self._loop.create_task(self._write_ping())
        self._ping_after(interval)

    async def _write_ping(self) -> None:
        try:
            await self._write(self._response.ping)
        except (OSError, RuntimeError):
            return  # The client has left; who watches for that ends the stream.
