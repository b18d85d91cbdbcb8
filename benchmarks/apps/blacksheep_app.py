"""BlackSheep: bound parameters and injected services, with a Pydantic body."""

from asyncio import sleep
from collections.abc import AsyncIterator
from typing import Any

from blacksheep import (
    Application,
    FromCookie,
    FromFiles,
    FromHeader,
    FromJSON,
    FromQuery,
    Response,
    WebSocket,
    WebSocketDisconnectError,
    get,
    post,
    ws,
)
from blacksheep.server.responses import json, text
from blacksheep.server.sse import ServerSentEventsResponse, TextServerSentEvent

from .answers import GROUPS, TEXT, describe, message, short, user_of
from .many import MANY
from .pydantic_records import House, PricedHouse, price
from .tokens import Token, words

app = Application()


class FromTenantHeader(FromHeader[str]):
    name = "X-Tenant"


class FromSessionCookie(FromCookie[str]):
    name = "session"


def add_workloads() -> None:
    """Add every route but the 200 of the many-routes workload."""

    @get("/plain")
    async def plain() -> Response:
        return text(TEXT)

    @get("/json")
    async def small() -> dict[str, Any]:
        return message()

    @get("/json-await")
    async def waiting() -> dict[str, Any]:
        await sleep(0)
        return message()

    @get("/sync")
    def sync() -> dict[str, Any]:
        return short()

    @get("/sync-inline")
    def sync_inline() -> dict[str, Any]:
        return short()

    @post("/houses/{id}")
    async def typed(id: int, house: FromJSON[House], insured: FromQuery[bool]) -> PricedHouse:
        return price(id, insured.value, house.value)

    @post("/upload")
    async def upload(files: FromFiles) -> dict[str, Any]:
        return {"size": len(files.value[0].data)}

    @ws("/echo")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnectError:
            pass

    @get("/account")
    async def account(tenant: FromTenantHeader, session: FromSessionCookie) -> dict[str, Any]:
        return describe(await user_of(session.value, tenant.value))


def add_streams() -> None:
    """Add the token stream."""

    async def events() -> AsyncIterator[TextServerSentEvent]:
        async for index, word in words():
            yield TextServerSentEvent(Token(index=index, text=word).model_dump_json())

    @get("/tokens")
    async def tokens() -> Response:
        return ServerSentEventsResponse(events)


def add_group(group: str) -> None:
    """Add one group's static and dynamic route."""

    @get(f"/{group}/about")
    async def about() -> dict[str, Any]:
        return message()

    @get(f"/{group}/items/{{id}}")
    async def item(id: int) -> Response:
        return json({"group": group, "id": id})


if MANY:
    for n in GROUPS:
        add_group(f"group{n}")
else:
    add_workloads()
    add_streams()
