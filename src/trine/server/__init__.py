"""Where bytes come in: RSGI, ASGI, and other people's applications."""

from .asgi import ASGIRequest, ASGIWebSocket
from .hosts import AllowedHosts
from .rsgi import RSGIRequest, RSGIWebSocket

__all__ = ["ASGIRequest", "ASGIWebSocket", "AllowedHosts", "RSGIRequest", "RSGIWebSocket"]
