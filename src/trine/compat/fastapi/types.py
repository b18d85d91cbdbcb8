"""`fastapi.types`: words for signatures."""

from collections.abc import Callable
from typing import Any, TypeVar

DecoratedCallable = TypeVar("DecoratedCallable", bound=Callable[..., Any])
IncEx = set[int] | set[str] | dict[int, Any] | dict[str, Any]
