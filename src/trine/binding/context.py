"""What every compiled route of an application shares."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from trine.concurrency import Deadlines, contextmanager_in_thread, run_in_thread
from trine.events import Events
from trine.http import Request, Response
from trine.http.json import encode_json
from trine.routing import FlatRoute, OnDisconnect
from trine.types import Application

from .signature import Overrides

Recover = Callable[[Exception, Request], Awaitable[Response]]


@dataclass(frozen=True)
class BindContext:
    """Limits, default headers and exception handling, fixed when the application is built."""

    app: Application
    recover: Callable[[Mapping[Any, Any]], Recover]
    """Makes the function that answers exceptions, from a route's own handlers."""
    default_headers: tuple[tuple[str, str], ...] = ()
    overrides: Overrides = field(default_factory=dict)
    deadlines: Deadlines = field(default_factory=Deadlines)
    max_body_size: int = 10 * 1024 * 1024
    max_json_depth: int = 64
    timeout: float | None = 60.0
    on_disconnect: OnDisconnect | None = "finish"
    """What becomes of every handler whose client leaves; None to let method and kind decide."""
    body_timeout: float = 60.0
    websocket_options: Mapping[str, Any] = field(default_factory=dict)
    """What holds for every WebSocket that says nothing else."""
    inline: bool = False
    encode: Callable[[Any], bytes] = encode_json
    """Encodes the values of routes without response model."""
    encode_item: Callable[[Any], bytes] = encode_json
    """Encodes the items of streams whose items have no type."""
    run_in_thread: Callable[..., Awaitable[Any]] = run_in_thread
    contextmanager_in_thread: Callable[..., AbstractAsyncContextManager[Any]] = contextmanager_in_thread
    exit_stack: Callable[[], AsyncExitStack] = AsyncExitStack
    """What holds the clean-up of dependencies that yield."""
    events: Events = field(default_factory=Events)
    """Who watches. Only what somebody watches is written."""
    bind_page: "Callable[[FlatRoute, BindContext], FlatRoute]" = lambda flat, _context: flat
    """Makes the route of a page of what was declared: with the middleware and the answers to errors that pages have."""
    unrouted: Mapping[Any, Callable[..., Any]] = field(default_factory=dict)
    """What answers exceptions where no route was found, if not what answers them everywhere."""
