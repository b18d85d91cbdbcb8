"""The OpenAPI 3.1 document of an application."""

from typing import Any


def make_document(app: Any) -> dict[str, Any]:
    """Describe every route of an application."""
    paths: dict[str, dict[str, Any]] = {}
    for bound in app.declarations.routes:
        if not bound.flat.layer.include_in_schema:
            continue
        item = paths.setdefault(bound.pattern.openapi_path, {})
        for method in sorted(bound.flat.route.methods):
            item[method.lower()] = {"summary": bound.flat.name.replace("_", " ").title(), "responses": {"200": {"description": "Successful Response"}}}
    return {"openapi": "3.1.0", "info": {"title": app.title, "version": app.version}, "paths": paths}
