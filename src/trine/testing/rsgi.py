"""The application behind RSGI, with fakes of Granian's objects that do what Granian 2.8 was seen to do."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined] # the documented place, though not marked so

from .channel import Channel, Data, Refusal
from .exchange import ClientGone, Exchange
from .opening import Opening

StringHeaders = list[tuple[str, str]]


class RSGIWire:
    """Calls `__rsgi__`, and `__rsgi_init__` and `__rsgi_del__` around everything."""

    def __init__(self, app: Any) -> None:
        self.app = app

    @property
    def state(self) -> Mapping[str, Any]:
        """What the application's lifespan yielded."""
        return getattr(self.app, "lifespan_state", {})

    async def start(self) -> None:
        """Run the application's start. Raises what it raises."""
        await self._run("__rsgi_init__")

    async def stop(self) -> None:
        """Run the application's end. Raises what it raises."""
        await self._run("__rsgi_del__")

    def answer(self, opening: Opening, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """Let the application answer a request."""
        return self._answer(RSGIScope("http", opening), exchange)

    def talk(self, opening: Opening, channel: Channel) -> Coroutine[Any, Any, None]:
        """Let the application talk over a WebSocket."""
        return self._talk(RSGIScope("ws", opening), channel)

    async def _answer(self, scope: "RSGIScope", exchange: Exchange) -> None:
        await self.app.__rsgi__(scope, HTTPProtocol(exchange))
        if exchange.status is not None and not exchange.complete:
            # A stream ends with the application's call.
            exchange.end()

    async def _talk(self, scope: "RSGIScope", channel: Channel) -> None:
        protocol = WebSocketProtocol(channel)
        try:
            await self.app.__rsgi__(scope, protocol)
        finally:
            protocol.close()

    async def _run(self, name: str) -> None:
        hook = getattr(self.app, name, None)
        if hook is not None:
            loop = _StartingLoop(asyncio.get_running_loop())
            hook(loop)
            await loop.complete()


class _StartingLoop:
    """The loop as Granian hands it to `__rsgi_init__`, before it runs. Here it runs already: what must be complete is awaited."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Any] = []

    def run_until_complete(self, awaitable: Any) -> None:
        self._waiting.append(awaitable)

    async def complete(self) -> None:
        for awaitable in self._waiting:
            await awaitable

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


class RSGIScope:
    """What Granian tells of a request."""

    http_version = "1.1"
    rsgi_version = "1.6"
    authority = None

    def __init__(self, proto: str, opening: Opening) -> None:
        self.proto = proto
        # Granian names the scheme of the connection below: a WebSocket has "http" too.
        self.scheme = {"ws": "http", "wss": "https"}.get(opening.scheme, opening.scheme)
        self.method = opening.method
        self.path = opening.decoded_path
        self.query_string = opening.query.decode("latin-1")
        self.headers = RSGIHeaders(opening)
        self.server = "{}:{}".format(*opening.server)
        self.client = "{}:{}".format(*opening.client)
        # Ours: what the application did not expect, and the name that the client calls it by.
        self.trine_errors = opening.errors
        self.trine_hosts = (opening.server[0],)


class RSGIHeaders:
    """Granian's header mapping: names in lower case, the first of several lines, and no value that is not ASCII."""

    def __init__(self, opening: Opening) -> None:
        self._names = [name.decode("latin-1") for name, _ in opening.headers]
        self._lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in opening.headers if value.isascii()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:
        """Every name once."""
        return list(dict.fromkeys(self._names))

    def values(self) -> list[str]:
        """The values, line by line."""
        return [value for _, value in self._lines]

    def items(self) -> StringHeaders:
        """Names and values, line by line."""
        return list(self._lines)

    def get(self, name: str, default: Any = None) -> Any:
        """The first value of a name."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> list[str]:
        """Every value of a name."""
        wanted = name.lower()
        return [value for known, value in self._lines if known == wanted]


class HTTPProtocol:
    """The body and the answer of one request."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._consumed = False

    async def __call__(self) -> bytes:
        """Read the whole body. Raises where the client leaves before it is complete."""
        self._consume()
        body, more = b"", True
        while more:
            try:
                chunk, more = await self._exchange.read()
            except ClientGone:
                raise ProtocolError("RSGI protocol error") from None
            body += chunk
        return body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._consume()
        more = True
        while more:
            try:
                chunk, more = await self._exchange.read()
            except ClientGone:
                # An empty piece more than a complete body has is all that Granian tells.
                yield b""
                break
            if chunk:
                yield chunk
        yield b""

    def _consume(self) -> None:
        if self._consumed:
            raise ProtocolError("RSGI protocol error")
        self._consumed = True

    async def client_disconnect(self) -> None:
        """Wait until the client leaves."""
        await self._exchange.over()

    def response_empty(self, status: int, headers: StringHeaders) -> None:
        """Answer without a body."""
        self._start(status, headers)
        self._exchange.end()

    def response_str(self, status: int, headers: StringHeaders, body: str) -> None:
        """Answer with text."""
        self.response_bytes(status, headers, body.encode())

    def response_bytes(self, status: int, headers: StringHeaders, body: bytes) -> None:
        """Answer with bytes."""
        # hyper leaves the line away where RFC 9110 §8.6 forbids it.
        if status >= 200 and status != 204 and not any(name == "content-length" for name, _ in headers):
            headers = [*headers, ("content-length", str(len(body)))]
        self._start(status, headers)
        self._exchange.put(body)
        self._exchange.end()

    def response_file(self, status: int, headers: StringHeaders, file: str) -> None:
        """Answer with a file; one that cannot be opened is answered with 404 by the server."""
        try:
            body = Path(file).read_bytes()
        except OSError:
            self.response_str(404, [], "Not found")
        else:
            self._start(status, headers)
            self._exchange.put(body)
            self._exchange.end()

    def response_file_range(self, status: int, headers: StringHeaders, file: str, start: int, end: int) -> None:
        """Answer with a part of a file."""
        body = Path(file).read_bytes()[start:end]
        self._start(status, headers)
        self._exchange.put(body)
        self._exchange.end()

    def response_stream(self, status: int, headers: StringHeaders) -> "StreamTransport":
        """Begin an answer that is sent piece by piece. It ends with the application's call."""
        self._start(status, headers)
        return StreamTransport(self._exchange)

    def _start(self, status: int, headers: StringHeaders) -> None:
        if self._exchange.status is not None:
            raise ProtocolError("RSGI protocol error")
        self._exchange.start(status, [(name.lower().encode(), value.encode("latin-1")) for name, value in headers])


class StreamTransport:
    """Where the pieces of an answer go."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def send_bytes(self, data: bytes) -> None:
        """Send a piece. Raises once the client has left."""
        if self._exchange.left:
            raise ProtocolClosed("RSGI transport is closed")
        await self._exchange.write(data)

    async def send_str(self, data: str) -> None:
        """Send a piece of text. Raises once the client has left."""
        await self.send_bytes(data.encode())


class WebSocketProtocol:
    """The handshake of one WebSocket. Granian sends no subprotocol, no headers and no close codes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def accept(self) -> "WebSocketTransport":
        """Answer the handshake."""
        self._channel.accept()
        return WebSocketTransport(self._channel)

    def close(self, status: int | None = None) -> None:
        """Close, or refuse the handshake."""
        if self._channel.accepted:
            self._channel.close_app(1005)
        else:
            self._channel.refuse(Refusal(status if status and 100 <= status < 1000 else 403))


class WebSocketTransport:
    """The messages of one WebSocket."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._told = False

    async def receive(self) -> "WebSocketMessage":
        """Wait for a message; the last one says that the WebSocket is closed."""
        if self._told:
            raise ProtocolClosed("RSGI transport is closed")
        data = await self._channel.next()
        self._told = data is None
        return WebSocketMessage(data)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        await self._send(data)

    async def send_str(self, data: str) -> None:
        """Send a text message."""
        await self._send(data)

    async def _send(self, data: Data) -> None:
        if self._channel.app_close is not None:
            raise ProtocolError("RSGI protocol error")
        if self._channel.client_close is not None:
            raise ProtocolClosed("RSGI transport is closed")
        self._channel.deliver(data)


class WebSocketMessage:
    """A message: `kind` 0 is the end, 1 bytes, 2 text. The end carries no code."""

    def __init__(self, data: Data | None) -> None:
        self.kind = 0 if data is None else 2 if isinstance(data, str) else 1
        if data is not None:
            self.data = data
