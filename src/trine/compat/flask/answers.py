"""From what a view returns to a response."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from .globals import request

if TYPE_CHECKING:
    from .app import Flask
    from .wrappers import Response


def make_response(app: "Flask", value: Any) -> "Response":
    """Make a response of text, bytes, a stream, a dict or list for JSON, a WSGI application, or a tuple of these."""
    status, headers = None, None
    if isinstance(value, tuple):
        value, status, headers = _split(value)
    if not isinstance(value, app.response_class):
        if isinstance(value, str | bytes | bytearray | Iterator):
            # The class decides what status and headers mean, so that a subclass may have a default.
            return app.response_class(value, status=status, headers=headers)  # type: ignore[arg-type] # asked above
        value = _converted(app, value)
    if status is not None:
        if isinstance(status, str | bytes | bytearray):
            value.status = status
        else:
            value.status_code = status
    if headers:
        value.headers.update(headers)
    return value  # type: ignore[no-any-return] # it is one now


def _split(value: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    if len(value) == 3:
        return value
    if len(value) == 2:
        body, second = value
        return (body, None, second) if isinstance(second, Headers | dict | tuple | list) else (body, second, None)
    raise TypeError(
        "The view function did not return a valid response. The tuple must have the form (body, status, headers), (body, status),"
        f" or (body, headers), and {_view()} returned one of {len(value)} values."
    )


def _converted(app: "Flask", value: Any) -> Any:
    if value is None:
        raise TypeError(
            f"{_view()} did not return a valid response. It either returned None or ended without a return statement."
        )
    if isinstance(value, dict | list):
        return app.json.response(value)
    if isinstance(value, BaseResponse) or callable(value):
        try:
            return app.response_class.force_type(value, request.environ)
        except TypeError as error:
            raise TypeError(_wrong_type(value, f" It was called as a WSGI application, and failed: {error}")) from error
    raise TypeError(_wrong_type(value))


def _wrong_type(value: Any, reason: str = "") -> str:
    return (
        f"{_view()} did not return a valid response. The return value must be text, bytes, a dict or list, a response, a"
        f" generator or a WSGI application, or a tuple with one of them, but it was a {type(value).__name__}.{reason}"
    )


def _view() -> str:
    return f"The view function for {request.endpoint!r}"
