"""FastAPI's exceptions. Those of requests and responses are Trine's own; the rest concerns declarations."""

import inspect
import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, get_args

from trine import errors as trine_errors
from trine.compat.starlette.exceptions import HTTPException as StarletteHTTPException
from trine.compat.starlette.exceptions import WebSocketException
from trine.errors import SetupError, SwallowedException, ValidationFailure

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


class DeclarationError(FastAPIError, AssertionError, ValueError):
    """A declaration that Trine refuses. FastAPI asserts some of these and raises others: both kinds of handler see it."""


def as_fastapi_error(error: SetupError) -> FastAPIError:
    """Give a start-up mistake the class that FastAPI's users catch, and FastAPI's words where it has some."""
    for pattern, words in _WORDS:
        match = re.match(pattern, error.message, re.DOTALL)
        if match is not None:
            kind = DependencyScopeError if "scope" in words else DeclarationError
            return kind(match.expand(words))
    return DeclarationError(str(error))


# What programs and their tests match; Trine's own message says more.
_WORDS = (
    (r"(\w+) parameter '(\w+)' of .* has a type that text cannot carry", r"\1 parameter '\2' must be one of the supported types"),
    (
        r"(\w+)\(\) of '(\w+)' in .* sets a default inside Annotated",
        r"`\1` default value cannot be set in `Annotated` for '\2'. Set the default value with `=` instead.",
    ),
    (
        r"The dependency '(?:.*\.)?(\w+)' lives until the response was sent",
        r'The dependency "\1" has a scope of "request", it cannot depend on dependencies with scope "function"',
    ),
    (
        r"The handler '\w+' returns (.*): part of it is a Response",
        r"\1 is no valid Pydantic field type for a response. Use the parameter response_model=None.",
    ),
)


def is_v1_model(kind: Any) -> bool:
    """Whether a type is a model of `pydantic.v1`."""
    return inspect.isclass(kind) and any(base.__module__.startswith("pydantic.v1") for base in kind.__mro__)


def refuse_v1_models(*annotations: Any) -> None:
    """Raise for types that hold a model of `pydantic.v1`."""
    for annotation in annotations:
        if is_v1_model(annotation):
            raise PydanticV1NotSupportedError(f"{annotation.__name__} is a model of pydantic.v1: use one of Pydantic 2.")
        refuse_v1_models(*get_args(annotation))


class ValidationException(ValidationFailure):
    """Values that do not fit their declaration. `endpoint_ctx` says which endpoint declares them."""

    def __init__(self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: Mapping[str, Any] | None = None) -> None:
        super().__init__(errors, body=body)
        self.endpoint_ctx = endpoint_ctx or {}

    def __str__(self) -> str:
        count = len(self.errors())
        lines = [f"{count} validation error{'s' if count != 1 else ''}:", *(f"  {error}" for error in self.errors())]
        return "\n".join(lines) + self._place()

    def _place(self) -> str:
        place = self.endpoint_ctx
        if "file" in place and "line" in place:
            where = f'\n\n  File "{place["file"]}", line {place["line"]}, in {place.get("function")}'
            return where + (f"\n    {place['path']}" if "path" in place else "")
        return f"\n\n  Endpoint: {place['path']}" if "path" in place else ""


class RequestValidationError(ValidationException, trine_errors.RequestValidationError):
    """Inputs of a request that do not fit the endpoint's signature, all of them at once."""


class WebSocketRequestValidationError(ValidationException, trine_errors.WebSocketRequestValidationError):
    """Inputs of a WebSocket handshake that do not fit the endpoint's signature."""


class ResponseValidationError(ValidationException, trine_errors.ResponseValidationError):
    """An endpoint returned something that its response model does not allow."""


_KINDS = (
    (trine_errors.RequestValidationError, RequestValidationError),
    (trine_errors.WebSocketRequestValidationError, WebSocketRequestValidationError),
    (trine_errors.ResponseValidationError, ResponseValidationError),
)


def with_endpoint(error: ValidationFailure, endpoint: Any, path: str) -> ValidationException:
    """Give Trine's error FastAPI's class, and the endpoint that it concerns."""
    kind = next(fastapi_kind for trine_kind, fastapi_kind in _KINDS if isinstance(error, trine_kind))
    code = getattr(inspect.unwrap(endpoint), "__code__", None)
    place = {"function": getattr(endpoint, "__name__", type(endpoint).__name__), "path": path}
    if code is not None:
        place |= {"file": code.co_filename, "line": code.co_firstlineno}
    body = None if error.body == b"" else error.body
    # A place in the input is a tuple for programs that look at it, as it is in Pydantic.
    errors = [{**detail, "loc": tuple(detail["loc"])} for detail in error.errors()]
    return kind(errors, body=body, endpoint_ctx=place)


class naming:  # noqa: N801 - called like a function, as contextlib's are; a class costs a request a third of a generator
    """Let validation errors inside the block say which endpoint they concern."""

    __slots__ = ("endpoint", "path")

    def __init__(self, endpoint: Any, path: str) -> None:
        self.endpoint = endpoint
        self.path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, ValidationFailure) and not isinstance(error, ValidationException):
            raise with_endpoint(error, self.endpoint, self.path) from error
        if isinstance(error, SwallowedException):
            message = (
                "No response was made: the application may be raising an exception and a dependency with yield may swallow it."
            )
            raise FastAPIError(message) from error
