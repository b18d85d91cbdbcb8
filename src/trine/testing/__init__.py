"""Tests of applications: clients that need no sockets, and fixtures for pytest."""

try:
    import httpx2 as _httpx2  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError('trine.testing needs httpx2. Install it with: pip install "trine[test]"', name="httpx2") from error

from trine.errors import WebSocketDisconnect

from .async_client import AsyncTestClient
from .client import TestClient
from .websocket import AsyncWebSocketSession, WebSocketDenied, WebSocketSession

__all__ = [
    "AsyncTestClient",
    "AsyncWebSocketSession",
    "TestClient",
    "WebSocketDenied",
    "WebSocketDisconnect",
    "WebSocketSession",
]
