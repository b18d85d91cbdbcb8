"""A shorter way from Granian to a handler that never suspends: no wake-up, no Task and no future for each request.

Granian hands every request to a Python function on its own thread, which wakes the event loop and starts a Task: most
of what a small answer costs. Here the loop is woken once for each burst, and a route whose code cannot suspend is run
to its end at once. Every other route runs in a Task as before.

The names used here are Granian's own and may change; `install` says no when they have, and Granian's scheduler stays.
"""

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from functools import partial
from types import coroutine
from typing import Any, Protocol

from .drain import is_drain

try:
    from granian._granian import CallbackScheduler
    from granian.server import mp
except ImportError:  # Another Granian, or none: its own scheduler does the work.
    CallbackScheduler = mp = None  # type: ignore[assignment, misc]

Watcher = Any
Schedule = Callable[[Watcher], None]


class Served(Protocol):
    """An application whose entry names the routes that never suspend, by the identity of their code."""

    @property
    def rsgi_entry(self) -> Callable[[Any, Any], Any]:
        """The function that answers."""
        ...


def install(app: Served) -> bool:
    """Use this scheduler in the worker process that calls it. False where Granian has no place for it."""
    if not hasattr(mp, "_new_cbscheduler"):
        return False

    class BurstScheduler(CallbackScheduler):
        def __init__(self, loop: asyncio.AbstractEventLoop, callback: Any, *_unused: Any) -> None:
            # Granian takes this attribute once and reads it from Rust.
            self._schedule_fn = make_schedule(loop, callback, app)

    def new_scheduler(loop: asyncio.AbstractEventLoop, callback: Callable[[Watcher], Any], impl_asyncio: bool = True) -> Any:  # noqa: ARG001 - Granian's
        return BurstScheduler(loop, callback, None, partial(_enter_task, loop), partial(_leave_task, loop))

    mp._new_cbscheduler = new_scheduler  # noqa: SLF001 - the point of this file
    return True


def make_schedule(loop: asyncio.AbstractEventLoop, callback: Callable[[Watcher], Any], app: Served) -> Schedule:
    """Make the function that Granian calls with every request, on a thread of its own."""
    waiting: deque[Watcher] = deque()
    is_waking = False

    def schedule(watcher: Watcher) -> None:
        nonlocal is_waking
        waiting.append(watcher)
        # Appended first, asked second; drain() does it the other way round: no request is left behind.
        if not is_waking:
            is_waking = True
            loop.call_soon_threadsafe(drain)

    def drain() -> None:
        nonlocal is_waking
        is_waking = False
        while waiting:
            entry = app.rsgi_entry
            steady = getattr(entry, "steady", None)
            watcher = waiting.popleft()
            if steady is None:
                run_in_task(callback(watcher), watcher)
                continue
            answering = entry(watcher.scope, watcher.proto)
            if id(answering.cr_code) in steady:
                run_at_once(answering, watcher)
            else:
                run_in_task(finish(answering, watcher), watcher)

    def run_at_once(answering: Coroutine[Any, Any, None], watcher: Watcher) -> None:
        try:
            # A context of its own: what one request sets, the next one must not see.
            suspended_on = copy_context().run(answering.send, None)
        except StopIteration:
            watcher.done()
        except BaseException as error:  # noqa: BLE001 - Granian answers it, as it does for a Task
            watcher.err(error)
        else:
            # Only an answer to an exception, or a stream, comes here: it goes on in a Task.
            run_in_task(finish(resume(answering, suspended_on), watcher), watcher)

    def run_in_task(answering: Coroutine[Any, Any, None], watcher: Watcher) -> None:
        watcher.taskref(loop.create_task(answering))

    return schedule


async def finish(answering: Any, watcher: Watcher) -> None:
    """Await an answer, and tell Granian how it ended."""
    try:
        await answering
    except BaseException as error:  # noqa: BLE001 - Granian answers it
        if not is_drain(error):
            watcher.err(error)
            return
    watcher.done()


@coroutine
def resume(started: Coroutine[Any, Any, None], suspended_on: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine that already waits for something."""
    while True:
        try:
            sent = yield suspended_on
        except BaseException as error:  # noqa: BLE001 - it belongs to the coroutine
            step: Callable[[Any], Any] = started.throw
            argument: Any = error
        else:
            step, argument = started.send, sent
        try:
            suspended_on = step(argument)
        except StopIteration:
            return
