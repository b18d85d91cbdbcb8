"""`fastapi.openapi.docs`: Swagger UI and ReDoc, loaded from where FastAPI loads them."""

import json
from html import escape
from typing import Any

from trine.compat.starlette.responses import HTMLResponse

SWAGGER_JS = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui-bundle.js"
SWAGGER_CSS = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui.css"
REDOC_JS = "https://cdn.jsdelivr.net/npm/redoc@2/bundles/redoc.standalone.js"
FAVICON = "https://fastapi.tiangolo.com/img/favicon.png"

swagger_ui_default_parameters: dict[str, Any] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
}


def get_swagger_ui_html(
    *,
    openapi_url: str,
    title: str,
    swagger_js_url: str = SWAGGER_JS,
    swagger_css_url: str = SWAGGER_CSS,
    swagger_favicon_url: str = FAVICON,
    oauth2_redirect_url: str | None = None,
    init_oauth: dict[str, Any] | None = None,
    swagger_ui_parameters: dict[str, Any] | None = None,
) -> HTMLResponse:
    """Make the page of Swagger UI. Settings are written so that they cannot end the script."""
    settings = {**swagger_ui_default_parameters, **(swagger_ui_parameters or {})}
    lines = [f"url: '{openapi_url}',", *(f'"{name}": {_script_json(value)},' for name, value in settings.items())]
    if oauth2_redirect_url:
        lines.append(f"oauth2RedirectUrl: window.location.origin + '{oauth2_redirect_url}',")
    lines.append("presets: [SwaggerUIBundle.presets.apis,SwaggerUIBundle.SwaggerUIStandalonePreset],")
    oauth = f"ui.initOAuth({_script_json(init_oauth)})" if init_oauth else ""
    return HTMLResponse(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{swagger_css_url}">
<link rel="icon" href="{swagger_favicon_url}">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{swagger_js_url}"></script>
<script>
const ui = SwaggerUIBundle({{
{chr(10).join(lines)}
}})
{oauth}
</script>
</body>
</html>
"""
    )


def get_redoc_html(
    *,
    openapi_url: str,
    title: str,
    redoc_js_url: str = REDOC_JS,
    redoc_favicon_url: str = FAVICON,
    with_google_fonts: bool = True,
) -> HTMLResponse:
    """Make the page of ReDoc."""
    families = "Montserrat:300,400,700|Roboto:300,400,700"
    fonts = f'<link rel="stylesheet" href="https://fonts.googleapis.com/css?family={families}">' if with_google_fonts else ""
    return HTMLResponse(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
{fonts}
<link rel="icon" href="{redoc_favicon_url}">
<style>body {{ margin: 0; padding: 0 }}</style>
</head>
<body>
<noscript>ReDoc needs JavaScript to show the documentation.</noscript>
<redoc spec-url="{openapi_url}"></redoc>
<script src="{redoc_js_url}"></script>
</body>
</html>
"""
    )


def get_swagger_ui_oauth2_redirect_html() -> HTMLResponse:
    """Make the page to which an OAuth2 server sends the browser back; it hands the answer to the window that opened it."""
    return HTMLResponse(_REDIRECT_PAGE)


def _script_json(value: Any) -> str:
    """JSON that may stand inside a script element: nothing in it can open or close a tag."""
    text = json.dumps(value)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


_REDIRECT_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Signing in</title></head>
<body>
<script>
(function () {
  const waiting = window.opener.swaggerUIRedirectOauth2
  const answer = new URLSearchParams(location.hash ? location.hash.slice(1) : location.search.slice(1))
  const flow = waiting.auth.schema.get('flow')
  const usesCode = ['accessCode', 'authorizationCode', 'authorization_code'].includes(flow)
  const stateFits = answer.get('state') === waiting.state
  const fail = (text) => waiting.errCb({authId: waiting.auth.name, source: 'auth', level: 'error', message: text})
  if (usesCode && !waiting.auth.code) {
    if (!stateFits) {
      waiting.errCb({
        authId: waiting.auth.name, source: 'auth', level: 'warning',
        message: 'The answer may be forged: it does not carry the state that was sent.'
      })
    }
    if (answer.get('code')) {
      delete waiting.state
      waiting.auth.code = answer.get('code')
      waiting.callback({auth: waiting.auth, redirectUrl: waiting.redirectUrl})
    } else {
      fail(answer.get('error_description') || answer.get('error') || 'The answer has no code.')
    }
  } else {
    const token = Object.fromEntries(answer)
    waiting.callback({auth: waiting.auth, token, isValid: stateFits, redirectUrl: waiting.redirectUrl})
  }
  window.close()
})()
</script>
</body>
</html>
"""
