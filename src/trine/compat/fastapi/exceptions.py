"""FastAPI's exceptions. Those of requests and responses are Trine's own; the rest concerns declarations."""

from collections.abc import Mapping, Sequence
from typing import Any

from trine.compat.starlette.exceptions import HTTPException as StarletteHTTPException
from trine.compat.starlette.exceptions import WebSocketException
from trine.errors import ValidationFailure as ValidationException
from trine.errors import RequestValidationError, ResponseValidationError, SetupError, WebSocketRequestValidationError

__all__ = [
    "DependencyScopeError",
    "FastAPIDeprecationWarning",
    "FastAPIError",
    "HTTPException",
    "PydanticV1NotSupportedError",
    "RequestErrorModel",
    "RequestValidationError",
    "ResponseValidationError",
    "StarletteHTTPException",
    "ValidationException",
    "WebSocketException",
    "WebSocketRequestValidationError",
]


class HTTPException(StarletteHTTPException):
    """Answer with a status. `detail` may be anything that JSON can say."""

    def __init__(self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class RequestErrorModel:
    """The name under which older programs know the model of request errors; it has no fields of its own."""


class FastAPIError(RuntimeError):
    """A mistake in how the application is declared."""


class DependencyScopeError(FastAPIError):
    """A dependency that outlives another one, and uses it."""


class PydanticV1NotSupportedError(FastAPIError):
    """A model of `pydantic.v1` where one of Pydantic 2 is needed."""


class FastAPIDeprecationWarning(UserWarning):
    """A word of FastAPI's that has a newer one."""


class DeclarationError(FastAPIError, AssertionError):
    """A declaration that Trine refuses. FastAPI asserts some of these and raises others: both kinds of handler see it."""


def as_fastapi_error(error: SetupError) -> FastAPIError:
    """Give a start-up mistake the class that FastAPI's users catch."""
    kind = DependencyScopeError if "scope" in error.message else DeclarationError
    return kind(str(error))


def describe(errors: Sequence[Any]) -> str:
    """Count validation errors, in words."""
    return f"{len(errors)} validation error{'s' if len(errors) != 1 else ''}"
