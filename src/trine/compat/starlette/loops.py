"""What the running event loop offers, whichever it is: asyncio by itself, any other one (trio) through anyio."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from trine.concurrency import set_other_threads

Run = Callable[[], Coroutine[Any, Any, Any]]


class Event(Protocol):
    """Something that happens once."""

    def set(self) -> object:
        """Let it happen."""
        ...

    def is_set(self) -> bool:
        """Whether it has happened."""
        ...

    async def wait(self) -> object:
        """Wait until it has happened."""
        ...


def is_asyncio() -> bool:
    """Whether the code that asks runs on asyncio."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def make_event() -> Event:
    """Make an event of the running loop."""
    if is_asyncio():
        return asyncio.Event()
    import anyio

    return anyio.Event()


async def give_way() -> None:
    """Let everybody else take a step, and be cancelled here where somebody has asked for that."""
    if is_asyncio():
        await asyncio.sleep(0)
        return
    import anyio

    await anyio.lowlevel.checkpoint()


async def run_elsewhere(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Run a blocking function in one of anyio's worker threads."""
    from functools import partial

    import anyio.to_thread

    return await anyio.to_thread.run_sync(partial(function, *args, **kwargs))


set_other_threads(run_elsewhere)


def beside(run: Run) -> AbstractAsyncContextManager[Callable[[], None]]:
    """Run something beside a block, which gets the function that cancels it.

    Leaving the block waits for it, and an error in the block cancels it. `run` itself must not fail.
    """
    return _beside_as_task(run) if is_asyncio() else _beside_in_group(run)


@asynccontextmanager
async def _beside_as_task(run: Run) -> AsyncIterator[Callable[[], None]]:
    task = asyncio.ensure_future(run())
    cancelled = False

    def cancel() -> None:
        nonlocal cancelled
        cancelled = True
        task.cancel()

    try:
        yield cancel
        await task
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError) and cancelled and task.cancelled():
            return
        task.cancel()
        await asyncio.wait([task])
        raise


@asynccontextmanager
async def _beside_in_group(run: Run) -> AsyncIterator[Callable[[], None]]:
    import anyio

    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(run)
        try:
            yield group.cancel_scope.cancel
        except Exception as error:  # noqa: BLE001 - raised again outside of the group, which would wrap it
            failure = error
            group.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def first_of(*runs: Run) -> None:
    """Run several things; the first that ends, ends the others. What one of them raises is raised here."""
    if not is_asyncio():
        await _first_in_group(*runs)
        return
    tasks = [asyncio.ensure_future(run()) for run in runs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _first_in_group(*runs: Run) -> None:
    import anyio

    failures: list[Exception] = []

    async def run_one(run: Run) -> None:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - raised again outside of the group, which would wrap it
            failures.append(error)
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for run in runs:
            group.start_soon(run_one, run)
    if failures:
        raise failures[0]
