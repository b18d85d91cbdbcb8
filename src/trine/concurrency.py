"""Where blocking functions run, and how long a request may take."""

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]
_END: Any = object()


class ThreadPool:
    """Worker threads of one event loop. A hop costs about a third of the standard library's executor.

    Results travel back in bursts: one wake-up of the loop answers every job that finished meanwhile.
    """

    def __init__(self, size: int = 40) -> None:
        self.size = size
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._threads = 0
        self._idle = 0
        self._waking = False
        self._lock = threading.Lock()

    def submit(self, loop: asyncio.AbstractEventLoop, job: Callable[[], Any]) -> "asyncio.Future[Any]":
        """Queue a job. Call it on the loop's own thread; the future belongs to that loop."""
        future: asyncio.Future[Any] = loop.create_future()
        self._jobs.put((job, future))
        if self._threads < self.size and self._jobs.qsize() > self._idle:
            self._threads += 1
            threading.Thread(target=self._work, args=(loop,), name=f"trine-worker-{self._threads}", daemon=True).start()
        return future

    def close(self) -> None:
        """End the threads once their current jobs are done."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._threads = 0

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            # A rough count: it only decides whether one more thread is started, and one too many does no harm.
            self._idle += 1
            job = self._jobs.get()
            self._idle -= 1
            if job is None:
                return
            call, future = job
            if not future.cancelled():
                try:
                    self._done.append((future, call(), None))
                except BaseException as error:  # noqa: BLE001 - it belongs to the caller, whatever it is
                    self._done.append((future, None, error))
                self._wake(loop)
            # A thread that waits keeps nothing alive: an exception holds the frames of its request, and so its answer open.
            del job, call, future

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            if self._waking:
                return
            self._waking = True
        try:
            loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:
            return  # The loop has closed: nobody waits for these results any more.

    def _deliver(self) -> None:
        with self._lock:
            self._waking = False
        while self._done:
            future, result, error = self._done.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            elif isinstance(error, StopIteration):
                # A future cannot carry StopIteration: it would end the coroutine that awaits it (PEP 479).
                future.set_exception(RuntimeError("The function raised StopIteration."))
            else:
                future.set_exception(error)


_pools: dict[asyncio.AbstractEventLoop, ThreadPool] = {}
_pool_size = 40


def set_thread_limit(size: int) -> None:
    """Set how many worker threads a loop may have. Pools that exist grow, but never shrink."""
    global _pool_size  # noqa: PLW0603 - one limit for the process, set before loops exist
    _pool_size = size
    for pool in _pools.values():
        pool.size = max(pool.size, size)


def run_in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[T]":
    """Run a blocking function in a worker thread, with the caller's context variables. Await the result."""
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        _forget_closed_loops()
        pool = _pools[loop] = ThreadPool(_pool_size)
    run = contextvars.copy_context().run
    return pool.submit(loop, lambda: run(function, *args, **kwargs))


def _forget_closed_loops() -> None:
    for loop in [loop for loop in _pools if loop.is_closed()]:
        _pools.pop(loop).close()


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
            await run_in_thread(close)


def contextmanager_in_thread(manager: AbstractContextManager[T]) -> AbstractAsyncContextManager[T]:
    """Enter and leave a blocking context manager in worker threads."""
    return _entered_in_thread(manager)


@asynccontextmanager
async def _entered_in_thread(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    value = await run_in_thread(manager.__enter__)
    try:
        yield value
    except BaseException as error:
        # Shielded: when the request was cancelled, the clean-up must still run to its end.
        leave = run_in_thread(manager.__exit__, type(error), error, error.__traceback__)
        if not await asyncio.shield(leave) or not isinstance(error, Exception):
            raise
    else:
        await run_in_thread(manager.__exit__, None, None, None)


class Deadlines:
    """End tasks that run too long, with one coarse sweep instead of a timer for each.

    A task is ended at most `tick` seconds after its deadline. `entries` maps a task to its deadline on the
    coarse clock `now`; adding and removing are plain dict operations, so they may be inlined by generated code.
    """

    tick = 0.5

    def __init__(self) -> None:
        self.now = 0.0
        self.entries: dict[Any, float] = {}
        self.expired: set[Any] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to sweep on this loop; a second start on the same loop changes nothing."""
        if self._loop is loop and not loop.is_closed():
            return
        self._loop = loop
        self.entries.clear()
        self.expired.clear()
        self._sweep()

    def _sweep(self) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        self.now = now = loop.time()
        if self.entries:
            for task in [task for task, deadline in self.entries.items() if deadline <= now]:
                del self.entries[task]
                if task is not None:  # What runs without a Task has nothing to cancel.
                    self.expired.add(task)
                    task.cancel()
        loop.call_later(self.tick, self._sweep)


async def maybe_await(value: T | Awaitable[T]) -> T:
    """Give a value, or what an awaitable value becomes."""
    if isinstance(value, Awaitable):
        return await value
    return value
