"""`fastapi.param_functions`: the functions that programs call; each returns a declaration of `params`."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from trine.binding.params import UNSET

from . import params


def Path(default: Any = ..., **options: Any) -> Any:
    """Declare a part of the path."""
    return params.Path(default, **options)


def Query(default: Any = UNSET, **options: Any) -> Any:
    """Declare a value of the query string."""
    return params.Query(default, **options)


def Header(default: Any = UNSET, **options: Any) -> Any:
    """Declare a header. Underscores stand for hyphens unless `convert_underscores` is False."""
    return params.Header(default, **options)


def Cookie(default: Any = UNSET, **options: Any) -> Any:
    """Declare a cookie."""
    return params.Cookie(default, **options)


def Body(default: Any = UNSET, **options: Any) -> Any:
    """Declare the body, or with `embed` one key of it."""
    return params.Body(default, **options)


def Form(default: Any = UNSET, **options: Any) -> Any:
    """Declare a field of an HTML form."""
    return params.Form(default, **options)


def File(default: Any = UNSET, **options: Any) -> Any:
    """Declare an uploaded file."""
    return params.File(default, **options)


def Depends(
    dependency: Callable[..., Any] | None = None,
    *,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """Declare a dependency. No more than `max_concurrency` requests use it at the same time."""
    return params.Depends(dependency, use_cache=use_cache, scope=scope, max_concurrency=max_concurrency)


def Security(
    dependency: Callable[..., Any] | None = None,
    *,
    scopes: Sequence[str] | None = None,
    use_cache: bool = True,
    scope: Literal["function", "request"] | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """Declare a dependency that checks who asks."""
    return params.Security(dependency, scopes=scopes, use_cache=use_cache, scope=scope, max_concurrency=max_concurrency)
