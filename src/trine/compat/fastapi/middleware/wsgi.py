"""`fastapi.middleware.wsgi`: WSGI applications below a path."""

from trine.compat.starlette.middleware.wsgi import WSGIMiddleware

__all__ = ["WSGIMiddleware"]
