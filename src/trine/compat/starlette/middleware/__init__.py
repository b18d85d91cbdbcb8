"""`starlette.middleware`: a middleware class with its arguments, to be built when the application is."""

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, Protocol

from trine.types import ASGIApp

P = ParamSpec("P")


class _MiddlewareFactory(Protocol[P]):
    """Makes a middleware around an application."""

    def __call__(self, app: ASGIApp, /, *args: P.args, **kwargs: P.kwargs) -> ASGIApp:
        """Make it."""
        ...


class Middleware:
    """An ASGI middleware class, or factory, and what it is called with besides the application."""

    def __init__(self, cls: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.cls = cls
        self.args = args
        self.kwargs = kwargs

    def __iter__(self) -> Iterator[Any]:
        return iter((self.cls, self.args, self.kwargs))

    def __repr__(self) -> str:
        name = getattr(self.cls, "__name__", "")
        arguments = [name, *(repr(value) for value in self.args), *(f"{key}={value!r}" for key, value in self.kwargs.items())]
        return f"{type(self).__name__}({', '.join(argument for argument in arguments if argument)})"
