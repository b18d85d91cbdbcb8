"""Tests of applications: clients that need no sockets, and fixtures for pytest."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trine.errors import WebSocketDisconnect as WebSocketDisconnect

    from .async_client import AsyncTestClient as AsyncTestClient
    from .client import TestClient as TestClient
    from .commands import run_command as run_command
    from .databases import assert_num_queries as assert_num_queries
    from .databases import capture_on_commit as capture_on_commit
    from .databases import make_tables as make_tables
    from .databases import own_database as own_database
    from .databases import rolled_back as rolled_back
    from .factories import Factory as Factory
    from .factories import build as build
    from .factories import make as make
    from .live import LiveServer as LiveServer
    from .websocket import AsyncWebSocketSession as AsyncWebSocketSession
    from .websocket import WebSocketDenied as WebSocketDenied
    from .websocket import WebSocketSession as WebSocketSession

# Loaded on first use (PEP 562): pytest imports this room for its plugin, whether a test needs it or not.
_HOMES = {
    "Factory": ".factories",
    "AsyncTestClient": ".async_client",
    "AsyncWebSocketSession": ".websocket",
    "LiveServer": ".live",
    "TestClient": ".client",
    "WebSocketDenied": ".websocket",
    "WebSocketDisconnect": "trine.errors",
    "WebSocketSession": ".websocket",
    "assert_num_queries": ".databases",
    "build": ".factories",
    "capture_on_commit": ".databases",
    "make": ".factories",
    "make_tables": ".databases",
    "own_database": ".databases",
    "rolled_back": ".databases",
    "run_command": ".commands",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of strings, put together from the table above


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'trine.testing' has no attribute '{name}'")
    try:
        value = getattr(import_module(_HOMES[name], __name__), name)
    except ModuleNotFoundError as error:
        extra = {"httpx2": "test", "sqlalchemy": "db"}.get(error.name or "")
        if extra is None:
            raise
        message = f'{name} needs {error.name}. Install it with: pip install "trine[{extra}]"'
        raise ModuleNotFoundError(message, name=error.name) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
