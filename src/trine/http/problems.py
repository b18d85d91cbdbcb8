"""Errors as answers: FastAPI's `detail`, or problem details for the whole application (RFC 9457).

Whatever a client sent may stand in an error: each value is made fit for JSON first, so that no error ends in another one.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from trine.errors import BrokenBody, ClientDisconnect, HTTPException, RequestValidationError, UnsafeHeader, status_phrase

from .json import encode_json
from .query import TooManyFields
from .request import Request
from .response import JSONResponse, PlainTextResponse, Response

MEDIA_TYPE = "application/problem+json"
# An answer that only repeats what was sent may not be much larger than it.
_MAX_ECHO = 1024
_MAX_ANSWER = 256 * 1024
_MAX_DETAILS = 1000
# json_safe() descends as deep as JSON bodies may nest, and a little more.
_MAX_DEPTH = 200


def plain_errors(_request: Request, error: Exception) -> Response | None:
    """Answer an error in the default shape, `{"detail": ...}`. None for an error that nobody expected."""
    known = _known(error)
    if isinstance(known, HTTPException):
        if not _may_have_body(known.status_code):
            return Response(None, known.status_code, known.headers)
        return _json_response({"detail": known.detail}, known.status_code, known.headers)
    if isinstance(known, RequestValidationError):
        return Response(_details_json("detail", {}, known), 422, media_type="application/json")
    return None


def problem_errors(request: Request, error: Exception) -> Response | None:
    """Answer an error as problem details. None for an error that nobody expected."""
    known = _known(error)
    if isinstance(known, HTTPException):
        if not _may_have_body(known.status_code):
            return Response(None, known.status_code, known.headers)
        problem = {**make_problem(known.status_code, known.detail), **_request_id(request)}
        return _json_response(problem, known.status_code, known.headers, MEDIA_TYPE)
    if isinstance(known, RequestValidationError):
        count = len(known.errors())
        problem = make_problem(422, f"{count} of the inputs {'does' if count == 1 else 'do'} not fit.")
        return Response(_details_json("errors", {**problem, **_request_id(request)}, known), 422, media_type=MEDIA_TYPE)
    return None


def plain_server_error(_request: Request, _error: Exception) -> Response:
    """Answer an error that nobody expected. The client sees nothing of it."""
    return PlainTextResponse("Internal Server Error", 500)


def problem_server_error(request: Request, _error: Exception) -> Response:
    """Answer an error that nobody expected as problem details. The client sees nothing of it."""
    return _json_response({**make_problem(500), **_request_id(request)}, 500, None, MEDIA_TYPE)


def make_problem(status_code: int, detail: Any = None) -> dict[str, Any]:
    """Build the members of a problem. A text says what went wrong; a mapping's keys become further members."""
    title = status_phrase(status_code) or "Error"
    problem: dict[str, Any] = {"type": "about:blank", "title": title, "status": status_code}
    if isinstance(detail, Mapping):
        # The members of the standard keep their types (RFC 9457 §3.1), and the status is the answer's.
        members = {str(name): value for name, value in detail.items() if name != "status"}
        return problem | {name: value for name, value in members.items() if name not in _TEXT_MEMBERS or isinstance(value, str)}
    if isinstance(detail, str):
        return problem if detail == title else {**problem, "detail": detail}
    return problem if detail is None else {**problem, "errors": detail}


def error_details(errors: Sequence[Any]) -> list[Any]:
    """Validation errors in a form that JSON can say; exceptions in `ctx` become empty objects. At most 1000 are told."""
    return [json_safe(detail) for detail in errors[:_MAX_DETAILS]]


def json_safe(value: Any, depth: int = 0) -> Any:
    """Give a value in a form that JSON can say, whatever it is: something is lost where it cannot, nothing is raised."""
    if value is None or isinstance(value, bool | str | int | float):
        return _scalar(value)
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {_key(key): json_safe(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_safe(item, depth + 1) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return {} if isinstance(value, Exception) else _other(value, depth)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value) if -_BIG < value < _BIG else None
    return value


# More digits than Python is willing to write in decimal.
_BIG = 10**4000
_TEXT_MEMBERS = frozenset({"type", "title", "detail", "instance"})


def _key(key: Any) -> str:
    text = key if isinstance(key, str) else str(json_safe(key))
    return text.encode("utf-8", "replace").decode()


def _other(value: Any, depth: int) -> Any:
    import json

    try:
        return json_safe(json.loads(encode_json(value)), depth + 1)
    except Exception:  # noqa: BLE001 - a value may do anything when it is asked for its JSON form
        return f"<{type(value).__name__}>"


def _known(error: Exception) -> Exception:
    if isinstance(error, TooManyFields):
        return HTTPException(400, str(error))
    if isinstance(error, BrokenBody):
        return HTTPException(400, str(error))
    if isinstance(error, ClientDisconnect):
        # Nobody reads this answer. It is no failure of the application either: 499 says so to whoever reads the log.
        return HTTPException(499, str(error) or "The client left before its request was complete.")
    if isinstance(error, UnsafeHeader):
        return HTTPException(400, "The request asks for an answer whose headers would have characters that no header may have.")
    return error


def _details_json(member: str, around: dict[str, Any], error: RequestValidationError) -> bytes:
    details = error_details(error.errors())
    body = encode_json({**around, member: details})
    if len(body) <= _MAX_ANSWER:
        return body
    for detail in details:
        if isinstance(detail, dict) and len(encode_json(detail.get("input"))) > _MAX_ECHO:
            del detail["input"]
    return encode_json({**around, member: details})


def _json_response(content: Any, status_code: int, headers: Mapping[str, str] | None, media_type: str | None = None) -> Response:
    try:
        return JSONResponse(content, status_code, headers, media_type)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return JSONResponse(json_safe(content), status_code, headers, media_type)


def _request_id(request: Request) -> dict[str, str]:
    found = getattr(request.state, "request_id", None)
    return {"request_id": found} if isinstance(found, str) else {}


def _may_have_body(status_code: int) -> bool:
    return status_code >= 200 and status_code not in (204, 205, 304)
