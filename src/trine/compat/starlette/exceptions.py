"""`starlette.exceptions`: answers that are raised."""

from trine.errors import HTTPException, WebSocketException

__all__ = ["HTTPException", "StarletteDeprecationWarning", "WebSocketException"]


class StarletteDeprecationWarning(UserWarning):
    """A name that Starlette is going to drop."""
