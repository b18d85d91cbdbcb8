"""From an exception to an answer: the handlers of the route, its routers and the application, then the defaults."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import quote

from trine.concurrency import run_in_thread
from trine.errors import HandlerTimeout, HTTPException, RequestTimeout, RequestTooLarge, TooBusy, UnsafeHeader
from trine.events import note_error
from trine.http import JSONResponse, Request, Response, TooManyFields

logger = logging.getLogger("trine")

Handlers = Mapping[Any, Callable[..., Any]]
Recover = Callable[[Exception, Request], Awaitable[Response]]
ServerErrorPage = Callable[[Request, Exception], Response]
_REFUSALS = (RequestTooLarge, RequestTimeout, HandlerTimeout, TooBusy, TooManyFields)


def make_recover(handlers: Handlers, server_error: ServerErrorPage, problem: "ErrorShape") -> Recover:
    """Make the function that answers exceptions below one route.

    A handler for a status wins over one for a class, a subclass's over its base's. `Exception` and 500 answer
    whatever else escapes; such an error is logged in any case.
    """
    by_status = {key: handler for key, handler in handlers.items() if isinstance(key, int)}
    by_class = {key: handler for key, handler in handlers.items() if not isinstance(key, int)}

    last_resort = by_status.get(500) or by_class.get(Exception)

    async def recover(error: Exception, request: Request) -> Response:
        handler = _find(error, by_status, by_class)
        if isinstance(error, UnsafeHeader):
            # The client gets a 400 without the value, which may be somebody else's; here is where to look for it.
            logger.error("%s %s: %s", request.method, _quoted(request), error)
        if isinstance(error, _REFUSALS):
            # Where somebody is refused by a limit, the log names it: perhaps it is too tight.
            logger.warning("%s %s is refused: %s", request.method, _quoted(request), getattr(error, "detail", error))
        try:
            known = problem(request, error) if handler is None else await _call(handler, request, error)
            if known is not None:
                return known
        except Exception as second:  # noqa: BLE001 - a handler may fail in any way
            # The handler of an error has failed in its turn: that is what must be told.
            known = problem(request, second) if handler is not None or isinstance(second, UnsafeHeader) else None
            if known is not None:
                return known
            error = second
        _report(error, request)
        if last_resort is not None:
            try:
                return await _call(last_resort, request, error)
            except Exception as third:  # noqa: BLE001 - as above
                _report(third, request)
                error = third
        return server_error(request, error)

    return recover


ErrorShape = Callable[[Request, Exception], Response | None]


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


def _quoted(request: Request) -> str:
    """The path without what would end or forge a line of the log: it arrives decoded."""
    return (
        request.path if request.path.isprintable() and request.path.isascii() else quote(request.path, safe="/:@!$&'()*+,;=~-._ ")
    )


def _report(error: Exception, request: Request) -> None:
    note_error(error)
    logger.error("%s %s failed", request.method, _quoted(request), exc_info=error)
    if request.observed_errors is not None:
        request.observed_errors.append(error)
