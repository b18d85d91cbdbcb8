"""`fastapi.responses`: Starlette's responses, and two encoders that FastAPI has given up."""

import importlib
import warnings
from typing import Any

from trine.compat.starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from .exceptions import FastAPIDeprecationWarning
from .sse import EventSourceResponse

__all__ = [
    "EventSourceResponse",
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "ORJSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
    "UJSONResponse",
]


class UJSONResponse(JSONResponse):
    """JSON by ujson, which must be installed. Deprecated: the plain `JSONResponse` is faster."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _warn("UJSONResponse")
        super().__init__(*args, **kwargs)

    def render(self, content: Any) -> bytes:
        """Encode the content."""
        encoded: str = importlib.import_module("ujson").dumps(content, ensure_ascii=False)
        return encoded.encode("utf-8")


class ORJSONResponse(JSONResponse):
    """JSON by orjson, which must be installed. Deprecated: the plain `JSONResponse` is faster."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _warn("ORJSONResponse")
        super().__init__(*args, **kwargs)

    def render(self, content: Any) -> bytes:
        """Encode the content."""
        orjson = importlib.import_module("orjson")
        encoded: bytes = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
        return encoded


def _warn(name: str) -> None:
    message = f"{name} is deprecated: a response model, or the plain JSONResponse, encodes at least as fast."
    warnings.warn(message, FastAPIDeprecationWarning, stacklevel=3)
