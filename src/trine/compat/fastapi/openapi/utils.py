"""`fastapi.openapi.utils`: the document of any list of routes, made by Trine."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from trine.binding.bound import BoundRoute
from trine.compat.fastapi import routing
from trine.compat.fastapi.exceptions import as_fastapi_error
from trine.errors import SetupError
from trine.openapi import make_document
from trine.openapi.callbacks import bind_sent


def get_openapi(
    *,
    title: str,
    version: str,
    openapi_version: str = "3.1.0",
    summary: str | None = None,
    description: str | None = None,
    routes: Sequence[Any],
    webhooks: Sequence[Any] | None = None,
    tags: list[dict[str, Any]] | None = None,
    servers: list[dict[str, Any]] | None = None,
    terms_of_service: str | None = None,
    contact: dict[str, Any] | None = None,
    license_info: dict[str, Any] | None = None,
    separate_input_output_schemas: bool = True,
    external_docs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe routes in an OpenAPI 3.1 document."""
    described = SimpleNamespace(
        title=title,
        version=version,
        summary=summary,
        description=description,
        terms_of_service=terms_of_service,
        contact=contact,
        license_info=license_info,
        openapi_tags=tags or [],
        servers=servers or [],
        openapi_external_docs=external_docs,
        separate_input_output_schemas=separate_input_output_schemas,
        declarations=SimpleNamespace(routes=_bound(routes)),
        webhooks=_sent(webhooks or ()),
    )
    try:
        document = make_document(described)
    except SetupError as error:
        raise as_fastapi_error(error) from error
    document["openapi"] = openapi_version
    return document


def _bound(routes: Sequence[Any]) -> list[BoundRoute]:
    """Bind the routes of paths, as they are declared: overrides are not documented."""
    try:
        return [route.bind(None) for route in routing.iter_routes(routes) if isinstance(route, routing.APIRoute)]
    except SetupError as error:
        raise as_fastapi_error(error) from error


def _sent(routes: Sequence[Any]) -> list[BoundRoute]:
    """Bind the routes of webhooks, whose place is no path."""
    context = routing.bind_context(None)
    return [bind_sent(route.flat(), context) for route in routing.iter_routes(routes) if isinstance(route, routing.APIRoute)]
