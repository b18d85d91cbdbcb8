"""A rendered page without a server: CPU microseconds of Trine's and of Flask's, and how much of each is Jinja2's rendering.

`python -m benchmarks.pages`. The same template text and values, a session in a signed cookie, and a CSRF token. What is left
after rendering is each framework's own share. The figures are the best of many short batches, taken in turns.
"""

import argparse
import gc
import io
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop
from jinja2 import Environment, FileSystemLoader, select_autoescape

from trine.pages.templates import SiteEnvironment

from .apps.people import TITLE, USER, people
from .fakes import asgi_call, rsgi_call
from .inprocess import Nothing
from .workloads import PEOPLE, Request

Call = Callable[[], Awaitable[None]]
BATCHES = 40
LARGEST_SHARE = 1 / 3
"""How much of Flask's own share Trine's may be."""


def rendering_call(kind: type[Environment]) -> Call:
    """Render the template alone, in an environment of Jinja2's class or of Trine's, which finds keys of dicts sooner."""
    loader = FileSystemLoader(Path(__file__).parent / "apps" / "templates")
    environment = kind(loader=loader, autoescape=select_autoescape(), auto_reload=False)
    template = environment.get_template("people.html")

    async def render() -> None:
        template.render(title=TITLE, user=USER, people=people(), csrf_token=lambda: "x" * 43).encode()

    return render


async def trine_calls() -> dict[str, Call]:
    """The page on both wires, for a visitor who has a session."""
    from .apps.trine_pages import app

    cookies = ""
    for path in ("/people/enter", "/people"):
        cookies = await _visit(app, path, cookies)
    asked = Request("/people", headers={"cookie": cookies})
    calls = {"trine, RSGI": rsgi_call(app, asked), "trine, ASGI": asgi_call(app, asked)}
    nothing = {
        "nothing, RSGI": rsgi_call(Nothing(), asked, check=False),
        "nothing, ASGI": asgi_call(Nothing(), asked, check=False),
    }
    return calls | nothing


def flask_call() -> Call:
    """The page called as WSGI, for a visitor who has a session."""
    from .apps.flask_pages import app

    client = app.test_client()
    client.get("/people/enter")
    client.get("/people")
    cookie = client.get_cookie("session")
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/people",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_COOKIE": f"session={cookie.value}",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    statuses: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        statuses.append(status)
        return lambda data: None

    async def call() -> None:
        statuses.clear()
        answer = app(dict(environ), start_response)
        body = b"".join(answer)
        answer.close()
        if statuses != ["200 OK"] or (not call.is_checked and not PEOPLE.match(body)):
            raise RuntimeError(f"Flask answers {statuses}: {body[:300]!r}")
        call.is_checked = True

    call.is_checked = False
    return call


async def _visit(app: Any, path: str, cookies: str) -> str:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"cookie", cookies.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    events: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Any) -> None:
        events.append(event)

    await app(scope, receive, send)
    given = [value for name, value in events[0]["headers"] if name == b"set-cookie"]
    return given[0].partition(b";")[0].decode() if given else cookies


async def measure() -> dict[str, float]:
    """Microseconds by name, what the fakes cost taken off."""
    rendering = {"rendering": rendering_call(Environment), "rendering, Trine": rendering_call(SiteEnvironment)}
    calls = {**rendering, **await trine_calls(), "flask": flask_call()}
    best = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        for _ in range(200):
            await call()
    for _ in range(BATCHES):
        for name, call in calls.items():
            gc.collect()
            start = time.process_time()
            for _ in range(100):
                await call()
            best[name] = min(best[name], (time.process_time() - start) * 1e4)
    return {
        "rendering": best["rendering"],
        "rendering, Trine": best["rendering, Trine"],
        "trine, RSGI": best["trine, RSGI"] - best["nothing, RSGI"],
        "trine, ASGI": best["trine, ASGI"] - best["nothing, ASGI"],
        "flask": best["flask"],
    }


def main() -> int:
    """Print the figures; fail where Trine's own share is larger than a third of Flask's."""
    argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__).parse_args()
    figures = uvloop.run(measure())
    own = {"flask": figures.pop("rendering")}
    own["trine, RSGI"] = own["trine, ASGI"] = figures.pop("rendering, Trine")
    print(f"{'':14}{'page':>10}{'rendering':>12}{'own share':>12}{'of Flask':>12}")
    flask = figures["flask"] - own["flask"]
    for name, figure in figures.items():
        share = figure - own[name]
        print(f"{name:14}{figure:10.1f}{own[name]:12.1f}{share:12.1f}{share / flask:12.2f}")
    return int(figures["trine, RSGI"] - own["trine, RSGI"] > flask * LARGEST_SHARE)


if __name__ == "__main__":
    raise SystemExit(main())
