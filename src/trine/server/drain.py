"""How a worker takes its leave: clients are asked to go, and what is in flight comes to its end.

A client that keeps its connection may send a request in the moment in which an idle connection is closed, and never gets
an answer. So connections are not closed by surprise: first every answer says `connection: close`, and only what stays silent
after that is cut.
"""

import asyncio
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from trine.types import ASGIApp, Message, Receive, Scope, Send

from .wrapped import HeaderList, WrappedProtocol

ENDED_BY_DRAIN = "The server stops, and the time for what was in flight is over."
"""The message of a cancellation at the drain limit: streams end cleanly on it, instead of breaking off."""

open_sockets: "set[asyncio.Task[Any]]" = set()
"""Tasks that talk over a WebSocket in this process. They end when the server stops, without waiting for the limit."""

RSGIEntry = Callable[[Any, Any], Awaitable[None]]


class _ClosingProtocol(WrappedProtocol):
    __slots__ = ()

    def head(self, status: int, headers: HeaderList) -> HeaderList:
        return [*headers, ("connection", "close")]


def is_drain(error: BaseException) -> bool:
    """Whether a request was ended because the server stops."""
    return isinstance(error, asyncio.CancelledError) and ENDED_BY_DRAIN in error.args


def end_sockets() -> None:
    """Close every WebSocket: it has no end of its own, and its client knows how to come back."""
    for task in open_sockets:
        task.cancel(ENDED_BY_DRAIN)


def apologise(protocol: Any) -> None:
    """Answer a request of RSGI that was ended before its answer began. One that has begun is left as it is."""
    with suppress(RuntimeError, AttributeError):
        protocol.response_empty(503, [("connection", "close"), ("retry-after", "1")])


def closing_rsgi(answer: RSGIEntry) -> RSGIEntry:
    """Let an RSGI application close each connection with its answer. HTTP/2 has its own way to say goodbye."""

    def answer_and_close(scope: Any, proto: Any) -> Awaitable[None]:
        if scope.proto == "http" and scope.http_version != "2":
            proto = _ClosingProtocol(proto)
        return answer(scope, proto)

    return answer_and_close


def closing_asgi(answer: ASGIApp) -> ASGIApp:
    """Let an ASGI application close each connection with its answer. HTTP/2 has its own way to say goodbye."""

    def answer_and_close(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or scope.get("http_version") == "2":
            return answer(scope, receive, send)

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        return answer(scope, receive, send_and_close)

    return answer_and_close


class ConnectionCount:
    """How many connections this process has accepted from a listening socket and not closed. Costs nothing while nobody asks."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = os.fstat(listener.fileno()).st_ino
        self.place = _place(listener)

    def __call__(self) -> int:
        """The number now."""
        count = 0
        for entry in Path("/dev/fd").iterdir():
            # The folder's own descriptor has gone by the time it is asked about.
            with suppress(OSError):
                found = entry.stat()
                if stat.S_ISSOCK(found.st_mode) and found.st_ino != self.listener:
                    with socket.socket(fileno=os.dup(int(entry.name))) as connection:
                        count += _place(connection) == self.place
        return count


def _place(found: socket.socket) -> object:
    """What a listening socket and the connections that were made to it have in common: the port, or the path."""
    name = found.getsockname()
    return (found.family, name[1]) if isinstance(name, tuple) else (found.family, name)
