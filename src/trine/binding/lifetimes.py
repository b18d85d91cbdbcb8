"""When a request's parts end: clean-up that waits for the response, and requests that took too long."""

from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from trine.errors import HandlerTimeout, RequestTimeout
from trine.http import Request


@asynccontextmanager
async def held_stack(request: Request) -> Any:
    """Clean-up that waits for the response to be sent, or runs at once when there will be none."""
    async with AsyncExitStack() as stack:
        yield stack
        request.exit_stack.push_async_exit(stack.pop_all())


@asynccontextmanager
async def in_place(manager: Any) -> Any:
    """Enter a plain context manager on the event loop itself."""
    with manager as value:
        yield value


def make_timed_out(seconds: float, body_seconds: float) -> Callable[[Any, set[Any], bool], Exception]:
    """Make the function that says what a task that ran too long was doing: reading its request, or answering it."""

    def timed_out(task: Any, expired: set[Any], reading: bool) -> Exception:
        expired.discard(task)
        task.uncancel()
        return RequestTimeout(body_seconds) if reading else HandlerTimeout(seconds)

    return timed_out
