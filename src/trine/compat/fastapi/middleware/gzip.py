"""`fastapi.middleware.gzip`: Starlette's middleware."""

from trine.compat.starlette.middleware.gzip import GZipMiddleware

__all__ = ["GZipMiddleware"]
