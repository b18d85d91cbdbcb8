"""`fastapi.middleware`: a middleware class with its arguments."""

from trine.compat.starlette.middleware import Middleware

__all__ = ["Middleware"]
