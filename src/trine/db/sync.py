"""Database calls from `def` code: they run on the event loop that the worker thread belongs to, on the same connection."""

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

from trine.concurrency import loop_of_thread

from .errors import SyncCallRefused

T = TypeVar("T")


def refuse_on_loop(called: str, instead: str) -> None:
    """Refuse a blocking call on the event loop, and say what to write instead."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise SyncCallRefused(f"{called} would block the event loop. In an `async def`, write: {instead}")


def run_sync(work: Coroutine[Any, Any, T], called: str = "A call under .sync", instead: str = "await without .sync") -> T:
    """Run a coroutine to its end from a thread, with the thread's context variables."""
    try:
        refuse_on_loop(called, instead)
    except SyncCallRefused:
        work.close()
        raise
    loop = loop_of_thread()
    if loop is None or not loop.is_running():
        loop = _own_loop()
    result: concurrent.futures.Future[T] = concurrent.futures.Future()

    def start() -> None:
        task = loop.create_task(work)

        def tell(done: asyncio.Task[T]) -> None:
            if done.cancelled():
                result.set_exception(concurrent.futures.CancelledError())
            elif (error := done.exception()) is not None:
                result.set_exception(error)
            else:
                result.set_result(done.result())

        task.add_done_callback(tell)

    loop.call_soon_threadsafe(start, context=contextvars.copy_context())
    return result.result()


def iterate_sync(source: AsyncIterator[T]) -> Iterator[T]:
    """Step an asynchronous iterator from a thread."""
    end: Any = object()

    async def step() -> Any:
        return await anext(source, end)

    try:
        while (item := run_sync(step())) is not end:
            yield item
    finally:
        close = getattr(source, "aclose", None)
        if close is not None:
            run_sync(close())


_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def _own_loop() -> asyncio.AbstractEventLoop:
    """An event loop in a thread of its own, for programs that have none: scripts, shells, other threads."""
    global _loop  # noqa: PLW0603 - one for the process
    with _lock:
        if _loop is None or not _loop.is_running():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="trine-db", daemon=True).start()
        return _loop
