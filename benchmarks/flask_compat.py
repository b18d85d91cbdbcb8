"""What a Flask application costs on Flask and on `trine.compat.flask`: CPU microseconds per request, called in process.

`python -m benchmarks.flask_compat`. It is one program, made twice with the names of either package, and both are called as a WSGI
server calls them. Figures are the best of many short batches, taken in turns. Fails where Trine costs more.
"""

import argparse
import gc
import io
import os
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import flask
from jinja2 import DictLoader

from trine.compat import flask as trine_flask

BATCHES = 40
TABLE = """<h1>{{ session.user }}</h1>
<table>{% for name, price in rows %}<tr><td>{{ name }}</td><td>{{ price }}</td></tr>{% endfor %}</table>
<a href="{{ url_for('text') }}">back</a>"""
ROWS = [(f"article <{number}>", number * 7) for number in range(20)]
PATHS = {"plain text": "/text", "JSON": "/items/7", "page, 20 rows, session": "/page"}


def application(package: ModuleType) -> Any:
    """The application, as Flask's documentation would write it."""
    app = package.Flask("shop", root_path=".")
    app.secret_key = "nPq8-Zr5TkW2vYx7LmB4cJ6hD9sF1gAeUoQi3tRw"
    app.jinja_loader = DictLoader({"table.html": TABLE})

    @app.get("/text")
    def text() -> str:
        return "Hello, World!"

    @app.get("/items/<int:number>")
    def item(number: int) -> dict[str, Any]:
        return {"id": number, "name": "Ada", "ok": True}

    @app.get("/login")
    def login() -> str:
        package.session["user"] = "Ada"
        return ""

    @app.get("/page")
    def page() -> Any:
        return package.render_template("table.html", rows=ROWS)

    return app


def caller(app: Any, path: str, cookie: str) -> Callable[[], bytes]:
    """Call a path as a WSGI server does, with the cookies of a visitor who has signed in."""
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_ACCEPT": "*/*",
        "HTTP_COOKIE": cookie,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        assert status == "200 OK", status

    def call() -> bytes:
        pieces = app({**environ, "wsgi.input": io.BytesIO()}, start_response)
        body = b"".join(pieces)
        pieces.close()
        return body

    return call


def costs(calls: list[Callable[[], bytes]], seconds: float) -> list[float]:
    """CPU microseconds of each call: the best of many short batches, taken in turns."""
    found: list[list[float]] = [[] for _ in calls]
    each = 50
    for _ in range(BATCHES):
        for place, call in enumerate(calls):
            start = time.process_time()
            for _ in range(each):
                call()
            found[place].append((time.process_time() - start) / each)
        each = max(50, int(seconds / min(found[0])))
    return [min(figures) * 1e6 for figures in found]


def main() -> int:
    """Print the figures, and fail where Trine costs more."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flask_compat", description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.02, help="length of a batch")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    applications = [application(package) for package in (flask, trine_flask)]
    cookies = [app.test_client().get("/login").headers["set-cookie"].partition(";")[0] for app in applications]
    is_dearer = False
    print(f"{'':26}{'Flask':>10}{'Trine':>10}{'ratio':>8}   µs of CPU")
    for title, path in PATHS.items():
        calls = [caller(app, path, cookie if path == "/page" else "") for app, cookie in zip(applications, cookies, strict=True)]
        assert calls[0]() == calls[1](), title
        gc.collect()
        theirs, ours = costs(calls, options.seconds)
        print(f"{title:26}{theirs:10.1f}{ours:10.1f}{theirs / ours:8.2f}", flush=True)
        is_dearer |= ours > theirs
    return int(is_dearer)


if __name__ == "__main__":
    sys.exit(main())
