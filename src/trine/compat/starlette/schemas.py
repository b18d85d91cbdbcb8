"""`starlette.schemas`: an OpenAPI document from docstrings. Trine's own applications make theirs from signatures."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .requests import Request
from .responses import Response
from .routing import BaseRoute, Host, Mount, Route

_CONVERTER = re.compile(r":[a-zA-Z_][a-zA-Z0-9_]*(?=})")
_METHODS = ("get", "post", "put", "patch", "delete", "options", "query")


class OpenAPIResponse(Response):
    """A document as YAML."""

    media_type = "application/vnd.oai.openapi"

    def render(self, content: Any) -> bytes:
        """Write the document."""
        if not isinstance(content, dict):
            raise TypeError(f"An OpenAPI document is a dict, not {content!r}.")
        return _yaml().dump(content, default_flow_style=False).encode("utf-8")  # type: ignore[no-any-return] # text, as bytes


@dataclass(frozen=True)
class EndpointInfo:
    """A path, a method and the function that answers."""

    path: str
    http_method: str
    func: Callable[..., Any]


class BaseSchemaGenerator:
    """Makes a document of routes."""

    def get_schema(self, routes: Sequence[BaseRoute]) -> dict[str, Any]:
        """Give the document."""
        raise NotImplementedError

    def get_endpoints(self, routes: Sequence[BaseRoute]) -> list[EndpointInfo]:
        """Find everything that answers, also in mounted applications."""
        return list(_endpoints(routes, ""))

    def parse_docstring(self, func_or_method: Callable[..., Any]) -> dict[str, Any]:
        """Read the YAML of a docstring: all of it, or what stands below `---`."""
        text = (func_or_method.__doc__ or "").rpartition("---")[2]
        found = _yaml().safe_load(text) if text.strip() else None
        return found if isinstance(found, dict) else {}

    def OpenAPIResponse(self, request: Request) -> Response:
        """Answer with the document of the application's routes."""
        return OpenAPIResponse(self.get_schema(request.app.routes))


class SchemaGenerator(BaseSchemaGenerator):
    """Adds what the docstrings say to a document that has the rest."""

    def __init__(self, base_schema: dict[str, Any]) -> None:
        self.base_schema = base_schema

    def get_schema(self, routes: Sequence[BaseRoute]) -> dict[str, Any]:
        """Give the document."""
        paths: dict[str, dict[str, Any]] = {**self.base_schema.get("paths", {})}
        version = tuple(int(number) for number in re.findall(r"\d+", self.base_schema.get("openapi", "3.0.0"))[:2])
        for endpoint in self.get_endpoints(routes):
            # OpenAPI knows the method since 3.2.
            if endpoint.http_method == "query" and version < (3, 2):
                continue
            described = self.parse_docstring(endpoint.func)
            if described:
                paths.setdefault(endpoint.path, {})[endpoint.http_method] = described
        return {**self.base_schema, "paths": paths}


def _endpoints(routes: Sequence[BaseRoute], prefix: str) -> Iterator[EndpointInfo]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _endpoints(route.routes, prefix + _CONVERTER.sub("", route.path))
        elif isinstance(route, Host):
            yield from _endpoints(route.routes, prefix)
        elif isinstance(route, Route) and route.include_in_schema:
            path = prefix + _CONVERTER.sub("", route.path)
            if inspect.isfunction(route.endpoint) or inspect.ismethod(route.endpoint):
                wanted = [method.lower() for method in route.methods or ["GET"] if method != "HEAD"]
                yield from (EndpointInfo(path, method, route.endpoint) for method in wanted)
            else:
                known = [method for method in _METHODS if hasattr(route.endpoint, method)]
                yield from (EndpointInfo(path, method, getattr(route.endpoint, method)) for method in known)


def _yaml() -> Any:
    try:
        yaml = import_module("yaml")
    except ImportError as error:
        raise AssertionError("`pyyaml` must be installed to use OpenAPIResponse.") from error
    return yaml
