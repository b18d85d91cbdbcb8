"""Where blocking functions run, how many may run at once, and how long a request may take."""

import asyncio
import contextvars
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Literal, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from trine.errors import SetupError, TooBusy

P = ParamSpec("P")
T = TypeVar("T")

_Job = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...], dict[str, Any]]
_END: Any = object()


class ThreadPool:
    """Worker threads of one event loop. A hop costs a fraction of the standard library's executor.

    Threads are woken one after the other: one that takes a job wakes the next if more are waiting. So short jobs that come
    together are done by the thread that is awake already, and jobs that block still get a thread each. Results travel back
    in bursts: one wake-up of the loop answers every job that finished meanwhile.
    """

    def __init__(self, size: int = 40) -> None:
        self.size = size
        self._lock = threading.Lock()
        self._jobs: deque[_Job | None] = deque()
        self._sleepers: list[threading.Lock] = []
        self._roused = 0
        """Threads that were woken or started and have not looked for a job yet."""
        self._threads = 0
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._is_waking = False

    def submit(
        self,
        loop: asyncio.AbstractEventLoop,
        call: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        future: "asyncio.Future[Any] | None" = None,
    ) -> "asyncio.Future[Any]":
        """Queue a call. Do it on the loop's own thread; the future belongs to that loop, as one of the caller's must."""
        future = loop.create_future() if future is None else future
        self._jobs.append((future, call, args, kwargs or {}))
        if not self._roused:
            self._rouse(loop)
        return future

    def close(self) -> None:
        """End the threads once their current jobs are done."""
        with self._lock:
            self._jobs.extend([None] * self._threads)
            self._threads = 0
            sleepers, self._sleepers = self._sleepers, []
            self._roused += len(sleepers)
        for sleeper in sleepers:
            sleeper.release()

    def _rouse(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake a thread, or start one where all are busy and there may be more."""
        with self._lock:
            if self._sleepers:
                self._roused += 1
                # The one that slept last: its memory is still near the processor.
                self._sleepers.pop().release()
                return
            if self._threads >= self.size:
                return
            self._threads += 1
            self._roused += 1
            number = self._threads
        try:
            threading.Thread(target=self._work, args=(loop,), name=f"trine-worker-{number}", daemon=True).start()
        except RuntimeError:
            # The system allows no more threads: those that there are do the work, one job after the other.
            with self._lock:
                self._threads -= 1
                self._roused -= 1
                is_alone = not self._threads
            if is_alone:
                raise

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        _worker.loop = loop
        jobs, done = self._jobs, self._done
        asleep = threading.Lock()
        asleep.acquire()
        is_roused = True
        while True:
            if is_roused:
                # Said first, looked second; submit() does it the other way round: no job is left behind.
                with self._lock:
                    self._roused -= 1
                is_roused = False
            try:
                item = jobs.popleft()
            except IndexError:
                with self._lock:
                    if jobs:
                        continue
                    self._sleepers.append(asleep)
                # A thread that sleeps keeps nothing of its last job alive.
                item = future = call = args = kwargs = None
                asleep.acquire()
                is_roused = True
                continue
            if item is None:
                return
            if jobs and not self._roused:
                # This job may block, and the next one must not wait for it.
                self._rouse(loop)
            future, call, args, kwargs = item
            if future.cancelled():
                continue
            try:
                done.append((future, call(*args, **kwargs), None))
            except BaseException as error:  # noqa: BLE001 - it belongs to the caller, whatever it is
                done.append((future, None, error))
            # Appended first, asked second; _deliver() does it the other way round: no result is left behind.
            if not self._is_waking:
                self._is_waking = True
                try:
                    loop.call_soon_threadsafe(self._deliver)
                except RuntimeError:
                    return  # The loop has closed: nobody waits for these results any more.

    def _deliver(self) -> None:
        self._is_waking = False
        done = self._done
        while done:
            future, result, error = done.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            elif isinstance(error, StopIteration):
                # A future cannot carry StopIteration: it would end the coroutine that awaits it (PEP 479).
                future.set_exception(RuntimeError("The function raised StopIteration."))
            else:
                future.set_exception(error)


class _Worker(threading.local):
    """Which loop this thread works for; None for threads that others started."""

    loop: asyncio.AbstractEventLoop | None = None


_worker = _Worker()


def loop_of_thread() -> asyncio.AbstractEventLoop | None:
    """The event loop that this worker thread works for; None in any other thread."""
    return _worker.loop


@contextmanager
def working_for(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let this thread count as a worker of an event loop that runs in another one: synchronous calls come back to that loop."""
    before, _worker.loop = _worker.loop, loop
    try:
        yield
    finally:
        _worker.loop = before


_pools: dict[asyncio.AbstractEventLoop, ThreadPool] = {}
_pool_size = 40


def set_thread_limit(size: int) -> None:
    """Set how many worker threads a loop may have. Pools that exist grow, but never shrink."""
    global _pool_size  # noqa: PLW0603 - one limit for the process, set before loops exist
    _pool_size = size
    for pool in _pools.values():
        pool.size = max(pool.size, size)


_other_threads: Callable[..., Any] | None = None


def set_other_threads(run: Callable[..., Any]) -> None:
    """Say what runs a blocking function, to be awaited, where another event loop than asyncio's is running."""
    global _other_threads  # noqa: PLW0603 - one for the process, as the pool's size
    _other_threads = run


def run_in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[T]":
    """Run a blocking function in a worker thread, with the caller's context variables. Await the result."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        if _other_threads is None:
            raise
        return _other_threads(function, *args, **kwargs)  # type: ignore[no-any-return] # awaited all the same
    pool = _pools.get(loop) or _new_pool(_pools, loop)
    return pool.submit(loop, contextvars.copy_context().run, (function, *args), kwargs)


def run_in_context(context: contextvars.Context, function: Callable[[], T], *, apart: bool = False) -> "asyncio.Future[T]":
    """Run a blocking function in a worker thread, with a context that several such calls may share, one after the other.

    One that may wait for a client belongs `apart`, in threads of their own: however many wait there, others still run.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        if _other_threads is None:
            raise
        return _other_threads(context.run, function)  # type: ignore[no-any-return] # awaited all the same
    pools = _pools_apart if apart else _pools
    pool = pools.get(loop) or _new_pool(pools, loop)
    return pool.submit(loop, context.run, (function,))


_pools_apart: dict[asyncio.AbstractEventLoop, ThreadPool] = {}


def _new_pool(pools: dict[asyncio.AbstractEventLoop, ThreadPool], loop: asyncio.AbstractEventLoop) -> ThreadPool:
    for closed in [known for known in pools if known.is_closed()]:
        pools.pop(closed).close()
    pool = pools[loop] = ThreadPool(_pool_size)
    return pool


def run_on_loop(function: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run an `async` function for a plain one, and give what it returns: the way back from `run_in_thread`.

    In a worker thread it runs on the loop that the thread works for, with the caller's context variables. Where no loop is known,
    as in a script, it gets one of its own. Raises RuntimeError on the thread of a running loop, which would wait for itself.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        loop = _worker.loop
        if loop is None:
            return asyncio.run(function(*args, **kwargs))
        return asyncio.run_coroutine_threadsafe(function(*args, **kwargs), loop).result()
    name = getattr(function, "__qualname__", repr(function))
    raise RuntimeError(f"{name}() cannot be waited for here: an event loop is running in this thread. Use await.")


async def iterate_in_thread(iterator: Iterator[T]) -> AsyncIterator[T]:
    """Step a blocking iterator in worker threads, and close it when the consumer leaves."""
    step: asyncio.Future[Any] | None = None
    try:
        while True:
            step = run_in_thread(next, iterator, _END)
            item = await asyncio.shield(step)
            if item is _END:
                return
            yield item
    finally:
        if step is not None and not step.done():
            # Cancelled while the thread works: a generator can only be closed once it stands still.
            await asyncio.wait([step])
        # A failed step holds its exception, which holds this frame. Without the circle an answer ends when its error is told.
        step = None
        close = getattr(iterator, "close", None)
        if close is not None:
            await finished(run_in_thread(close))


class contextmanager_in_thread(AbstractAsyncContextManager[T]):  # noqa: N801 - called like a function, as contextlib's are
    """Enter and leave a blocking context manager in worker threads.

    A thread cannot be stopped: whatever is cancelled meanwhile, what was entered is left, and both are waited for.
    """

    def __init__(self, manager: AbstractContextManager[T]) -> None:
        self.manager = manager

    async def __aenter__(self) -> T:
        entering = run_in_thread(self.manager.__enter__)
        try:
            return await finished(entering)
        except asyncio.CancelledError as cancelled:
            if entering.exception() is None:
                await self.__aexit__(type(cancelled), cancelled, cancelled.__traceback__)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool | None:
        return await finished(run_in_thread(self.manager.__exit__, kind, error, trace))


async def finished(future: "asyncio.Future[T]") -> T:
    """Wait for a future to its end. A cancellation that comes meanwhile is raised afterwards."""
    cancelled = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and (future.cancelled() or future.exception() is None):
        raise cancelled
    return future.result()


class ConcurrencyLimit:
    """How many may be inside `async with limit:` at the same time. The rest wait, first come first served.

    At most `max_waiting` wait, and at most `max_wait` seconds each; whoever is too many, or too late, gets a 503 with
    `Retry-After`. Each event loop counts for itself: a limit can be shared by routes and applications, and outlives its loops.
    """

    def __init__(self, size: int, *, max_waiting: int | None = None, max_wait: float | None = None) -> None:
        if type(size) is not int or size < 1:
            hint = "Say how many may run at once, or leave it away."
            raise SetupError(f"max_concurrency={size!r} is no positive integer.", hint=hint)
        if (max_waiting is not None and max_waiting < 0) or (max_wait is not None and max_wait <= 0):
            hint = "With max_waiting=0 nobody waits; None is no limit."
            raise SetupError(f"ConcurrencyLimit has max_waiting={max_waiting} and max_wait={max_wait}.", hint=hint)
        self.size = size
        self.max_waiting = max_waiting
        self.max_wait = max_wait
        self._is_patient = max_waiting is None and max_wait is None
        self._places: WeakKeyDictionary[asyncio.AbstractEventLoop, _Places] = WeakKeyDictionary()

    @property
    def is_full(self) -> bool:
        """Whether the next one would have to wait."""
        return self._here().locked()

    @property
    def waiting(self) -> int:
        """How many wait for a place now, where the line has an end."""
        return self._here().waiting

    async def __aenter__(self) -> None:
        places = self._here()
        if self._is_patient or not places.locked():
            await places.acquire()
        else:
            await self._wait_for(places)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._here().release()

    async def hold(self) -> AsyncIterator[None]:
        """A dependency that yields: a place for a request, from before its body is read until its answer was sent."""
        async with self:
            yield

    async def _wait_for(self, places: "_Places") -> None:
        if self.max_waiting is not None and places.waiting >= self.max_waiting:
            raise TooBusy(self.size, self.max_waiting, retry_after=self.max_wait)
        places.waiting += 1
        try:
            async with asyncio.timeout(self.max_wait):
                await places.acquire()
        except TimeoutError:
            raise TooBusy(self.size, places.waiting - 1, retry_after=self.max_wait) from None
        finally:
            places.waiting -= 1

    def _here(self) -> "_Places":
        loop = asyncio.get_running_loop()
        places = self._places.get(loop)
        if places is None:
            places = self._places[loop] = _Places(self.size)
        return places


class _Places(asyncio.Semaphore):
    """The places of one event loop, and how many wait for one."""

    waiting = 0


def limit_of(declared: int | ConcurrencyLimit | None, *, max_wait: float | None = None) -> ConcurrencyLimit | None:
    """The limit that a declaration asks for by a number, or the shared one that it names."""
    if declared is None or isinstance(declared, ConcurrencyLimit):
        return declared
    return ConcurrencyLimit(declared, max_wait=max_wait)


WatchClient = Callable[[Any, Callable[[], None]], Any]
"""Has a function called when a client leaves; what comes back can be cancelled. None where nothing can be known yet."""


class Deadlines:
    """End tasks that run too long, or whose client has left, with one coarse sweep instead of a timer or a watcher for each.

    A task is ended at most `tick` seconds after its deadline. `entries` maps a task to its deadline on the
    coarse clock `now`; adding and removing are plain dict operations, so they may be inlined by generated code.
    `present` maps a task to where its client can be watched. That begins with the next sweep: what is answered sooner
    never pays for it.
    """

    tick = 0.5

    def __init__(self, watch_client: WatchClient | None = None) -> None:
        self.now = 0.0
        self.entries: dict[Any, float] = {}
        self.present: dict[Any, Any] = {}
        self.expired: dict[Any, Literal["late", "left"]] = {}
        """The tasks that were ended, and why. Who answers for a task takes it out."""
        self._watch_client = watch_client
        self._watched: dict[Any, Any] = {}
        self.watchers: set[Callable[[], None]] = set()
        """What is called with every sweep: for connections, whose deadlines move with every message."""
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to sweep on this loop; a second start on the same loop changes nothing."""
        if self._loop is loop and not loop.is_closed():
            return
        self._loop = loop
        self.entries.clear()
        self.present.clear()
        self.expired.clear()
        self._watched.clear()
        self.watchers.clear()
        self._sweep()

    @property
    def current_task(self) -> "Callable[[], asyncio.Task[Any] | None]":
        """Tells which task is running, on the thread of the loop that is swept."""
        if sys.version_info >= (3, 12) or self._loop is None:
            return asyncio.current_task
        # Python 3.11's own is written in Python, and asks the system for the process each time: three times as long.
        return partial(asyncio.tasks._current_tasks.get, self._loop)  # type: ignore[attr-defined] # noqa: SLF001

    def _sweep(self) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        self.now = now = loop.time()
        if self.entries:
            for task in [task for task, deadline in self.entries.items() if deadline <= now]:
                del self.entries[task]
                self._end(task, "late")
        if self.present or self._watched:
            self._watch_clients()
        for watch in list(self.watchers):
            watch()
        loop.call_later(self.tick, self._sweep)

    def _watch_clients(self) -> None:
        present, watched = self.present, self._watched
        for task in [task for task in watched if task not in present]:
            watched.pop(task).cancel()
        for task, source in list(present.items()):
            if task not in watched and self._watch_client is not None:
                watcher = self._watch_client(source, partial(self._leave, task))
                if watcher is not None:
                    watched[task] = watcher

    def _leave(self, task: Any) -> None:
        # A task that is no longer present has its answer, and its own watcher if that is a stream.
        if self.present.pop(task, None) is not None:
            self._end(task, "left")

    def _end(self, task: Any, reason: Literal["late", "left"]) -> None:
        if task is not None:  # What runs without a Task has nothing to cancel.
            self.expired[task] = reason
            task.cancel()


async def maybe_await(value: T | Awaitable[T]) -> T:
    """Give a value, or what an awaitable value becomes."""
    if isinstance(value, Awaitable):
        return await value
    return value
