"""Tests of applications: clients that need no sockets, and fixtures for pytest."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trine.errors import WebSocketDisconnect as WebSocketDisconnect

    from .async_client import AsyncTestClient as AsyncTestClient
    from .client import TestClient as TestClient
    from .commands import run_command as run_command
    from .live import LiveServer as LiveServer
    from .websocket import AsyncWebSocketSession as AsyncWebSocketSession
    from .websocket import WebSocketDenied as WebSocketDenied
    from .websocket import WebSocketSession as WebSocketSession

# Loaded on first use (PEP 562): pytest imports this room for its plugin, whether a test needs it or not.
_HOMES = {
    "AsyncTestClient": ".async_client",
    "AsyncWebSocketSession": ".websocket",
    "LiveServer": ".live",
    "TestClient": ".client",
    "WebSocketDenied": ".websocket",
    "WebSocketDisconnect": "trine.errors",
    "WebSocketSession": ".websocket",
    "run_command": ".commands",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of strings, put together from the table above


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'trine.testing' has no attribute '{name}'")
    try:
        value = getattr(import_module(_HOMES[name], __name__), name)
    except ModuleNotFoundError as error:
        if error.name != "httpx2":
            raise
        raise ModuleNotFoundError(f'{name} needs httpx2. Install it with: pip install "trine[test]"', name="httpx2") from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
