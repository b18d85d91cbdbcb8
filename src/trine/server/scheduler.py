"""A shorter way from Granian to a handler that never suspends: no wake-up, no Task and no future for each request.

Granian hands every request to a Python function on its own thread, which wakes the event loop and starts a Task: most
of what a small answer costs. Here the loop is woken once for each burst, and a route whose code cannot suspend is run
to its end at once. Every other route runs in a Task as before.

The names used here are Granian's own and may change; `install` says no when they have, and Granian's scheduler stays.
"""

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections import deque
from collections.abc import Callable, Container, Coroutine, Generator
from contextvars import copy_context
from functools import partial
from types import CoroutineType, coroutine
from typing import Any, Protocol

from .drain import apologise, is_drain
from .rsgi import ReadAhead

try:
    from granian._granian import CallbackScheduler
    from granian.server import mp
except ImportError:  # Another Granian, or none: its own scheduler does the work.
    CallbackScheduler = mp = None  # type: ignore[assignment, misc]

Watcher = Any
Schedule = Callable[[Watcher], None]

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SMALL = 5
"""Digits of a small body's length: up to 100 kB are read before anybody has asked."""
_PATIENCE = 0.05
"""Seconds after which a body that is still on its way is a slow one."""


class Served(Protocol):
    """An application whose entry names the routes that never suspend, by the identity of their code."""

    @property
    def rsgi_entry(self) -> Callable[..., Any]:
        """The function that answers a scope and a protocol object; one that tells of steady routes takes headers as well."""
        ...


def install(app: Served) -> bool:
    """Use this scheduler in the worker process that calls it. False where Granian has no place for it."""
    if not hasattr(mp, "_new_cbscheduler"):
        return False

    class BurstScheduler(CallbackScheduler):
        def __init__(self, loop: asyncio.AbstractEventLoop, callback: Any, *_unused: Any) -> None:
            # Granian takes this attribute once and reads it from Rust.
            self._schedule_fn = make_schedule(loop, callback, app)

    def new_scheduler(loop: asyncio.AbstractEventLoop, callback: Callable[[Watcher], Any], impl_asyncio: bool = True) -> Any:
        return BurstScheduler(loop, callback, None, partial(_enter_task, loop), partial(_leave_task, loop))

    mp._new_cbscheduler = new_scheduler  # noqa: SLF001 - the point of this file
    return True


def make_schedule(loop: asyncio.AbstractEventLoop, callback: Callable[[Watcher], Any], app: Served) -> Schedule:
    """Make the function that Granian calls with every request, on a thread of its own."""
    return _Bursts(loop, callback, app).schedule


class _Bursts:
    """Requests on their way from Granian's thread to the event loop. Both threads share the GIL, and nothing else."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[Watcher], Any], app: Served) -> None:
        self._loop = loop
        self._callback = callback
        self._app = app
        self._waiting: deque[Watcher] = deque()
        self._is_waking = False
        self._reading: dict[Any, tuple[Watcher, Any]] = {}
        """By the body that is awaited: the request, and its headers, which Granian copies whenever they are asked for."""
        self._slow: set[Any] = set()
        self._is_watching = False

    # On Granian's thread ----------------------------------------------------------------------------------------

    def schedule(self, watcher: Watcher) -> None:
        """Take a request over."""
        if watcher.scope.method in _WITH_BODY and self._read_ahead(watcher):
            return
        self._waiting.append(watcher)
        # Appended first, asked second; _drain() does it the other way round: no request is left behind.
        if not self._is_waking:
            self._is_waking = True
            self._loop.call_soon_threadsafe(self._drain)

    def _read_ahead(self, watcher: Watcher) -> bool:
        """Ask for a small body now: the loop hears of the request once the body is there, one wake-up less."""
        headers = watcher.scope.headers
        length = headers.get("content-length")
        if length is None or len(length) > _SMALL or "expect" in headers:
            return False
        body = watcher.proto()
        self._reading[body] = watcher, headers
        body.add_done_callback(self._answer_read)
        if not self._is_watching:
            self._is_watching = True
            self._loop.call_soon_threadsafe(self._watch)
        return True

    # On the event loop ------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        self._is_waking = False
        waiting = self._waiting
        while waiting:
            entry = self._app.rsgi_entry
            steady = getattr(entry, "steady", None)
            watcher = waiting.popleft()
            if steady is None:
                self._run_in_task(self._callback(watcher), watcher)
            else:
                self._answer(entry(watcher.scope, watcher.proto), watcher, steady)

    def _answer_read(self, body: Any) -> None:
        found = self._reading.pop(body, None)
        if found is None:
            return
        watcher, headers = found
        try:
            proto = ReadAhead(watcher.proto, body, body.result())
        except Exception:  # noqa: BLE001 - it is told where the body is awaited
            proto = ReadAhead(watcher.proto, body)
        entry = self._app.rsgi_entry
        steady = getattr(entry, "steady_once_read", None)
        if steady is None:
            self._run_in_task(finish(entry(watcher.scope, proto), watcher), watcher)
        else:
            self._answer(entry(watcher.scope, proto, headers), watcher, steady)

    def _watch(self) -> None:
        """Leave bodies that do not come at once to a Task, which knows how long to wait for them."""
        for body in self._slow:
            found = self._reading.pop(body, None)
            if found is not None:
                watcher, entry = found[0], self._app.rsgi_entry
                self._run_in_task(finish(entry(watcher.scope, ReadAhead(watcher.proto, body)), watcher), watcher)
        self._slow = set(self._reading)
        self._is_watching = False
        # Asked again, because a request may have come between the two lines above.
        if self._reading:
            self._is_watching = True
            self._loop.call_later(_PATIENCE, self._watch)

    def _answer(self, answering: "CoroutineType[Any, Any, None]", watcher: Watcher, steady: Container[int]) -> None:
        if id(answering.cr_code) in steady:
            self._run_at_once(answering, watcher)
        else:
            self._run_in_task(finish(answering, watcher), watcher)

    def _run_at_once(self, answering: Coroutine[Any, Any, None], watcher: Watcher) -> None:
        try:
            # A context of its own: what one request sets, the next one must not see.
            suspended_on = copy_context().run(answering.send, None)
        except StopIteration:
            watcher.done()
        except BaseException as error:  # noqa: BLE001 - Granian answers it, as it does for a Task
            watcher.err(error)
        else:
            # Only an answer to an exception, or a stream, comes here: it goes on in a Task.
            self._run_in_task(finish(resume(answering, suspended_on), watcher), watcher)

    def _run_in_task(self, answering: Coroutine[Any, Any, None], watcher: Watcher) -> None:
        watcher.taskref(self._loop.create_task(answering))


async def finish(answering: Any, watcher: Watcher) -> None:
    """Await an answer, and tell Granian how it ended."""
    try:
        await answering
    except BaseException as error:  # noqa: BLE001 - Granian answers it
        if not is_drain(error):
            watcher.err(error)
            return
        apologise(watcher.proto)
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
