"""`starlette.exceptions`: answers that are raised."""

from trine.errors import HTTPException, WebSocketException

__all__ = ["HTTPException", "WebSocketException"]
