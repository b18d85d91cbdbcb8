"""Write in worker threads, a batch at a time: while one is written, the next one arrives."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

from trine.concurrency import run_in_thread

P = ParamSpec("P")

# Large enough that a hop to a thread costs little beside it; one is written and one arrives.
BATCH = 1024 * 1024


_SMALL = 4096
_MOST_AT_ONCE = 1024


class Pieces:
    """Bytes that wait to be written, as they came: large pieces are never copied."""

    def __init__(self) -> None:
        self.size = 0
        self._pieces: list[bytes | bytearray] = []

    def add(self, data: bytes) -> None:
        """Keep some bytes. Small pieces share a buffer: a list of single bytes would take a hundred times their memory."""
        self.size += len(data)
        last = self._pieces[-1] if self._pieces else None
        if len(data) >= _SMALL:
            self._pieces.append(data)
        elif type(last) is bytearray:
            last += data
        else:
            self._pieces.append(bytearray(data))

    def take(self) -> list[bytes | bytearray]:
        """What waits; from now on something else waits."""
        pieces, self._pieces, self.size = self._pieces, [], 0
        return pieces


def write_pieces(descriptor: int, pieces: list[bytes | bytearray]) -> None:
    """Write to a file, past every buffer, in as few calls of the system as it allows. The list is empty then."""
    while pieces:
        _write_all(descriptor, [memoryview(piece) for piece in pieces[:_MOST_AT_ONCE]])
        # Whoever else holds the list, the thread's own memory of its last job included, holds no bytes any more.
        del pieces[:_MOST_AT_ONCE]


def _write_all(descriptor: int, views: list[memoryview]) -> None:
    while views:
        written = os.writev(descriptor, views) if hasattr(os, "writev") else os.write(descriptor, views[0])
        while views and written >= len(views[0]):
            written -= len(views.pop(0))
        if written:
            views[0] = views[0][written:]


class Batches:
    """Jobs in worker threads, one after the other. A job that was begun is never left behind."""

    def __init__(self) -> None:
        self._running: asyncio.Future[Any] | None = None

    async def run(self, job: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Wait for the job before, and begin one. Raises what the one before raised."""
        await self.done()
        begun: Awaitable[Any] = run_in_thread(job, *args, **kwargs)
        if isinstance(begun, asyncio.Future):
            self._running = begun
        else:
            # Another event loop's threads are waited for where they are begun.
            await begun

    async def done(self) -> None:
        """Wait until the last job has ended. Raises what it raised."""
        if self._running is not None:
            # Shielded: whoever is cancelled here must not let go of a file under the thread that writes to it.
            await asyncio.shield(self._running)
            self._running = None

    async def settle(self) -> None:
        """Wait until the last job has ended, whatever became of it."""
        if self._running is not None:
            await asyncio.wait([self._running])

    def when_done(self, clean_up: Callable[[], None]) -> None:
        """Call a function as soon as no job runs, whatever became of it: now, or later."""

        def clean_up_after(job: "asyncio.Future[Any]") -> None:
            if not job.cancelled():
                job.exception()  # Looked at, so that nobody reports it: the work was given up before.
            clean_up()

        running = self._running
        if running is None:
            clean_up()
        elif running.done():
            clean_up_after(running)
        else:
            running.add_done_callback(clean_up_after)
