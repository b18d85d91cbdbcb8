"""`starlette.concurrency`: blocking functions beside the event loop."""

import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import aclosing
from functools import partial
from typing import Any, ParamSpec, TypeVar

from trine.concurrency import iterate_in_thread, run_in_thread

from .exceptions import StarletteDeprecationWarning
from .loops import first_of, is_asyncio

P = ParamSpec("P")
T = TypeVar("T")

_END: Any = object()


async def run_in_threadpool(func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking function in a worker thread, with the caller's context variables."""
    return await run_in_thread(func, *args, **kwargs)


async def iterate_in_threadpool(iterator: Iterable[T]) -> AsyncIterator[T]:
    """Step a blocking iterable in worker threads."""
    steps = iter(iterator)
    if is_asyncio():
        async with aclosing(iterate_in_thread(steps)) as items:  # type: ignore[type-var] # an async generator
            async for item in items:
                yield item
        return
    while (item := await run_in_thread(next, steps, _END)) is not _END:
        yield item


async def run_until_first_complete(*args: tuple[Callable[..., Coroutine[Any, Any, Any]], dict[str, Any]]) -> None:
    """Run several functions; the first that ends, ends the others. Deprecated: a task group does it."""
    message = "run_until_first_complete is deprecated and will be removed in a future version."
    warnings.warn(message, StarletteDeprecationWarning, stacklevel=2)
    await first_of(*(partial(function, **kwargs) for function, kwargs in args))
