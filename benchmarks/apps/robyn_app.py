"""Robyn on its own Rust server: native Pydantic bodies, headers and cookies read from the request."""

import os
from asyncio import sleep
from typing import Any

from robyn import Headers, Request, Response, Robyn

from .answers import GROUPS, TEXT, describe, message, short, user_of
from .flags import flag
from .many import MANY
from .pydantic_records import House, price

app = Robyn(__file__)
JSON = Headers({"content-type": "application/json"})


def refused() -> Response:
    """Answer 422."""
    return Response(status_code=422, headers=JSON, description='{"detail":"refused"}')


def add_workloads() -> None:
    """Add every route but the 200 of the many-routes workload."""

    @app.get("/plain")
    async def plain() -> str:
        return TEXT

    @app.get("/json")
    async def small() -> dict[str, Any]:
        return message()

    @app.get("/json-await")
    async def waiting() -> dict[str, Any]:
        await sleep(0)
        return message()

    @app.get("/sync")
    def sync() -> dict[str, Any]:
        return short()

    @app.post("/houses/:id")
    async def typed(request: Request, house: House) -> Response:
        try:
            insured = flag(request.query_params.get("insured", "false"))
            priced = price(int(request.path_params["id"]), insured, house)
        except ValueError:
            return refused()
        return Response(status_code=200, headers=JSON, description=priced.model_dump_json())

    @app.post("/upload")
    async def upload(request: Request) -> dict[str, Any]:
        return {"size": len(next(iter(request.files.values())))}

    @app.get("/account")
    async def account(request: Request) -> Any:
        tenant = request.headers.get("x-tenant")
        cookies = request.headers.get("cookie") or ""
        session = next(
            (value for name, _, value in (c.strip().partition("=") for c in cookies.split(";")) if name == "session"), None
        )
        if tenant is None or session is None:
            return refused()
        return describe(await user_of(session, tenant))


def add_group(group: str) -> None:
    """Add one group's static and dynamic route."""

    @app.get(f"/{group}/about")
    async def about() -> dict[str, Any]:
        return message()

    @app.get(f"/{group}/items/:id")
    async def item(request: Request) -> Any:
        try:
            return {"group": group, "id": int(request.path_params["id"])}
        except ValueError:
            return refused()


if MANY:
    for n in GROUPS:
        add_group(f"group{n}")
else:
    add_workloads()

if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(os.environ["BENCHMARK_PORT"]))
