"""`starlette.concurrency`: blocking functions beside the event loop."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import ParamSpec, TypeVar

from trine.concurrency import iterate_in_thread, run_in_thread

P = ParamSpec("P")
T = TypeVar("T")


async def run_in_threadpool(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking function in a worker thread, with the caller's context variables."""
    return await run_in_thread(func, *args, **kwargs)


async def iterate_in_threadpool(iterator: Iterable[T]) -> AsyncIterator[T]:
    """Step a blocking iterable in worker threads."""
    async for item in iterate_in_thread(iter(iterator)):
        yield item
