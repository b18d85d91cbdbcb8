"""The OpenAPI 3.1 document of an application: what it is, its paths, and the components that they refer to."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from trine.binding.bound import BoundRoute, bind_route
from trine.http.json import encode_json
from trine.routing import APIRouter

from .callbacks import bind_sent, flat_routes
from .operations import Operation, read_operations, write_paths
from .problems import PLAIN, PROBLEM_DETAILS
from .schemas import Schemas, used_components


def make_document(app: Any, version: str | None = None) -> dict[str, Any]:
    """Describe an application as declared: dependencies that a test overrides are documented all the same.

    With a version, only what belongs to it.
    """
    settings = getattr(app, "settings", None)
    problem_details = bool(settings and settings.problem_details)
    operations = _operations(_declared_routes(app, version))
    webhooks = _operations(_webhooks(app))
    _warn_of_duplicates([*operations, *webhooks])

    places = [place for operation in [*operations, *webhooks] for place in operation.places()]
    schemas = Schemas(places, separate_input_output=app.separate_input_output_schemas)
    document: dict[str, Any] = {"openapi": "3.1.0", "info": _info(app, version)}
    if app.servers:
        document["servers"] = list(app.servers)
    document["paths"] = write_paths(operations, schemas, problem_details=problem_details)
    if webhooks:
        document["webhooks"] = write_paths(webhooks, schemas)
    components = _components(document, schemas, [*operations, *webhooks], problem_details)
    if components:
        document["components"] = components
    if app.openapi_tags:
        document["tags"] = list(app.openapi_tags)
    if app.openapi_external_docs:
        document["externalDocs"] = app.openapi_external_docs
    # Plain values, and the caller's own: examples may be models, and an application may change what it gets.
    plain: dict[str, Any] = msgspec.json.decode(encode_json(document))
    return plain


def _info(app: Any, version: str | None) -> dict[str, Any]:
    info = {
        "title": app.title,
        "summary": app.summary,
        "description": app.description,
        "termsOfService": app.terms_of_service,
        "contact": app.contact,
        "license": app.license_info,
        "version": version or app.version,
    }
    return {key: value for key, value in info.items() if value or key in ("title", "version")}


def _components(
    document: dict[str, Any], schemas: Schemas, operations: Iterable[Operation], problem_details: bool
) -> dict[str, Any]:
    errors = PROBLEM_DETAILS if problem_details else PLAIN
    # An application's own model of one of these names takes its place.
    used = used_components(document, {**errors, **schemas.components})
    schemes = {need.name: need.model for operation in operations for need in operation.all_requirements()}
    components = {"schemas": used, "securitySchemes": schemes}
    return {name: content for name, content in components.items() if content}


def _operations(routes: Iterable[BoundRoute]) -> list[Operation]:
    return [operation for bound in routes if bound.flat.layer.include_in_schema for operation in read_operations(bound)]


def _declared_routes(app: Any, version: str | None) -> Sequence[BoundRoute]:
    found = app.declarations
    routes: Sequence[BoundRoute] = found.routes_of(version) if version is not None else found.routes
    context = getattr(found, "context", None)
    if context is None or not context.overrides:
        return routes
    declared = replace(context, overrides={})
    return [bind_route(bound.flat, declared) for bound in routes]


def _webhooks(app: Any) -> list[BoundRoute]:
    declared = app.webhooks
    if not isinstance(declared, APIRouter):
        return list(declared)
    return [bind_sent(flat, app.declarations.context) for flat in flat_routes([declared])]


def _warn_of_duplicates(operations: Iterable[Operation]) -> None:
    """Say which operations share a name: generated clients would lose one of them.

    A warning and no `SetupError`: the application answers correctly, and a router with named operations that is
    included under two prefixes is a sensible program.
    """
    seen: dict[str, Operation] = {}
    for operation in operations:
        first = seen.setdefault(operation.unique_id, operation)
        if first is not operation:
            warnings.warn(
                f"Duplicate Operation ID '{operation.unique_id}': {first.method} {first.path} and "
                f"{operation.method} {operation.path}. Give one of them another operation_id.",
                stacklevel=2,
            )
