"""The pages that show the document: Swagger UI at `/docs`, ReDoc at `/redoc`, the document itself at `/openapi.json`.

They load nothing from other hosts and run no script inside the page, so that they work offline and under a strict
content security policy.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import urlsplit

from trine.http import HTMLResponse, Request, Response
from trine.http.json import encode_json
from trine.routing import APIRouter

from .assets import Asset, serve

SWAGGER_UI = tuple(map(Asset, ("swagger-ui.css", "docs.css", "swagger-ui.js", "docs.js", "oauth2-redirect.js", "favicon.svg")))
REDOC = tuple(map(Asset, ("docs.css", "redoc.js", "reference.js", "favicon.svg")))


def docs_router(app: Any) -> APIRouter:
    """The routes of the documentation. An address that is None is not served, nor is what would show it."""
    router = APIRouter(include_in_schema=False)
    if app.openapi_url is None:
        return router
    _add(router, app.openapi_url, _document(app), "openapi")
    if app.docs_url is not None:
        _add_page(router, app.docs_url, _swagger_ui(app), "swagger_ui_html", SWAGGER_UI)
        _add(router, redirect_url(app), _oauth2_redirect(app), "swagger_ui_redirect")
    if app.redoc_url is not None:
        _add_page(router, app.redoc_url, _redoc(app), "redoc_html", REDOC)
    return router


def redirect_url(app: Any) -> str:
    """Where an OAuth 2 provider sends the browser back to."""
    return f"{app.docs_url.rstrip('/')}/oauth2-redirect"


def _add_page(router: APIRouter, url: str, handler: Any, name: str, assets: Iterable[Asset]) -> None:
    _add(router, url, handler, name)
    for asset in assets:
        _add(router, _asset_url(url, asset), serve(asset), f"{name}_{asset.name}")


def _add(router: APIRouter, url: str, handler: Any, name: str) -> None:
    router.add_api_route(url, handler, methods=["GET"], name=name, inline=True)


def _asset_url(page_url: str, asset: Asset) -> str:
    return f"{page_url.rstrip('/')}/{asset.versioned_name}"


# The document ---------------------------------------------------------------------------------------------------


def _document(app: Any) -> Any:
    def openapi(request: Request) -> Response:
        document = for_root_path(app.openapi(), _root_path(app, request))
        return Response(encode_json(document), headers={"cache-control": "no-cache"}, media_type="application/json")

    return openapi


def for_root_path(document: dict[str, Any], root_path: str) -> dict[str, Any]:
    """The document as seen through a proxy that strips a prefix: the prefix is its first server."""
    servers = document.get("servers", [])
    if not root_path or any(server.get("url") == root_path for server in servers):
        return document
    first = {"openapi": document["openapi"], "info": document["info"], "servers": [{"url": root_path}, *servers]}
    return {**first, **{key: value for key, value in document.items() if key not in first}}


def _root_path(app: Any, request: Request) -> str:
    return str(request.root_path or app.root_path).rstrip("/")


# The pages ------------------------------------------------------------------------------------------------------


def _swagger_ui(app: Any) -> Any:
    css, own_css, script, own_script, _, icon = (_asset_url(app.docs_url, asset) for asset in SWAGGER_UI)

    def swagger_ui_html(request: Request) -> Response:
        root = _root_path(app, request)
        settings = {
            "url": root + app.openapi_url,
            "oauth2RedirectUrl": root + redirect_url(app),
            **(app.swagger_ui_parameters or {}),
        }
        attributes = {"data-settings": json.dumps(settings)}
        if app.swagger_ui_init_oauth:
            attributes["data-oauth"] = json.dumps(app.swagger_ui_init_oauth)
        page = _page(f"{app.title} – API", "swagger-ui", root, attributes, styles=(css, own_css), scripts=(script, own_script), icon=icon)
        # The window that a provider opens for signing in must find back to this page.
        return _respond(page, app, **{"cross-origin-opener-policy": "same-origin-allow-popups"})

    return swagger_ui_html


def _redoc(app: Any) -> Any:
    css, script, own_script, icon = (_asset_url(app.redoc_url, asset) for asset in REDOC)

    def redoc_html(request: Request) -> Response:
        root = _root_path(app, request)
        attributes = {"data-url": root + app.openapi_url}
        page = _page(f"{app.title} – API reference", "redoc", root, attributes, styles=(css,), scripts=(script, own_script), icon=icon)
        return _respond(page, app)

    return redoc_html


def _oauth2_redirect(app: Any) -> Any:
    script = _asset_url(app.docs_url, SWAGGER_UI[4])

    def swagger_ui_redirect(request: Request) -> Response:
        source = escape(_root_path(app, request) + script)
        page = f'<!doctype html>\n<html lang="en"><title>Signing in</title><script src="{source}"></script></html>\n'
        return _respond(page, app, **{"cross-origin-opener-policy": "unsafe-none"})

    return swagger_ui_redirect


def _page(
    title: str, name: str, root: str, attributes: Mapping[str, str], *, styles: Iterable[str], scripts: Iterable[str], icon: str
) -> str:
    described = " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items())
    sheets = "\n".join(f'<link rel="stylesheet" href="{escape(root + url)}">' for url in styles)
    code = "\n".join(f'<script src="{escape(root + url)}" defer></script>' for url in scripts)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="{escape(root + icon)}" type="image/svg+xml">
{sheets}
{code}
</head>
<body>
<main id="{name}" {described}><p class="wait" role="status">Loading the documentation …</p></main>
<noscript><p class="wait">This page needs JavaScript. The document itself is the file that it shows.</p></noscript>
</body>
</html>
"""


def _respond(page: str, app: Any, **headers: str) -> Response:
    policy = content_security_policy(app.openapi())
    return HTMLResponse(page, headers={"content-security-policy": policy, "cache-control": "no-cache", **headers})


def content_security_policy(document: Mapping[str, Any]) -> str:
    """What the pages may load: their own files, and answers of the servers that the document names."""
    servers = " ".join(["'self'", *sorted(set(_origins(document)))])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            f"connect-src {servers}",
            "worker-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _origins(document: Mapping[str, Any]) -> Iterator[str]:
    """Give the hosts that "Try it out" and signing in speak to."""
    urls = [server.get("url", "") for server in document.get("servers", [])]
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        urls.append(scheme.get("openIdConnectUrl", ""))
        for flow in scheme.get("flows", {}).values():
            urls.extend((flow.get("tokenUrl", ""), flow.get("refreshUrl", "")))
    for url in urls:
        parts = urlsplit(url)
        # A host with a variable, or with a character that would end the directive, is not named.
        if parts.scheme in ("http", "https") and parts.netloc and not set(parts.netloc) & set("{};, '\""):
            yield f"{parts.scheme}://{parts.netloc}"
