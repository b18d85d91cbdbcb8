"""When a request's parts end: clean-up that waits for the response, and requests that took too long."""

from asyncio import CancelledError, current_task
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

from trine.concurrency import Deadlines
from trine.errors import ClientDisconnect, HandlerTimeout, RequestTimeout
from trine.http import Handler, Request, Response


@asynccontextmanager
async def held_stack(request: Request, stack: AsyncExitStack) -> Any:
    """Clean-up that waits for the response to be sent, or runs at once when there will be none."""
    async with stack:
        yield stack
        request.exit_stack.push_async_exit(stack.pop_all())


@asynccontextmanager
async def in_place(manager: Any) -> Any:
    """Enter a plain context manager on the event loop itself."""
    with manager as value:
        yield value


Expired = dict[Any, Literal["late", "left"]]
TimedOut = Callable[[Any, Expired, bool, bool], Exception]


def make_timed_out(seconds: float, body_seconds: float) -> TimedOut:
    """Make the function that says why a task was ended: its client left, or it took too long to read or to answer."""

    def timed_out(task: Any, expired: Expired, reading: bool, receiving: bool = False) -> Exception:
        reason = expired.pop(task)
        task.uncancel()
        if reason == "left":
            return ClientDisconnect("The client left before its answer was complete.")
        if reading:
            return RequestTimeout(body_seconds)
        return RequestTimeout(seconds) if receiving else HandlerTimeout(seconds)

    return timed_out


def with_deadline(handler: Handler, deadlines: Deadlines, seconds: float) -> Handler:
    """End a handler that takes too long with a request that may have a body.

    A route below it has a deadline of its own, which takes over from this one. What is left is middleware that waits for
    a slow client, and without a body there is nothing to wait for.
    """
    entries, expired, timed_out = deadlines.entries, deadlines.expired, make_timed_out(seconds, seconds)

    def handle_in_time(request: Request) -> Awaitable[Response]:
        return handler(request) if request.method in _BODILESS else handle_timed(request)

    async def handle_timed(request: Request) -> Response:
        task = current_task()
        entries[task] = deadlines.now + seconds
        try:
            return await handler(request)
        except CancelledError:
            if task not in expired:
                raise
            raise timed_out(task, expired, False, request.is_receiving) from None  # noqa: FBT003 - written by generated code too
        finally:
            entries.pop(task, None)

    return handle_in_time


_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
