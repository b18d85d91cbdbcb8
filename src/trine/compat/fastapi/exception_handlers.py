"""`fastapi.exception_handlers`: the answers that FastAPI gives when an application has none of its own."""

from typing import Any

from trine.errors import HTTPException, RequestValidationError, WebSocketRequestValidationError

from .encoders import jsonable_encoder
from .requests import Request
from .responses import JSONResponse, Response
from .utils import is_body_allowed_for_status_code
from .websockets import WebSocket


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """Answer with the exception's status and detail."""
    headers: Any = getattr(exc, "headers", None)
    if not is_body_allowed_for_status_code(exc.status_code):
        return Response(status_code=exc.status_code, headers=headers)
    return JSONResponse({"detail": exc.detail}, status_code=exc.status_code, headers=headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Answer 422 with every error."""
    return JSONResponse(status_code=422, content={"detail": jsonable_encoder(exc.errors())})


async def websocket_request_validation_exception_handler(websocket: WebSocket, exc: WebSocketRequestValidationError) -> None:
    """Close with 1008 (policy violation); the reason lists every error."""
    await websocket.close(code=1008, reason=jsonable_encoder(exc.errors()))
