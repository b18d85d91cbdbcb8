"""Class-based routes: methods of a class answer those of a path, its constructor asks for what they share."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from types import FunctionType
from typing import Any, Unpack

from trine.errors import SetupError
from trine.types import Decorator

from .route import RouteOptions

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


def route_options(**options: Unpack[RouteOptions]) -> Decorator:
    """Say more about one method of a class-based route, in the words of a route: `@route_options(status_code=201)`."""

    def remember(method: Any) -> Any:
        method.__route_options__ = options
        return method

    return remember


def is_view(endpoint: Any) -> bool:
    """Whether an endpoint is a class with at least one method named like an HTTP method."""
    return inspect.isclass(endpoint) and any(hasattr(endpoint, verb) for verb in VERBS)


def not_a_view(endpoint: Any) -> SetupError:
    """The mistake of declaring something else as a class-based route."""
    return SetupError(
        f"{getattr(endpoint, '__qualname__', endpoint)} is no class-based route.",
        hint=f"Write a class with methods named after HTTP's: {', '.join(VERBS[:5])}.",
    )


def view_handlers(view: Any) -> Iterator[tuple[str, Callable[..., Any], RouteOptions]]:
    """Give each method of a view as a handler, with its own options."""
    has_constructor = view.__init__ is not object.__init__ and not (is_dataclass(view) and "__init__" not in vars(view))
    if inspect.get_annotations(view) and not has_constructor:
        # Fields of a class without a constructor are what its constructor would take.
        dataclass(repr=False, eq=False)(view)
    for verb in VERBS:
        method = getattr(view, verb, None)
        if method is not None:
            yield verb.upper(), _handler(view, verb), getattr(method, "__route_options__", RouteOptions())


def summary_of(verb: str, view: Any) -> str:
    """One line for the documentation: `ItemListView.get` is "Get item list"."""
    name = re.sub(r"(View|Endpoint|Resource|Controller)$", "", view.__name__) or view.__name__
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name)
    return f"{verb.capitalize()} {words.lower()}"


def _handler(view: type, verb: str) -> Callable[..., Any]:
    """A copy of a method that knows its class: binding constructs the first argument. Its code stays the method's own."""
    method = inspect.getattr_static(view, verb)
    if not isinstance(method, FunctionType):
        raise SetupError(
            f"{view.__qualname__}.{verb} is a {type(method).__name__}, and answers no requests.", hint="Write a plain method."
        )
    handler = FunctionType(method.__code__, method.__globals__, method.__name__, method.__defaults__, method.__closure__)
    handler.__kwdefaults__ = method.__kwdefaults__
    handler.__annotations__ = method.__annotations__
    handler.__dict__.update(method.__dict__)
    handler.__qualname__, handler.__module__ = f"{view.__qualname__}.{verb}", method.__module__
    handler.__doc__ = method.__doc__
    handler.__view__ = view  # type: ignore[attr-defined] # functions carry attributes
    return handler
