"""Requests that the application sends itself: callbacks and webhooks are declared like routes, but answer nothing here."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from trine.binding.bound import BoundRoute
from trine.binding.context import BindContext
from trine.binding.plan import make_plan
from trine.binding.signature import read_call
from trine.routing import APIRouter, FlatRoute, PathPattern, Route
from trine.routing.converters import Converter, find_converter
from trine.routing.route import own_layer

_PARAMETER = re.compile(r"\{([a-zA-Z_]\w*)(?::([a-zA-Z_]\w*))?\}")


def bind_callbacks(bound: BoundRoute) -> Iterator[BoundRoute]:
    """Bind the callbacks of a route."""
    for flat in flat_routes(bound.flat.layer.callbacks):
        yield bind_sent(flat, bound.context)


def bind_sent(flat: FlatRoute, context: BindContext) -> BoundRoute:
    """Read the signature of a callback or webhook, whose place is no path of this application."""
    pattern = SentPath(flat.path)
    call = read_call(flat.route.handler, path_names=pattern.names, extra=flat.layer.dependencies)
    return BoundRoute(flat, pattern, call, make_plan(call), context)


def flat_routes(declared: Iterable[Any]) -> Iterator[FlatRoute]:
    """Give the routes among routers, routes, and objects that have a `flat()`."""
    for entry in declared:
        if isinstance(entry, APIRouter):
            yield from entry.flat_routes()
        elif isinstance(entry, Route):
            yield FlatRoute(entry, entry.path, own_layer(entry))
        elif isinstance(entry, FlatRoute):
            yield entry
        else:
            yield entry.flat()


class SentPath(PathPattern):
    """A webhook's name, or a callback's URL: a runtime expression such as `{$callback_url}/paid` (OpenAPI 3.1 §4.8.18)."""

    def __post_init__(self) -> None:
        """Accept what is no path of this application."""

    @cached_property
    def parameters(self) -> tuple[tuple[str, Converter], ...]:
        """Names and converters, from left to right. Runtime expressions are not among them."""
        return tuple((match[1], find_converter(match[2] or "str", self.path)) for match in _PARAMETER.finditer(self.path))

    @cached_property
    def openapi_path(self) -> str:
        """The place as OpenAPI writes it: parameters without their converters."""
        return _PARAMETER.sub(lambda match: "{" + match[1] + "}", self.path)
