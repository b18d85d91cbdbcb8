"""Real `trine` processes, started and stopped as the server's own tests do it."""

from ..server.conftest import serve, start

__all__ = ["serve", "start"]
