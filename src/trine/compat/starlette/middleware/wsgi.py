"""`starlette.middleware.wsgi`: WSGI applications below a path."""

from trine.server.wsgi import WSGIAdapter as WSGIMiddleware

__all__ = ["WSGIMiddleware"]
