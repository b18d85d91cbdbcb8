"""How a worker takes its leave: clients are asked to go, and what is in flight comes to its end.

A client that keeps its connection may send a request in the moment in which an idle connection is closed, and never gets
an answer. So connections are not closed by surprise: first every answer says `connection: close`, and only what stays silent
after that is cut.
"""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from trine.types import ASGIApp, Message, Receive, Scope, Send

from .wrapped import HeaderList, WrappedProtocol

ENDED_BY_DRAIN = "The server stops, and the time for what was in flight is over."
"""The message of a cancellation at the drain limit: streams end cleanly on it, instead of breaking off."""

RSGIEntry = Callable[[Any, Any], Awaitable[None]]


class _ClosingProtocol(WrappedProtocol):
    __slots__ = ()

    def head(self, status: int, headers: HeaderList) -> HeaderList:
        return [*headers, ("connection", "close")]


def is_drain(error: BaseException) -> bool:
    """Whether a request was ended because the server stops."""
    return isinstance(error, asyncio.CancelledError) and ENDED_BY_DRAIN in error.args


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
    """How many sockets this process holds beyond those that it had at its start. Costs nothing while nobody asks."""

    def __init__(self) -> None:
        self.before = self._sockets()

    def __call__(self) -> int:
        """The number now: connections of clients, and perhaps of the application to others."""
        return max(0, self._sockets() - self.before)

    @staticmethod
    def _sockets() -> int:
        count = 0
        for name in os.listdir("/dev/fd"):
            # The folder's own descriptor has gone by the time it is asked about.
            with suppress(OSError):
                count += stat.S_ISSOCK(os.fstat(int(name)).st_mode)
        return count
