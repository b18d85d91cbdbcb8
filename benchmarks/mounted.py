"""What mounting a WSGI application costs: CPU microseconds above the same Flask application called directly.

`python -m benchmarks.mounted`. The server's side is faked, as in `inprocess`; the time of every thread counts, and the loop
is uvloop on one processor, as in a worker of `trine run` there. Each cost is the best of many short batches, taken in turns
with the direct call. Fails where a short answer costs more than `LIMITS` allows.
"""

import argparse
import asyncio
import gc
import io
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop
from flask import Flask, request

from trine import App, Settings
from trine.server.one_core import share_one_core

from .fakes import asgi_call, rsgi_call
from .inprocess import Nothing
from .workloads import Request

BATCHES = 60
BODY = b"x" * 2000
CASES = {
    "GET, 27 bytes": Request("/legacy/hello"),
    "POST, 2 kB": Request("/legacy/upload", "POST", {"content-type": "application/octet-stream"}, BODY),
}
LIMITS = {1: 45.0, 32: 15.0}
"""Microseconds above the direct call that a short answer may cost, by the number of concurrent clients."""


def flask_app() -> Flask:
    """The application, as Flask's documentation would write it."""
    app = Flask("mounted")

    @app.get("/hello")
    def hello() -> dict[str, str]:
        return {"message": "Hello, World!"}

    @app.post("/upload")
    def upload() -> dict[str, int]:
        return {"size": len(request.get_data())}

    return app


def mounted(app: Any) -> App:
    """The same application below a path of Trine's."""
    outer = App(settings=Settings(allowed_hosts=("127.0.0.1",)), openapi_url=None)
    outer.mount("/legacy", app)
    return outer


def direct_call(app: Any, asked: Request) -> Callable[[], Awaitable[None]]:
    """Call the WSGI application on the spot, with an environment made beforehand."""
    environ = {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": "/legacy",
        "PATH_INFO": asked.path.removeprefix("/legacy"),
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "CONTENT_LENGTH": str(len(asked.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        assert status == "200 OK", status
        return lambda data: None

    async def call() -> None:
        body = app({**environ, "wsgi.input": io.BytesIO(asked.body)}, start_response)
        for _ in body:
            pass
        body.close()

    return call


def costs(calls: dict[str, Callable[[], Awaitable[None]]], clients: int, seconds: float) -> dict[str, float]:
    """CPU microseconds of each call, all threads together: the best of many short batches, taken in turns."""

    async def batch(call: Callable[[], Awaitable[None]], each: int, clients: int) -> float:
        async def client() -> None:
            for _ in range(each):
                await call()

        start = time.process_time()
        await asyncio.gather(*[client() for _ in range(clients)])
        return (time.process_time() - start) / (each * clients)

    async def best() -> dict[str, float]:
        together = {name: 1 if name == "direct" else clients for name in calls}
        each = {}
        for name, call in calls.items():
            await batch(call, 20, together[name])
            each[name] = max(1, int(seconds / await batch(call, 50, together[name]) / together[name]))
        gc.collect()
        found: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(BATCHES):
            for name, call in calls.items():
                found[name].append(await batch(call, each[name], together[name]))
        return {name: min(figures) * 1e6 for name, figures in found.items()}

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(best())


def main() -> int:
    """Print the figures, and fail where a short answer costs more than it may."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mounted", description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.01, help="length of a batch")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    share_one_core()
    too_dear = False
    print(f"{'':16}{'clients':>8}{'direct':>10}{'rsgi':>10}{'more':>8}{'asgi':>10}{'more':>8}   µs of CPU")
    for title, asked in CASES.items():
        for clients, limit in LIMITS.items():
            app = mounted(flask_app())
            found = costs(
                {
                    "direct": direct_call(flask_app(), asked),
                    "rsgi": rsgi_call(app, asked),
                    "asgi": asgi_call(app, asked),
                    "no rsgi": rsgi_call(Nothing(), asked, check=False),
                    "no asgi": asgi_call(Nothing(), asked, check=False),
                },
                clients,
                options.seconds,
            )
            direct = found["direct"]
            # What the fakes cost is not the application's.
            rsgi, asgi = (found[wire] - found[f"no {wire}"] for wire in ("rsgi", "asgi"))
            print(
                f"{title:16}{clients:8}{direct:10.1f}{rsgi:10.1f}{rsgi - direct:8.1f}{asgi:10.1f}{asgi - direct:8.1f}", flush=True
            )
            too_dear |= title.startswith("GET") and max(rsgi, asgi) - direct > limit
    return int(too_dear)


if __name__ == "__main__":
    sys.exit(main())
