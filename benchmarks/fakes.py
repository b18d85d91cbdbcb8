"""The servers' side of ASGI and RSGI without sockets, for calling an application in a loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from .workloads import Request

Call = Callable[[], Awaitable[None]]
TEXT = "0123456789abcdef0123456789abcdef"


class WrongAnswer(Exception):
    """The application did not answer with status 200."""


class FakeHeaders:
    """Granian's headers: the first value by name, or all of them."""

    __slots__ = ("_values",)

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the first value of a header."""
        found = self._values.get(name)
        return default if found is None else found[0]

    def get_all(self, name: str) -> list[str]:
        """Return all values of a header."""
        return self._values.get(name, [])

    def keys(self) -> list[str]:
        """Return the names."""
        return list(self._values)

    def values(self) -> list[str]:
        """Return all values."""
        return [value for values in self._values.values() for value in values]

    def items(self) -> list[tuple[str, str]]:
        """Return all lines."""
        return [(name, value) for name, values in self._values.items() for value in values]


class FakeScope:
    """Granian's scope of one HTTP request."""

    __slots__ = (
        "authority",
        "client",
        "headers",
        "http_version",
        "method",
        "path",
        "proto",
        "query_string",
        "rsgi_version",
        "scheme",
        "server",
    )

    def __init__(self, request: Request) -> None:
        self.path, _, self.query_string = request.path.partition("?")
        self.proto = "http"
        self.http_version = "1.1"
        self.rsgi_version = "1.6"
        self.server = "127.0.0.1:8000"
        self.client = "127.0.0.1:50000"
        self.scheme = "http"
        self.method = request.method
        self.authority = None
        self.headers = FakeHeaders(_lines(request))


class FakeProtocol:
    """Granian's protocol of one HTTP request: gives the body, keeps the status."""

    __slots__ = ("body", "status")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.status = 0

    async def __call__(self) -> bytes:
        return self.body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body

    def client_disconnect(self) -> "asyncio.Future[None]":
        """Return what is done when the client has left: never."""
        return asyncio.get_running_loop().create_future()

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer without a body."""
        self.status = status

    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        """Answer with text."""
        self.status = status

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer with bytes."""
        self.status = status

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "FakeTransport":
        """Answer piece by piece."""
        self.status = status
        return FakeTransport()

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        """Answer with a file."""
        self.status = status


class FakeTransport:
    """Granian's stream, which takes everything at once."""

    __slots__ = ()

    def send_bytes(self, data: bytes) -> "FakeTransport":
        """Take a piece; what comes back is done already."""
        return self

    def __await__(self) -> Iterator[None]:
        return iter(())


def rsgi_call(app: Any, request: Request, *, check: bool = True) -> Call:
    """Return a function that sends the request to an RSGI application once."""
    answer = app.__rsgi__
    scope = FakeScope(request)

    async def call() -> None:
        proto = FakeProtocol(request.body)
        await answer(scope, proto)
        if check and proto.status != 200:
            raise WrongAnswer(f"{request.path}: status {proto.status}")

    return call


def asgi_call(app: Any, request: Request, *, check: bool = True) -> Call:
    """Return a function that sends the request to an ASGI application once, with a scope of its own."""
    path, _, query = request.path.partition("?")
    template = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": request.method,
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in _lines(request)],
        "state": {},
    }
    message = {"type": "http.request", "body": request.body, "more_body": False}

    waiting = [message]

    async def receive() -> dict[str, Any]:
        # Who asks again after the body waits for the client to leave, until it is cancelled.
        return waiting.pop() if waiting else await asyncio.get_running_loop().create_future()

    async def call() -> None:
        status = 0
        waiting[:] = [message]

        async def send(event: dict[str, Any]) -> None:
            nonlocal status
            status = event.get("status", status)

        await app(dict(template), receive, send)
        if check and status != 200:
            raise WrongAnswer(f"{request.path}: status {status}")

    return call


def rsgi_talk(app: Any, path: str, messages: int) -> Call:
    """Return a function that opens a WebSocket of an RSGI application, and sends so many messages before it leaves."""
    answer = app.__rsgi__

    async def call() -> None:
        scope = FakeScope(Request(path))
        scope.proto = "ws"
        await answer(scope, FakeHandshake(messages))

    return call


def asgi_talk(app: Any, path: str, messages: int) -> Call:
    """Return a function that opens a WebSocket of an ASGI application, and sends so many messages before it leaves."""
    scope = {
        "type": "websocket",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "scheme": "ws",
        "subprotocols": [],
    }

    async def call() -> None:
        loop = asyncio.get_running_loop()
        left = messages + 1

        async def receive() -> dict[str, Any]:
            nonlocal left
            left -= 1
            if left == messages:
                return {"type": "websocket.connect"}
            await _soon(loop)
            return {"type": "websocket.receive", "text": TEXT} if left >= 0 else {"type": "websocket.disconnect", "code": 1005}

        async def send(event: dict[str, Any]) -> None:
            return

        await app(dict(scope), receive, send)

    return call


class FakeHandshake:
    """Granian's protocol of one WebSocket whose client sends some messages."""

    __slots__ = ("messages",)

    def __init__(self, messages: int) -> None:
        self.messages = messages

    async def accept(self) -> "FakeConversation":
        """Open it."""
        return FakeConversation(self.messages)

    def close(self, status: int | None = None) -> None:
        """Close it."""


class FakeConversation:
    """Granian's transport of one WebSocket. What it gives is done one turn of the loop later, as a client's answer is."""

    __slots__ = ("left", "loop")

    def __init__(self, messages: int) -> None:
        self.left = messages
        self.loop = asyncio.get_running_loop()

    def receive(self) -> "asyncio.Future[FakeMessage]":
        """Wait for a message; the last one says that the client has left."""
        self.left -= 1
        return _soon(self.loop, FakeMessage(2, TEXT) if self.left >= 0 else FakeMessage(0, ""))

    def send_str(self, data: str) -> "asyncio.Future[None]":
        """Send a message."""
        return _soon(self.loop)


class FakeMessage:
    """Granian's message: its kind, and what it says."""

    __slots__ = ("data", "kind")

    def __init__(self, kind: int, data: str) -> None:
        self.kind = kind
        self.data = data


def _soon(loop: asyncio.AbstractEventLoop, result: Any = None) -> "asyncio.Future[Any]":
    future = loop.create_future()
    loop.call_soon(future.set_result, result)
    return future


def _lines(request: Request) -> list[tuple[str, str]]:
    lines = [("host", "127.0.0.1:8000"), *request.headers.items()]
    return [*lines, ("content-length", str(len(request.body)))] if request.body else lines
