"""Send a stream for as long as somebody listens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from .drain import is_drain

Leaving = Callable[[], Awaitable[object]]
"""Waits until the client has left."""


async def pump(chunks: AsyncIterator[bytes], write: Callable[[bytes], Awaitable[None]], leaving: Leaving | None) -> bool:
    """Write every chunk; stop, and say False, when the client leaves first. The source is closed in any case.

    A source that waits for its next chunk is cancelled where it waits: it stops within one step.
    """
    if asyncio.current_task() is None:
        # Started without a Task; the first suspension gives the answer one, which can be cancelled.
        await asyncio.sleep(0)
    task = asyncio.current_task()
    has_left = False

    async def stop_when_left(leaving: Leaving) -> None:
        nonlocal has_left
        await leaving()
        has_left = True
        if task is not None:
            task.cancel()

    watcher = None if leaving is None else asyncio.ensure_future(stop_when_left(leaving))
    try:
        async for chunk in chunks:
            await write(chunk)
    except asyncio.CancelledError as error:
        # At the end of a drain an endless stream is complete: its client sees an end, not a break.
        if not has_left and not is_drain(error):
            raise
        if task is not None:
            task.uncancel()
    finally:
        if watcher is not None:
            watcher.cancel()
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
    return not has_left
