"""`starlette.websockets`: WebSockets made from an ASGI scope."""

from typing import Any

from trine.errors import WebSocketDisconnect
from trine.http import Response
from trine.server.asgi import ASGIWebSocket
from trine.types import Message, Receive, Scope, Send
from trine.websocket import WebSocketState

from .requests import HTTPConnection

__all__ = ["WebSocket", "WebSocketClose", "WebSocketDisconnect", "WebSocketState"]


class WebSocket(HTTPConnection, ASGIWebSocket):
    """A WebSocket connection; `receive` and `send` pass ASGI messages on as they are."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            raise AssertionError(f"A scope of type {scope['type']!r} is no WebSocket.")
        ASGIWebSocket.__init__(self, scope, receive, send)

    async def receive(self) -> Message:
        """Receive an ASGI message."""
        message = await self.receive_message()
        if message["type"] == "websocket.connect":
            self.client_state = WebSocketState.CONNECTED
        elif message["type"] == "websocket.disconnect":
            self.client_state = WebSocketState.DISCONNECTED
        return message

    async def send(self, message: Message) -> None:
        """Send an ASGI message."""
        if message["type"] == "websocket.accept":
            self.application_state = WebSocketState.CONNECTED
        elif message["type"] == "websocket.close":
            self.application_state = WebSocketState.DISCONNECTED
        await self.send_message(message)

    async def send_denial_response(self, response: Response) -> None:
        """Refuse the handshake with an HTTP response, where the server can."""
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            raise RuntimeError("The server doesn't support the Websocket Denial Response extension.")
        await self.send_message(
            {"type": "websocket.http.response.start", "status": response.status_code, "headers": response.headers.raw}
        )
        await self.send_message({"type": "websocket.http.response.body", "body": response.body or b""})
        self.application_state = WebSocketState.DISCONNECTED


class WebSocketClose:
    """An ASGI application that refuses a WebSocket."""

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason or ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection."""
        message: dict[str, Any] = {"type": "websocket.close", "code": self.code, "reason": self.reason}
        await send(message)
