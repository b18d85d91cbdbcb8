"""Sanic on its own server; Pydantic is called by the handler."""

from asyncio import sleep

from pydantic import ValidationError
from sanic import HTTPResponse, Request, Sanic, Websocket, json, text
from sanic.exceptions import BadRequest

from .answers import GROUPS, TEXT, describe, message, short, user_of
from .flags import flag
from .many import MANY
from .pydantic_records import House, price
from .tokens import Token, words

app = Sanic("benchmarks")


def add_workloads() -> None:
    """Add every route but the 200 of the many-routes workload."""

    @app.get("/plain")
    async def plain(request: Request) -> HTTPResponse:
        return text(TEXT)

    @app.get("/json")
    async def small(request: Request) -> HTTPResponse:
        return json(message())

    @app.get("/json-await")
    async def waiting(request: Request) -> HTTPResponse:
        await sleep(0)
        return json(message())

    @app.get("/sync")
    def sync(request: Request) -> HTTPResponse:
        return json(short())

    @app.get("/sync-inline")
    def sync_inline(request: Request) -> HTTPResponse:
        return json(short())

    @app.post("/houses/<id:int>")
    async def typed(request: Request, id: int) -> HTTPResponse:
        try:
            insured = flag(request.args.get("insured", "false"))
            house = House.model_validate_json(request.body)
        except (ValueError, ValidationError):
            raise BadRequest from None
        return HTTPResponse(price(id, insured, house).model_dump_json(), content_type="application/json")

    @app.post("/upload")
    async def upload(request: Request) -> HTTPResponse:
        return json({"size": len(request.files.get("file").body)})

    @app.get("/account")
    async def account(request: Request) -> HTTPResponse:
        tenant, session = request.headers.get("x-tenant"), request.cookies.get("session")
        if tenant is None or session is None:
            raise BadRequest
        return json(describe(await user_of(session, tenant)))


def add_streams() -> None:
    """Add the token stream."""

    @app.get("/tokens")
    async def tokens(request: Request) -> None:
        response = await request.respond(content_type="text/event-stream")
        async for index, word in words():
            await response.send(f"data: {Token(index=index, text=word).model_dump_json()}\n\n")


def add_echo() -> None:
    """Add the WebSocket."""

    @app.websocket("/echo")
    async def echo(request: Request, ws: Websocket) -> None:
        async for message_text in ws:
            await ws.send(message_text)


def add_group(group: str) -> None:
    """Add one group's static and dynamic route."""

    @app.get(f"/{group}/about", name=f"{group}-about")
    async def about(request: Request) -> HTTPResponse:
        return json(message())

    @app.get(f"/{group}/items/<id:int>", name=f"{group}-item")
    async def item(request: Request, id: int) -> HTTPResponse:
        return json({"group": group, "id": id})


if MANY:
    for n in GROUPS:
        add_group(f"group{n}")
else:
    add_workloads()
    add_streams()
    add_echo()
