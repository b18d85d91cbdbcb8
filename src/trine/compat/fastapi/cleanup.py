"""Clean-up that a cancellation cannot cut short, and blocking functions in anyio's worker threads.

Programs written for FastAPI cancel with anyio's scopes, come back to the event loop from its threads (`anyio.from_thread`),
and may run on trio. Trine's own clean-up and threads know asyncio alone.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, contextmanager
from contextvars import ContextVar
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio.lowlevel import RunVar

from trine.concurrency import ConcurrencyLimit

T = TypeVar("T")

_scope: ContextVar[anyio.CancelScope | None] = ContextVar("fastapi_request_scope", default=None)


@contextmanager
def cleanup_scope() -> Any:
    """Answer one request inside: whatever cancels it from outside waits while its dependencies are cleaned up."""
    with anyio.CancelScope() as scope:
        token = _scope.set(scope)
        try:
            yield
        finally:
            _scope.reset(token)


@contextmanager
def uncancelled() -> Any:
    """Hold off what cancels the request from outside. Scopes of a dependency's own still end what is inside them.

    The request's scope is shielded instead of a new one opened: a dependency may have left a scope or a task group open that
    its clean-up closes, and scopes are closed in the order in which they were opened.
    """
    scope = _scope.get()
    if scope is None or scope.shield:
        yield
        return
    scope.shield = True
    try:
        yield
    finally:
        scope.shield = False


class CleanupStack(AsyncExitStack):
    """A stack whose exits run to their end. What was cancelled meanwhile ends right after it."""

    waits = False
    """Whether an asynchronous exit is on the stack. Exits in worker threads alone leave a request as quick as it was."""

    async def enter_async_context(self, manager: AbstractAsyncContextManager[T, Any]) -> T:
        """Enter a context manager, to leave it with the stack."""
        value = await super().enter_async_context(manager)
        self.waits = self.waits or not isinstance(manager, contextmanager_in_worker)
        return value

    def push_async_exit(self, exit: Any) -> Any:
        """Leave something else with the stack: an exit, or another stack."""
        self.waits = self.waits or getattr(exit, "waits", False)
        return super().push_async_exit(exit)

    def pop_all(self) -> "CleanupStack":
        """Give everything to a new stack."""
        taken = super().pop_all()
        taken.waits, self.waits = self.waits, False
        return taken

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool:
        if _scope.get() is None:
            # Nothing that cleans up has been declared: what cancels may cancel.
            return bool(await super().__aexit__(kind, error, trace))
        with uncancelled():
            handled = bool(await super().__aexit__(kind, error, trace))
        if self.waits and (error is None or handled):
            await anyio.lowlevel.checkpoint_if_cancelled()
        return handled


async def run_in_worker(function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Run a blocking function in one of anyio's worker threads, with the caller's context variables."""
    return await anyio.to_thread.run_sync(partial(function, *args, **kwargs))


class contextmanager_in_worker(AbstractAsyncContextManager[T]):  # noqa: N801 - called like a function, as contextlib's are
    """Enter and leave a blocking context manager in worker threads. What was entered is left, whatever is cancelled."""

    def __init__(self, manager: AbstractContextManager[T]) -> None:
        self.manager = manager

    async def __aenter__(self) -> T:
        return await run_in_worker(self.manager.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool:
        handled = False
        with anyio.CancelScope(shield=True):
            # A thread of its own: every other one may be waiting for what this one gives back.
            leave = partial(self.manager.__exit__, kind, error, trace)
            handled = bool(await anyio.to_thread.run_sync(leave, limiter=anyio.CapacityLimiter(1)))
        return handled  # noqa: RET504 - the type checker must believe that a cancel scope may end its block early


class WorkerLimit(ConcurrencyLimit):
    """A limit whose places are counted by anyio, on whatever event loop."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._semaphore: RunVar[anyio.Semaphore] = RunVar(f"places of {id(self)}")

    def _here(self) -> Any:
        places = self._semaphore.get(None)
        if places is None:
            places = anyio.Semaphore(self.size, fast_acquire=True)
            self._semaphore.set(places)
        return places
