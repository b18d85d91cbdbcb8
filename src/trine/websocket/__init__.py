"""WebSocket connections (RFC 6455): messages in both directions, typed, and limited."""

from .codec import MessageCodec
from .connection import WebSocket, WebSocketState
from .limits import WebSocketLimits

__all__ = ["MessageCodec", "WebSocket", "WebSocketLimits", "WebSocketState"]
