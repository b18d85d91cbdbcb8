"""The components for errors: FastAPI's shape, or problem details (RFC 9457)."""

from typing import Any

from .schemas import REFERENCE, Schema

ERROR: Schema = {
    "properties": {
        "loc": {"items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "type": "array", "title": "Location"},
        "msg": {"type": "string", "title": "Message"},
        "type": {"type": "string", "title": "Error Type"},
        "input": {"title": "Input"},
        "ctx": {"type": "object", "title": "Context"},
    },
    "type": "object",
    "required": ["loc", "msg", "type"],
    "title": "ValidationError",
}
_ERRORS: Schema = {"items": {"$ref": REFERENCE + "ValidationError"}, "type": "array"}

PLAIN: dict[str, Schema] = {
    "ValidationError": ERROR,
    "HTTPValidationError": {
        "properties": {"detail": {**_ERRORS, "title": "Detail"}},
        "type": "object",
        "title": "HTTPValidationError",
    },
}

_MEMBERS: dict[str, Schema] = {
    "type": {"type": "string", "format": "uri-reference", "title": "Type", "default": "about:blank"},
    "title": {"type": "string", "title": "Title", "description": "What kind of problem it is."},
    "status": {"type": "integer", "title": "Status", "minimum": 100, "maximum": 599},
    "detail": {"type": "string", "title": "Detail", "description": "What went wrong this time."},
    "instance": {"type": "string", "format": "uri-reference", "title": "Instance"},
}

PROBLEM_DETAILS: dict[str, Schema] = {
    "ValidationError": ERROR,
    "Problem": {
        "properties": _MEMBERS,
        "type": "object",
        "required": ["type", "title", "status"],
        "title": "Problem",
        "description": "An error (RFC 9457). It may have further members.",
    },
    "ValidationProblem": {
        "properties": {**_MEMBERS, "errors": {**_ERRORS, "title": "Errors"}},
        "type": "object",
        "required": ["type", "title", "status", "errors"],
        "title": "ValidationProblem",
        "description": "Every input that does not fit (RFC 9457).",
    },
}


def validation_response(*, problem_details: bool) -> dict[str, Any]:
    """The answer to inputs that do not fit."""
    if problem_details:
        return _response("Validation Error", "application/problem+json", "ValidationProblem")
    return _response("Validation Error", "application/json", "HTTPValidationError")


def problem_response(description: str) -> dict[str, Any]:
    """Any other error, as problem details."""
    return _response(description, "application/problem+json", "Problem")


def _response(description: str, media_type: str, component: str) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": {"$ref": REFERENCE + component}}}}
