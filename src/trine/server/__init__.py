"""Where bytes come in: RSGI, ASGI, and other people's applications."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .asgi import ASGIRequest as ASGIRequest
    from .asgi import ASGIWebSocket as ASGIWebSocket
    from .hosts import AllowedHosts as AllowedHosts
    from .options import ServerOptions as ServerOptions
    from .rsgi import RSGIRequest as RSGIRequest
    from .rsgi import RSGIWebSocket as RSGIWebSocket

# Loaded on first use: the process that `trine run` starts needs none of what answers requests.
_HOMES = {
    "ASGIRequest": "asgi",
    "ASGIWebSocket": "asgi",
    "AllowedHosts": "hosts",
    "RSGIRequest": "rsgi",
    "RSGIWebSocket": "rsgi",
    "ServerOptions": "options",
}

__all__ = ["ASGIRequest", "ASGIWebSocket", "AllowedHosts", "RSGIRequest", "RSGIWebSocket", "ServerOptions"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'trine.server' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
