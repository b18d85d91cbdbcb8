"""Work that runs after the response was sent, in the same process. It is lost when the process ends: durable work is a task."""

from collections.abc import Callable, Sequence
from inspect import iscoroutinefunction
from typing import Any, ParamSpec

from trine.concurrency import run_in_thread
from trine.events import NO_ARGUMENTS, Operation, current_exchange

P = ParamSpec("P")


class BackgroundTask:
    """One function with its arguments. A plain `def` runs in a worker thread."""

    def __init__(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.is_async = iscoroutinefunction(func) or iscoroutinefunction(getattr(func, "__call__", None))  # noqa: B004

    async def __call__(self) -> None:
        """Run the function."""
        if self.is_async:
            await self.func(*self.args, **self.kwargs)
        else:
            await run_in_thread(self.func, *self.args, **self.kwargs)


class BackgroundTasks(BackgroundTask):
    """Functions that run one after the other once the response was sent. The first error ends the row."""

    def __init__(self, tasks: Sequence[BackgroundTask] | None = None) -> None:
        self.tasks = list(tasks or ())

    def add_task(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Add a function to the end of the row."""
        self.tasks.append(BackgroundTask(func, *args, **kwargs))

    async def __call__(self) -> None:
        """Run the row."""
        exchange = current_exchange.get()
        watch = None
        if exchange is not None:
            # Not every server says when a stream has ended; whatever runs here, runs after it.
            exchange.complete()
            watch = exchange.watch_background
        for task in self.tasks:
            if exchange is None or watch is None:
                await task()
            else:
                with watch(Operation("background", task.func, exchange.route or ""), NO_ARGUMENTS):
                    await task()
