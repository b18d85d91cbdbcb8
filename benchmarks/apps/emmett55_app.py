"""Emmett55 on Granian's RSGI; Pydantic is called by the handler."""

from asyncio import sleep
from typing import Any

from emmett55 import App, abort, request, response, websocket
from emmett55.tools import service
from pydantic import ValidationError

from .answers import GROUPS, TEXT, describe, message, short, user_of
from .flags import flag
from .many import MANY
from .pydantic_records import House, price

app = App(__name__)
app.config.handle_static = False


def add_workloads() -> None:
    """Add every route but the 200 of the many-routes workload."""

    @app.route("/plain", methods="get", output="str")
    async def plain() -> str:
        response.headers["content-type"] = "text/plain; charset=utf-8"
        return TEXT

    @app.route("/json", methods="get")
    @service.json
    async def small() -> dict[str, Any]:
        return message()

    @app.route("/json-await", methods="get")
    @service.json
    async def waiting() -> dict[str, Any]:
        await sleep(0)
        return message()

    @app.route("/sync", methods="get")
    @service.json
    def sync() -> dict[str, Any]:
        return short()

    @app.route("/houses/<int:id>", methods="post", output="str")
    async def typed(id: int) -> str:
        try:
            insured = flag(request.query_params.insured or "false")
            house = House.model_validate_json(await request.body)
        except (ValueError, ValidationError):
            abort(422)
        response.headers["content-type"] = "application/json"
        return price(id, insured, house).model_dump_json()

    @app.websocket("/echo")
    async def echo() -> None:
        await websocket.accept()
        while True:
            await websocket.send(await websocket.receive())

    @app.route("/account", methods="get")
    @service.json
    async def account() -> dict[str, Any]:
        tenant = request.headers.get("x-tenant")
        session = request.cookies.get("session")
        if tenant is None or session is None:
            abort(422)
        return describe(await user_of(session.value, tenant))


def add_group(group: str) -> None:
    """Add one group's static and dynamic route."""

    @app.route(f"/{group}/about", name=f"{group}-about", methods="get")
    @service.json
    async def about() -> dict[str, Any]:
        return message()

    @app.route(f"/{group}/items/<int:id>", name=f"{group}-item", methods="get")
    @service.json
    async def item(id: int) -> dict[str, Any]:
        return {"group": group, "id": id}


if MANY:
    for n in GROUPS:
        add_group(f"group{n}")
else:
    add_workloads()
