"""`fastapi.websockets`: WebSockets."""

from trine.compat.starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

__all__ = ["WebSocket", "WebSocketDisconnect", "WebSocketState"]
