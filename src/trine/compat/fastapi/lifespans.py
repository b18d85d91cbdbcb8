"""What runs around an application's life: start-up and shutdown functions, and lifespans of routers that are joined."""

import warnings
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from inspect import iscoroutinefunction
from typing import Any


class EventHandlers:
    """Functions by event."""

    def __init__(self, on_startup: Sequence[Callable[[], Any]] | None, on_shutdown: Sequence[Callable[[], Any]] | None) -> None:
        self.on_startup = list(on_startup or ())
        self.on_shutdown = list(on_shutdown or ())

    def register(self, event: str) -> Callable[[Any], Any]:
        """Give the decorator that adds a function for "startup" or "shutdown"."""
        warnings.warn("on_event is deprecated, use lifespan event handlers instead.", DeprecationWarning, stacklevel=4)

        def add(function: Any) -> Any:
            self.add(event, function)
            return function

        return add

    def add(self, event: str, function: Callable[[], Any]) -> None:
        """Add a function for an event."""
        if event not in ("startup", "shutdown"):
            raise ValueError(f"An event is 'startup' or 'shutdown', not {event!r}.")
        (self.on_startup if event == "startup" else self.on_shutdown).append(function)

    def extend(self, other: "EventHandlers") -> None:
        """Run another router's functions too."""
        self.on_startup += other.on_startup
        self.on_shutdown += other.on_shutdown

    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        """Run the functions, as the lifespan of a router that has no other."""
        for function in self.on_startup:
            await _run(function)
        yield
        for function in self.on_shutdown:
            await _run(function)


def merge_lifespans(outer: Any, inner: Any, inner_events: EventHandlers) -> Any:
    """Enter an included router's lifespan inside the including one's. Where both name a state, the outer one's stays."""
    if inner == inner_events.lifespan or getattr(inner, "__name__", "") == "_no_lifespan":
        return outer

    @asynccontextmanager
    async def joined(app: Any) -> AsyncIterator[dict[str, Any] | None]:
        async with AsyncExitStack() as stack:
            outer_state = await stack.enter_async_context(outer(app))
            inner_state = await stack.enter_async_context(inner(app))
            states = [state for state in (inner_state, outer_state) if state is not None]
            yield {name: value for state in states for name, value in state.items()} if states else None

    return joined


async def _run(function: Callable[[], Any]) -> None:
    result = function()
    if iscoroutinefunction(function) or hasattr(result, "__await__"):
        await result
