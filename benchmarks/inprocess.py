"""CPU microseconds per request without a server: `python -m benchmarks.inprocess`.

The application is called in a loop with the server's side faked, which is the figure to work by: it holds on a busy
machine. An application that answers at once costs what the fakes cost; that is measured too and taken off.
"""

import argparse
import asyncio
import contextvars
import gc
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from .fakes import asgi_call, asgi_talk, rsgi_call, rsgi_talk
from .workloads import WORKLOADS, Request, Workload

Call = Callable[[], Awaitable[None]]
BATCHES = 7
MESSAGES = 100
SECONDS_PER_BATCH = 0.15


def main() -> int:
    """Print a table of microseconds above nothing, and above the application written by hand."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inprocess", description=__doc__)
    parser.add_argument("--only", help="cases whose name contains this")
    parser.add_argument("--wires", default="rsgi,asgi")
    options = parser.parse_args()
    for wire in options.wires.split(","):
        print(f"\n{wire.upper():22}" + "".join(f"{name:>12}" for name in ("raw", "trine", "above raw", "fastapi")))
        for title, calls in cases(wire).items():
            if not options.only or options.only in title:
                print(f"{title:22}" + _row(calls), flush=True)
    return 0


def _row(calls: dict[str, Call]) -> str:
    nothing = cost(calls["nothing"])
    figures = {name: cost(call) - nothing for name, call in calls.items() if name != "nothing"}
    above = figures["trine"] - figures["raw"] if {"raw", "trine"} <= figures.keys() else None
    row = [figures.get("raw"), figures.get("trine"), above, figures.get("fastapi")]
    return "".join(f"{figure:12.2f}" if figure is not None else f"{'':12}" for figure in row)


def cost(call: Call) -> float:
    """Return the CPU microseconds of one call: the best of seven batches."""

    async def batch(count: int) -> float:
        start = time.process_time()
        for _ in range(count):
            await call()
        return time.process_time() - start

    async def best() -> float:
        await call()  # The first request binds and compiles.
        count = 100
        while (spent := await batch(count)) < SECONDS_PER_BATCH / 4:
            count *= 2
        count = max(1, int(count * SECONDS_PER_BATCH / spent))
        gc.collect()
        return min([await batch(count) for _ in range(BATCHES)]) / count * 1e6

    return asyncio.run(best())


def cases(wire: str) -> dict[str, dict[str, Call]]:
    """Return, by title, the calls to compare."""
    found = {}
    for name in ("plain", "json", "typed", "typed-msgspec", "dependencies", "sync-inline", "tokens"):
        found[WORKLOADS[name].title] = _workload_calls(wire, WORKLOADS[name])
    found[f"{MESSAGES} messages echoed"] = _talk_calls(wire)
    make_call = rsgi_call if wire == "rsgi" else asgi_call
    for routes in (10, 1000):
        item = Request(f"/group{routes // 2 - 1}/items/42")
        calls = {"trine": make_call(trine_with_routes(routes), item), "nothing": _nothing(wire, item)}
        if wire == "asgi":
            calls["fastapi"] = make_call(fastapi_with_routes(routes), item)
        found[f"{routes} routes"] = calls
    small = WORKLOADS["json"].request
    for title, app in {
        "no middleware": trine_with_middleware(0),
        "one middleware": trine_with_middleware(1),
        "three middlewares": trine_with_middleware(3),
        "one ASGI middleware": trine_with_asgi_middleware(1),
        "three of them": trine_with_asgi_middleware(3),
        "a context variable": trine_with_context_variable(),
    }.items():
        found[title] = {"trine": make_call(app, small), "nothing": _nothing(wire, small)}
    return found


def _workload_calls(wire: str, workload: Workload) -> dict[str, Call]:
    from .apps import raw_asgi, raw_rsgi, trine_app

    request = workload.request
    if wire == "rsgi":
        calls = {"raw": rsgi_call(raw_rsgi.app, request), "trine": rsgi_call(trine_app.app, request)}
    else:
        from .apps import fastapi_app

        calls = {"raw": asgi_call(raw_asgi.app, request), "trine": asgi_call(trine_app.app, request)}
        if workload.name not in ("typed-msgspec", "sync-inline"):
            calls["fastapi"] = asgi_call(fastapi_app.app, request)
    return calls | {"nothing": _nothing(wire, request)}


def _talk_calls(wire: str) -> dict[str, Call]:
    from .apps import raw_asgi, raw_rsgi, trine_app

    talk, raw = (rsgi_talk, raw_rsgi.app) if wire == "rsgi" else (asgi_talk, raw_asgi.app)
    return {
        "raw": _in_task(talk(raw, "/echo", MESSAGES)),
        "trine": _in_task(talk(trine_app.app, "/echo", MESSAGES)),
        "nothing": _in_task(talk(Nothing(), "/echo", MESSAGES)),
    }


def _in_task(call: Call) -> Call:
    async def in_task() -> None:
        await asyncio.create_task(call())  # type: ignore[arg-type] # all calls of this module are coroutine functions

    return in_task


class Nothing:
    """An application that does nothing: what is left is the cost of the fakes."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        return

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        return


def _nothing(wire: str, request: Request) -> Call:
    return (rsgi_call if wire == "rsgi" else asgi_call)(Nothing(), request, check=False)


def trine_with_routes(count: int) -> Any:
    """Return an application with so many routes, half of them dynamic."""
    from trine import App

    app = App()
    for number in range(count // 2):
        add_group(app, f"group{number}")
    return app


def fastapi_with_routes(count: int) -> Any:
    """Return FastAPI's application with so many routes, half of them dynamic."""
    from fastapi import FastAPI

    app = FastAPI()
    for number in range(count // 2):
        add_group(app, f"group{number}")
    return app


def add_group(app: Any, group: str) -> None:
    """Add a static and a dynamic route."""

    @app.get(f"/{group}/about")
    async def about() -> dict[str, Any]:
        return {"group": group}

    @app.get(f"/{group}/items/{{id}}")
    async def item(id: int) -> dict[str, Any]:
        return {"group": group, "id": id}


def trine_with_middleware(count: int) -> Any:
    """Return the small JSON behind so many function middlewares that pass everything on."""
    from trine import App

    app = App()

    def passing(handler: Any) -> Any:
        async def passed(request: Any) -> Any:
            return await handler(request)

        return passed

    for _ in range(count):
        app.add_middleware(passing)

    @app.get("/json")
    async def small() -> dict[str, Any]:
        return WORKLOADS["json"].answer

    return app


def trine_with_asgi_middleware(count: int) -> Any:
    """Return the small JSON behind so many classes written for ASGI that pass everything on."""
    app = trine_with_middleware(0)
    for _ in range(count):
        app.add_middleware(PassingASGI)
    return app


class PassingASGI:
    """What an ASGI middleware does at least."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def trine_with_context_variable() -> Any:
    """Return the small JSON, whose provider sets a context variable that the handler reads."""
    from trine import App, Depends

    app = App()
    tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")

    async def set_tenant() -> None:
        tenant.set("acme")

    @app.get("/json", dependencies=[Depends(set_tenant)])
    async def small() -> dict[str, Any]:
        tenant.get()
        return WORKLOADS["json"].answer

    return app


if __name__ == "__main__":
    sys.exit(main())
