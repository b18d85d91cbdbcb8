"""What a person sees where a page cannot be shown, in place of JSON."""

from collections.abc import Sequence
from html import escape
from typing import Any

from trine.errors import HTTPException, RequestValidationError, status_phrase
from trine.http import HTMLResponse, Request, Response, problems
from trine.staticfiles.frontend import wants_page

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#535e6d;--ground:#f7f8fa;--line:#d5dae1;--link:#0b57d0}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebf0;--soft:#a9b3c1;--ground:#14181e;--line:#333c48;--link:#8ab4f8}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);
font:1.0625rem/1.6 system-ui,sans-serif;padding:1.5rem}
main{width:100%;max-width:34rem}
p.status{margin:0;color:var(--soft);font-variant-numeric:tabular-nums;letter-spacing:.06em}
h1{margin:.25rem 0 1rem;font-size:clamp(1.5rem,6vw,2.25rem);line-height:1.2}
p,ul{margin:0 0 1rem}ul{padding-left:1.25rem}
code{font-size:.9em;overflow-wrap:anywhere}
nav{border-top:1px solid var(--line);padding-top:1rem;color:var(--soft)}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible{outline:3px solid var(--link);outline-offset:3px;border-radius:2px}
""".strip().replace("\n", "")

_WORDS = {
    400: ("This request cannot be understood", "Go back, and try again."),
    401: ("You are not signed in", "Sign in, and open the page again."),
    403: ("You may not open this page", "You may be signed in as somebody else, or not at all."),
    404: ("There is no such page", "The address may be misspelled, or the page has moved."),
    405: ("This does not work here", "The page cannot be asked in this way."),
    408: ("This took too long", "The connection may be slow. Try again."),
    410: ("This page is gone", "It was removed on purpose."),
    413: ("This is too large", "Send something smaller."),
    422: ("Something does not fit", "Go back, correct it, and send it again."),
    429: ("This was too much at once", "Wait a moment, and try again."),
    500: ("Something went wrong here", "It is our mistake, and it was noted. Try again in a moment."),
    503: ("There is too much going on here", "Wait a moment, and try again."),
}


async def error_answer(request: Request, error: HTTPException) -> Response:
    """A page for an error with a status."""
    if error.status_code < 200 or error.status_code in (204, 205, 304):
        return Response(None, error.status_code, error.headers)
    detail = error.detail if isinstance(error.detail, str) and error.detail != status_phrase(error.status_code) else ""
    return write_page(request, error.status_code, detail, title=getattr(error, "title", ""), headers=error.headers)


async def validation_answer(request: Request, error: RequestValidationError) -> Response:
    """A page for inputs that do not fit."""
    lines = [f"{'.'.join(str(part) for part in one.get('loc', ())[1:])}: {one.get('msg', '')}" for one in error.errors()[:20]]
    return write_page(request, 422, lines=lines)


async def broken_answer(request: Request, error: Exception) -> Response:
    """A page for a request that breaks off, has too many fields, or would make unsafe headers."""
    known = problems.plain_errors(request, error)
    return write_page(request, 400 if known is None else known.status_code)


async def server_error_answer(request: Request, error: Exception) -> Response:
    """A page for an error that nobody expected. It says nothing of it, in development everything."""
    if isinstance(error, HTTPException):
        return await error_answer(request, error)
    if request.app.debug:
        from trine.http.debug import error_page

        return error_page(request, error)
    return write_page(request, 500)


async def elsewhere_answer(request: Request, error: HTTPException) -> Response:
    """A page for a browser that opens an address where nothing is; JSON for everybody else."""
    if wants_page(", ".join(request.headers.getlist("accept"))):
        return await error_answer(request, error)
    shape = problems.problem_errors if request.app.settings.problem_details else problems.plain_errors
    return shape(request, error) or await server_error_answer(request, error)


def write_page(
    request: Request, status: int, detail: str = "", *, title: str = "", lines: Sequence[str] = (), headers: Any = None
) -> Response:
    """Write the page. Whatever comes from elsewhere is escaped."""
    usual, advice = _WORDS.get(status, (status_phrase(status) or "Something went wrong", "Go back, and try again."))
    title = title or usual
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    found = getattr(request.state, "request_id", None)
    number = f" <code>{escape(found)}</code>" if isinstance(found, str) else ""
    home = escape(request.root_path or "", quote=True) + "/"
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'<meta name="robots" content="noindex"><style>{_STYLE}</style></head><body><main>'
        f'<p class="status">{status}{number}</p><h1>{escape(title)}</h1>'
        f"<p>{escape(detail or advice)}</p>{f'<ul>{listed}</ul>' if listed else ''}"
        f'<nav><a href="{home}">Go to the start page</a></nav></main></body></html>'
    )
    answer = HTMLResponse(text.encode("utf-8", "replace"), status, headers)
    answer.headers.setdefault("cache-control", "no-store")
    return answer
