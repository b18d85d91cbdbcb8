"""The pages that show the document: Swagger UI at `/docs`, ReDoc at `/redoc`, the document itself at `/openapi.json`.

They load nothing from other hosts and run no script inside the page, so that they work offline and under a strict
content security policy.
"""

import json
from collections.abc import Callable, Iterable
from html import escape
from secrets import token_urlsafe
from typing import Any

from trine.http import HTMLResponse, Request, Response
from trine.http.json import encode_json
from trine.routing import APIRouter

from .assets import Asset, serve
from .html import Page
from .policy import content_security_policy

STYLES = Asset("docs.css")
ICON = Asset("favicon.svg")
OAUTH2_REDIRECT = Asset("oauth2-redirect.js")
SWAGGER_UI = (Asset("swagger-ui.css"), Asset("swagger-ui.js"), Asset("docs.js"))
REDOC = (Asset("redoc.js"), Asset("reference.js"))

PageHandler = Callable[[Request], Response]


def docs_router(app: Any) -> APIRouter:
    """The routes of the documentation. An address that is None is not served, nor is what would show it."""
    router = APIRouter(include_in_schema=False)
    if app.openapi_url is None:
        return router
    _add(router, app.openapi_url, _document(app), "openapi")
    if app.docs_url is not None:
        _add(router, app.docs_url, _swagger_ui(app), "swagger_ui_html")
        _add(router, redirect_url(app), _oauth2_redirect(app), "swagger_ui_redirect")
        _add_assets(router, app.docs_url, (STYLES, ICON, OAUTH2_REDIRECT, *SWAGGER_UI))
    if app.redoc_url is not None:
        _add(router, app.redoc_url, _redoc(app), "redoc_html")
        _add_assets(router, app.redoc_url, (STYLES, ICON, *REDOC))
    return router


def redirect_url(app: Any) -> str:
    """Where an OAuth 2 provider sends the browser back to."""
    return f"{app.docs_url.rstrip('/')}/oauth2-redirect"


def for_root_path(document: dict[str, Any], root_path: str) -> dict[str, Any]:
    """The document as seen through a proxy that strips a prefix: the prefix is its first server."""
    servers = document.get("servers", [])
    if not root_path or any(server.get("url") == root_path for server in servers):
        return document
    first = {"openapi": document["openapi"], "info": document["info"], "servers": [{"url": root_path}, *servers]}
    return {**first, **{key: value for key, value in document.items() if key not in first}}


# What answers ---------------------------------------------------------------------------------------------------


def _document(app: Any) -> PageHandler:
    def openapi(request: Request) -> Response:
        version = _version(app, request)
        found = app.openapi() if version is None else app.openapi(version)
        document = for_root_path(found, _root_path(app, request))
        return Response(encode_json(document), headers={"cache-control": "no-cache"}, media_type="application/json")

    return openapi


def _swagger_ui(app: Any) -> PageHandler:
    css, script, start = (_asset_url(app.docs_url, asset) for asset in SWAGGER_UI)

    def swagger_ui_html(request: Request) -> Response:
        root, version = _root_path(app, request), _version(app, request)
        urls = {"url": root + _of_version(app.openapi_url, version), "oauth2RedirectUrl": root + redirect_url(app)}
        attributes = {"data-settings": json.dumps({**urls, **(app.swagger_ui_parameters or {})})}
        if app.swagger_ui_init_oauth:
            attributes["data-oauth"] = json.dumps(app.swagger_ui_init_oauth)
        page = Page(
            title=f"{app.title} – API",
            element="swagger-ui",
            tag="div",
            styles=(root + css, root + _asset_url(app.docs_url, STYLES)),
            scripts=(root + script, root + start),
            attributes=attributes,
            **_frame(app, root, app.docs_url, version),
        )
        # The window that a provider opens for signing in must find back to this page.
        return _respond(app, page.render(), opener="same-origin-allow-popups")

    return swagger_ui_html


def _redoc(app: Any) -> PageHandler:
    script, start = (_asset_url(app.redoc_url, asset) for asset in REDOC)

    def redoc_html(request: Request) -> Response:
        root, version, nonce = _root_path(app, request), _version(app, request), token_urlsafe(16)
        page = Page(
            title=f"{app.title} – API reference",
            element="redoc",
            tag="main",
            styles=(root + _asset_url(app.redoc_url, STYLES),),
            scripts=(root + script, root + start),
            attributes={"data-url": root + _of_version(app.openapi_url, version)},
            nonce=nonce,
            **_frame(app, root, app.redoc_url, version),
        )
        return _respond(app, page.render(), nonce=nonce)

    return redoc_html


def _oauth2_redirect(app: Any) -> PageHandler:
    script = _asset_url(app.docs_url, OAUTH2_REDIRECT)

    def swagger_ui_redirect(request: Request) -> Response:
        source = escape(_root_path(app, request) + script)
        page = f'<!doctype html>\n<html lang="en"><title>Signing in</title><script src="{source}"></script></html>\n'
        return _respond(app, page, opener="unsafe-none")

    return swagger_ui_redirect


# Parts ----------------------------------------------------------------------------------------------------------


def _frame(app: Any, root: str, url: str, version: str | None) -> dict[str, Any]:
    places = {"Try it out": app.docs_url, "Reference": app.redoc_url, "openapi.json": app.openapi_url}
    links = {label: root + _of_version(place, version) for label, place in places.items() if place is not None}
    versions = [] if version is None else [name for name in reversed(app.versions.names) if name != version]
    # The switch: this page of the other versions, the newest first.
    links |= {f"Version {name}": root + _of_version(url, name) for name in versions}
    icon, title = root + _asset_url(url, ICON), app.title if version is None else f"{app.title}, version {version}"
    return {"application": title, "icon": icon, "links": links, "address": root + _of_version(url, version)}


def _version(app: Any, request: Request) -> str | None:
    """The API version that a page is about: the one in its address, else the default one."""
    versions = getattr(app, "versions", None)
    if versions is None:
        return None
    named = request.query_params.get("version")
    return str(named if named in versions.names else versions.default)


def _of_version(url: str, version: str | None) -> str:
    return url if version is None else f"{url}?version={version}"


def _respond(app: Any, page: str, *, nonce: str = "", opener: str = "same-origin") -> Response:
    headers = {
        "content-security-policy": content_security_policy(app.openapi(), nonce),
        "cross-origin-opener-policy": opener,
        "cache-control": "no-cache",
    }
    return HTMLResponse(page, headers=headers)


def _root_path(app: Any, request: Request) -> str:
    return str(request.root_path or app.root_path).rstrip("/")


def _add_assets(router: APIRouter, page_url: str, assets: Iterable[Asset]) -> None:
    for asset in assets:
        _add(router, _asset_url(page_url, asset), serve(asset), f"{page_url}:{asset.name}")


def _add(router: APIRouter, url: str, handler: PageHandler, name: str) -> None:
    # In a thread: whoever asks first has the document made, and files are read.
    router.add_api_route(url, handler, methods=["GET"], name=name, inline=False)


def _asset_url(page_url: str, asset: Asset) -> str:
    return f"{page_url.rstrip('/')}/{asset.versioned_name}"
