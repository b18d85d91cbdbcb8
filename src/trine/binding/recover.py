"""From an exception to an answer: the handlers of the route, its routers and the application, then the defaults."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any

from trine.concurrency import run_in_thread
from trine.errors import HTTPException, RequestValidationError
from trine.http import JSONResponse, Request, Response, TooManyFields

logger = logging.getLogger("trine")

Handlers = Mapping[Any, Callable[..., Any]]
Recover = Callable[[Exception, Request], Awaitable[Response]]
ServerErrorPage = Callable[[Request, Exception], Response]


def make_recover(handlers: Handlers, server_error: ServerErrorPage, problem: "ErrorShape") -> Recover:
    """Make the function that answers exceptions below one route.

    A handler for a status wins over one for a class, a subclass's over its base's. `Exception` and 500 answer
    whatever else escapes; such an error is logged in any case.
    """
    by_status = {key: handler for key, handler in handlers.items() if isinstance(key, int)}
    by_class = {key: handler for key, handler in handlers.items() if not isinstance(key, int)}

    async def recover(error: Exception, request: Request) -> Response:
        handler = _find(error, by_status, by_class)
        if handler is not None:
            return await _call(handler, request, error)
        if isinstance(error, TooManyFields):
            error = HTTPException(400, str(error))
        known = problem(request, error)
        if known is not None:
            return known
        _report(error, request)
        handler = by_status.get(500) or by_class.get(Exception)
        if handler is not None:
            return await _call(handler, request, error)
        return server_error(request, error)

    return recover


ErrorShape = Callable[[Request, Exception], Response | None]


def plain_errors(request: Request, error: Exception) -> Response | None:
    """The default shape of errors: `{"detail": ...}`, as FastAPI has it. None for an error that nobody expected."""
    if isinstance(error, HTTPException):
        headers = error.headers
        if error.status_code < 200 or error.status_code in (204, 304):
            return Response(None, error.status_code, headers)
        return JSONResponse({"detail": error.detail}, error.status_code, headers)
    if isinstance(error, RequestValidationError):
        return JSONResponse({"detail": clean_errors(error.errors())}, 422)
    return None


def clean_errors(errors: Any) -> list[Any]:
    """Error details in a form that JSON can say: exceptions in `ctx` become their text."""
    return [
        {**detail, "ctx": {name: _speakable(value) for name, value in detail["ctx"].items()}} if "ctx" in detail else detail
        for detail in errors
    ]


def _speakable(value: Any) -> Any:
    return {} if isinstance(value, Exception) else value


def _find(error: Exception, by_status: Handlers, by_class: Handlers) -> Callable[..., Any] | None:
    if by_status and isinstance(error, HTTPException):
        handler = by_status.get(error.status_code)
        if handler is not None:
            return handler
    if by_class:
        for kind in type(error).__mro__:
            if kind is Exception:
                return None
            if kind in by_class:
                return by_class[kind]
    return None


async def _call(handler: Callable[..., Any], request: Request, error: Exception) -> Response:
    if iscoroutinefunction(handler) or iscoroutinefunction(getattr(handler, "__call__", None)):  # noqa: B004
        result = await handler(request, error)
    else:
        result = await run_in_thread(handler, request, error)
    return result if isinstance(result, Response) else JSONResponse(result)


def _report(error: Exception, request: Request) -> None:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    if request.observed_errors is not None:
        request.observed_errors.append(error)
