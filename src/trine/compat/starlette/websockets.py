"""`starlette.websockets`: WebSockets made from an ASGI scope."""

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

from trine.errors import WebSocketDisconnect
from trine.server.asgi import ASGIWebSocket
from trine.types import Message, Receive, Scope, Send
from trine.websocket import WebSocketState

from .requests import HTTPConnection, filled

__all__ = ["WebSocket", "WebSocketClose", "WebSocketDisconnect", "WebSocketDisconnected", "WebSocketState"]

_FIRST = ("websocket.accept", "websocket.close", "websocket.http.response.start")
_REFUSING = ("websocket.http.response.body",)
_OPEN = ("websocket.send", "websocket.close")


class WebSocketDisconnected(RuntimeError):
    """Something was asked of a WebSocket that is not open."""


class WebSocket(HTTPConnection, ASGIWebSocket):
    """A WebSocket connection. `receive` and `send` pass ASGI messages on, in the order in which they may come."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            raise AssertionError(f"A scope of type {scope['type']!r} is no WebSocket.")
        ASGIWebSocket.__init__(self, filled(scope), receive, send)
        self.scope = scope

    async def receive(self) -> Message:
        """Receive an ASGI message."""
        state = self.client_state
        if state is WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected('Cannot call "receive" once a disconnect message has been received.')
        message = await self.receive_message()
        expected = ("websocket.connect",) if state is WebSocketState.CONNECTING else ("websocket.receive", "websocket.disconnect")
        if message["type"] not in expected:
            raise RuntimeError(f"Expected ASGI message {_listed(expected)}, but got {message['type']!r}")
        if state is WebSocketState.CONNECTING:
            self.client_state = WebSocketState.CONNECTED
        elif message["type"] == "websocket.disconnect":
            self.client_state = WebSocketState.DISCONNECTED
        return message

    async def send(self, message: Message) -> None:
        """Send an ASGI message. Raises `WebSocketDisconnect` when the connection has gone."""
        state, kind = self.application_state, message["type"]
        if state is WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected('Cannot call "send" once a close message has been sent.')
        expected = {WebSocketState.CONNECTING: _FIRST, WebSocketState.RESPONSE: _REFUSING}.get(state, _OPEN)
        if kind not in expected:
            raise RuntimeError(f"Expected ASGI message {_listed(expected)}, but got {kind!r}")
        self.application_state = self._after(message)
        try:
            await self.send_message(message)
        except OSError as error:
            self.application_state = WebSocketState.DISCONNECTED
            raise WebSocketDisconnect(1006) from error

    def _after(self, message: Message) -> WebSocketState:
        kind = message["type"]
        if kind == "websocket.accept":
            return WebSocketState.CONNECTED
        if kind == "websocket.http.response.start":
            return WebSocketState.RESPONSE
        is_last = kind == "websocket.close" or (kind in _REFUSING and not message.get("more_body", False))
        return WebSocketState.DISCONNECTED if is_last else self.application_state

    async def accept(self, subprotocol: str | None = None, headers: Iterable[tuple[Any, Any]] | None = None) -> None:  # type: ignore[override] # bytes, as ASGI has them
        """Answer the handshake."""
        if self.client_state is WebSocketState.CONNECTING:
            await self.receive()
        raw = [(_bytes(name), _bytes(value)) for name, value in headers or ()]
        await self.send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": raw})

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close the connection; before `accept` this refuses the handshake."""
        await self.send({"type": "websocket.close", "code": code, "reason": reason or ""})

    async def receive_text(self) -> str:
        """Wait for a text message. Raises `WebSocketDisconnect` when the client leaves."""
        message = await self._next_message()
        text: str | None = message.get("text")
        return message["bytes"].decode() if text is None else text

    async def receive_bytes(self) -> bytes:
        """Wait for a binary message. Raises `WebSocketDisconnect` when the client leaves."""
        message = await self._next_message()
        data: bytes | None = message.get("bytes")
        return message["text"].encode() if data is None else data

    async def receive_json(self, mode: str = "text") -> Any:
        """Wait for a message and decode it from JSON."""
        _check_mode(mode)
        return json.loads(await (self.receive_text() if mode == "text" else self.receive_bytes()))

    async def iter_json(self) -> AsyncIterator[Any]:
        """Give decoded JSON messages until the client leaves."""
        try:
            while True:
                yield await self.receive_json()
        except WebSocketDisconnect:
            return

    async def send_text(self, data: str) -> None:  # type: ignore[override] # the adapter sends both kinds alike
        """Send a text message."""
        await self.send({"type": "websocket.send", "text": data})

    async def send_bytes(self, data: bytes) -> None:  # type: ignore[override] # the adapter sends both kinds alike
        """Send a binary message."""
        await self.send({"type": "websocket.send", "bytes": data})

    async def send_json(self, data: Any, mode: str = "text") -> None:
        """Send a value as compact JSON."""
        _check_mode(mode)
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        await (self.send_text(text) if mode == "text" else self.send_bytes(text.encode()))

    async def send_denial_response(self, response: Any) -> None:
        """Refuse the handshake with an HTTP response, where the server can."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            raise RuntimeError("The server doesn't support the Websocket Denial Response extension.")
        await response(self.scope, self.receive, self.send)

    async def _next_message(self) -> Message:
        if self.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnected('WebSocket is not connected. Need to call "accept" first.')
        message = await self.receive()
        self._raise_on_disconnect(message)
        return message

    # Proxies, such as fastapi-proxy-lib, receive by themselves, and ask by this name.
    def _raise_on_disconnect(self, message: Message) -> None:
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))


class WebSocketClose:
    """An ASGI application that refuses a WebSocket."""

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason or ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection."""
        message: dict[str, Any] = {"type": "websocket.close", "code": self.code, "reason": self.reason}
        await send(message)


def _bytes(value: Any) -> bytes:
    return value.encode("latin-1") if isinstance(value, str) else bytes(value)


def _check_mode(mode: str) -> None:
    if mode not in ("text", "binary"):
        raise RuntimeError('The "mode" argument should be "text" or "binary".')


def _listed(kinds: tuple[str, ...]) -> str:
    quoted = [f'"{kind}"' for kind in kinds]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
