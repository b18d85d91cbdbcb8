"""The application behind ASGI 3.0, with the manners of Uvicorn."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from trine.types import ASGIApp, Message, Scope

from .channel import Channel, Refusal
from .exchange import ClientGone, Exchange, HeaderLines
from .opening import Opening

VERSION = {"version": "3.0", "spec_version": "2.4"}


class ASGIWire:
    """Calls an application with scopes, `receive` and `send`."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self.app = app
        self.root_path = root_path
        self._state: dict[str, Any] = {}
        self._lifespan: _Lifespan | None = None

    @property
    def state(self) -> Mapping[str, Any]:
        """What the application's lifespan yielded."""
        return self._state

    async def start(self) -> None:
        """Run the application's start. Raises what it raises."""
        self._lifespan = _Lifespan(self.app, self._state)
        await self._lifespan.start()

    async def stop(self) -> None:
        """Run the application's end. Raises what it raises."""
        lifespan, self._lifespan = self._lifespan, None
        if lifespan is not None:
            await lifespan.stop()
        self._state.clear()

    def answer(self, opening: Opening, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """Let the application answer a request."""
        ended = False

        async def receive() -> Message:
            nonlocal ended
            if ended:
                await exchange.over()
                return {"type": "http.disconnect"}
            try:
                chunk, more = await exchange.read()
            except ClientGone:
                return {"type": "http.disconnect"}
            ended = not more
            return {"type": "http.request", "body": chunk, "more_body": more}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.start(message["status"], _lines(message.get("headers", ())))
            elif message["type"] == "http.response.body":
                await exchange.write(message.get("body", b""))
                if not message.get("more_body", False):
                    exchange.end()
            else:
                raise RuntimeError(f"The application sent {message['type']!r}, which is no message of an HTTP response.")

        return self._call(self._scope("http", opening), receive, send)

    def talk(self, opening: Opening, channel: Channel) -> Coroutine[Any, Any, None]:
        """Let the application talk over a WebSocket."""
        scope = self._scope("websocket", opening)
        scope["subprotocols"] = _subprotocols(opening.headers)
        scope["extensions"]["websocket.http.response"] = {}
        ends = _WebSocketEnds(channel)
        return self._call(scope, ends.receive, ends.send)

    def _scope(self, kind: str, opening: Opening) -> Scope:
        scope: Scope = {
            "type": kind,
            "asgi": VERSION,
            "http_version": "1.1",
            "scheme": opening.scheme,
            "path": opening.decoded_path,
            "raw_path": opening.path,
            "query_string": opening.query,
            "root_path": self.root_path,
            "headers": opening.headers,
            "client": opening.client,
            "server": opening.server,
            "state": self._state.copy(),
            "extensions": {},
            # Ours: what the application did not expect, and the name that the client calls it by.
            "trine.errors": opening.errors,
            "trine.hosts": (opening.server[0],),
        }
        if kind == "http":
            scope["method"] = opening.method
        return scope

    async def _call(self, scope: Scope, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class _WebSocketEnds:
    """`receive` and `send` of one WebSocket."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.connected = False
        self.denial: Refusal | None = None

    async def receive(self) -> Message:
        if not self.connected:
            self.connected = True
            return {"type": "websocket.connect"}
        data = await self.channel.next()
        if data is None:
            code, reason = self.channel.client_close or self.channel.app_close or (1006, "")
            return {"type": "websocket.disconnect", "code": code, "reason": reason}
        return {"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data}

    async def send(self, message: Message) -> None:
        if self.channel.accepted:
            self._talk(message)
        else:
            self._answer_handshake(message)

    def _answer_handshake(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self.channel.accept(message.get("subprotocol"), _lines(message.get("headers", ())))
        elif kind == "websocket.close":
            self.channel.refuse(Refusal(code=message.get("code", 1000), reason=message.get("reason") or ""))
        elif kind == "websocket.http.response.start":
            self.denial = Refusal(message["status"], _lines(message.get("headers", ())))
        elif kind == "websocket.http.response.body" and self.denial is not None:
            self.denial.body += message.get("body", b"")
            if not message.get("more_body", False):
                self.channel.refuse(self.denial)
        else:
            raise RuntimeError(f"The application sent {kind!r} before it answered the handshake of the WebSocket.")

    def _talk(self, message: Message) -> None:
        kind = message["type"]
        if self.channel.client_close is not None or self.channel.app_close is not None:
            raise OSError("The WebSocket is closed.")
        if kind == "websocket.close":
            self.channel.close_app(message.get("code", 1000), message.get("reason") or "")
        elif kind == "websocket.send":
            text = message.get("text")
            self.channel.deliver(message["bytes"] if text is None else text)
        else:
            raise RuntimeError(f"The application sent {kind!r} over an open WebSocket.")


class _Lifespan:
    """One run of ASGI's lifespan protocol."""

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self.app = app
        self.state = state
        self.to_app: asyncio.Queue[Message] = asyncio.Queue()
        self.from_app: asyncio.Queue[Message | None] = asyncio.Queue()
        self.running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.running = asyncio.ensure_future(self._run())
        await self._ask("lifespan.startup")

    async def stop(self) -> None:
        if self.running is not None and not self.running.done():
            await self._ask("lifespan.shutdown")
            await self.running

    async def _ask(self, kind: str) -> None:
        await self.to_app.put({"type": kind})
        answer = await self.from_app.get()
        if answer is None or answer["type"] == f"{kind}.failed":
            if self.running is not None:
                await self.running
            message = "" if answer is None else answer.get("message", "")
            raise RuntimeError(message or f"The application ended without an answer to {kind}.")

    async def _run(self) -> None:
        scope: Scope = {"type": "lifespan", "asgi": VERSION, "state": self.state}
        try:
            await self.app(scope, self.to_app.get, self.from_app.put)
        finally:
            await self.from_app.put(None)


def _lines(headers: Any) -> HeaderLines:
    return [(bytes(name), bytes(value)) for name, value in headers]


def _subprotocols(headers: HeaderLines) -> list[str]:
    lines = [value.decode("latin-1") for name, value in headers if name == b"sec-websocket-protocol"]
    return [word.strip() for line in lines for word in line.split(",")]
