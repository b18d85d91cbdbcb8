"""`starlette.middleware.gzip`: compressed answers."""

from trine import middleware
from trine.types import ASGIApp

from .trine import TrineMiddleware


class GZipMiddleware(TrineMiddleware):
    """Compress answers of at least `minimum_size` bytes for clients that accept it."""

    def __init__(self, app: ASGIApp, minimum_size: int = 500, compresslevel: int = 9) -> None:
        super().__init__(app, middleware.GZipMiddleware(minimum_size=minimum_size, compresslevel=compresslevel))
