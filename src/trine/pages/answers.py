"""What a page gives back, and the response that it becomes."""

from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from typing import Any, NoReturn

from trine.errors import HTTPException
from trine.http import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

_FORMS = "Return text, bytes, a dict or list, a Response, a stream, or a tuple (body, status, headers)."


class HTMLStream(StreamingResponse):
    """A page that is written while it is sent."""

    media_type = "text/html"


class PageResponse(Response):
    """What the value of a page becomes. Binding makes one of whatever is no response yet."""

    media_type = "text/html"
    takes_text = True

    def __new__(cls, value: Any = None, **_options: Any) -> Response:  # type: ignore[misc] # one of several kinds
        """Make the response that fits the value."""
        return to_response(value)


class Abort(Exception):
    """Ends a page with a response. `abort()` raises it."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(response.status_code)


def make_response(*parts: Any) -> Response:
    """Make the response that a page's value would become: `make_response("Gone", 410)`, then set cookies and headers."""
    if not parts:
        return HTMLResponse("")
    return to_response(parts[0] if len(parts) == 1 else parts)


def to_response(value: Any) -> Response:
    """Make a response of what a page returned. Raises `TypeError` for what no page may return."""
    if isinstance(value, str | bytes):
        return HTMLResponse(value)
    if isinstance(value, Response):
        return value
    if isinstance(value, tuple):
        return _from_tuple(value)
    if value is None:
        raise TypeError(f"The page returned None. {_FORMS}")
    if isinstance(value, AsyncIterable | Iterator):
        return HTMLStream(value)
    if isinstance(value, Mapping | list) or _is_record(value):
        return JSONResponse(value)
    raise TypeError(f"The page returned {type(value).__name__}. {_FORMS}")


def abort(status: int | Response, description: str | None = None) -> NoReturn:
    """End the page with a status, or with a response."""
    if isinstance(status, Response):
        raise Abort(status)
    raise HTTPException(status, description)


def redirect(location: str, code: int = 302) -> Response:
    """Send the browser to another address. For one that came with the request there is `safe_next()`."""
    return RedirectResponse(location, code)


def jsonify(*args: Any, **kwargs: Any) -> Response:
    """Answer with JSON: of one value, of several as a list, or of names and values."""
    if args and kwargs:
        raise TypeError("jsonify() takes values or names with values, not both.")
    return JSONResponse(kwargs if not args else args[0] if len(args) == 1 else args)


def _from_tuple(value: tuple[Any, ...]) -> Response:
    if len(value) not in (2, 3):
        raise TypeError(f"The page returned a tuple of {len(value)} values. It may be (body, status), (body, headers), or both.")
    body, *rest = value
    status = rest.pop(0) if isinstance(rest[0], int | str) else None
    response = to_response(body)
    if status is not None:
        code = int(status.split()[0]) if isinstance(status, str) else int(status)
        if not response.may_have_body or code in (204, 205, 304):
            response = Response(b"" if code in (204, 205, 304) else response.body, code)
        response.status_code = code
    for name, line in _header_lines(rest[0]) if rest and rest[0] is not None else ():
        if name.lower() == "set-cookie":
            response.headers.append(name, line)
        else:
            response.headers[name] = line
    return response


def _header_lines(headers: Any) -> Iterable[tuple[str, str]]:
    if isinstance(headers, Mapping):
        for name, values in headers.items():
            for value in values if isinstance(values, list | tuple) else (values,):
                yield str(name), str(value)
    else:
        yield from ((str(name), str(value)) for name, value in headers)


def _is_record(value: Any) -> bool:
    kind = type(value)
    return hasattr(kind, "model_fields") or hasattr(kind, "__struct_fields__") or hasattr(kind, "__dataclass_fields__")
