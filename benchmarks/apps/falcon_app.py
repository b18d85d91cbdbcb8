"""Falcon's ASGI application with its msgspec media handler; Pydantic is called by the responder."""

from asyncio import sleep
from collections.abc import AsyncIterator
from typing import Any

import falcon
import falcon.asgi
import falcon.media
import msgspec
from pydantic import ValidationError

from . import msgspec_records as structs
from .answers import GROUPS, TEXT, describe, message, short, user_of
from .many import MANY
from .pydantic_records import House, price
from .tokens import Token, words

decode_house = msgspec.json.Decoder(structs.House).decode
encode = msgspec.json.Encoder().encode
Request, Response = falcon.asgi.Request, falcon.asgi.Response


class Plain:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = TEXT


class Small:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.media = message()


class Waiting:
    async def on_get(self, req: Request, resp: Response) -> None:
        await sleep(0)
        resp.media = message()


class Tokens:
    async def on_get(self, req: Request, resp: Response) -> None:
        async def events() -> AsyncIterator[falcon.asgi.SSEvent]:
            async for index, word in words():
                yield falcon.asgi.SSEvent(text=Token(index=index, text=word).model_dump_json())

        resp.sse = events()


class Typed:
    async def on_post(self, req: Request, resp: Response, id: int) -> None:
        insured = req.get_param_as_bool("insured", default=False)
        try:
            house = House.model_validate_json(await req.stream.read())
        except ValidationError:
            raise falcon.HTTPUnprocessableEntity from None
        resp.data = price(id, bool(insured), house).model_dump_json().encode()


class TypedMsgspec:
    async def on_post(self, req: Request, resp: Response, id: int) -> None:
        insured = req.get_param_as_bool("insured", default=False)
        try:
            house = decode_house(await req.stream.read())
        except msgspec.DecodeError:
            raise falcon.HTTPUnprocessableEntity from None
        resp.data = encode(structs.price(id, bool(insured), house))


class Upload:
    async def on_post(self, req: Request, resp: Response) -> None:
        sizes = {}
        async for part in await req.get_media():
            sizes[part.name] = sum([len(chunk) async for chunk in part.stream])
        resp.media = {"size": sizes["file"]}


class Account:
    async def on_get(self, req: Request, resp: Response) -> None:
        tenant = req.get_header("x-tenant", required=True)
        session = req.get_cookie_values("session")
        if not session:
            raise falcon.HTTPUnprocessableEntity
        resp.media = describe(await user_of(session[0], tenant))


class Item:
    def __init__(self, group: str) -> None:
        self.group = group

    async def on_get(self, req: Request, resp: Response, id: int) -> None:
        resp.media = {"group": self.group, "id": id}


def answer_short() -> dict[str, Any]:
    return short()


class Sync:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.media = await falcon.sync_to_async(answer_short)


class Echo:
    async def on_websocket(self, req: Request, ws: falcon.asgi.WebSocket) -> None:
        await ws.accept()
        try:
            while True:
                await ws.send_text(await ws.receive_text())
        except falcon.WebSocketDisconnected:
            pass


app = falcon.asgi.App()
handler = falcon.media.JSONHandler(dumps=encode, loads=msgspec.json.decode)
app.req_options.media_handlers[falcon.MEDIA_JSON] = handler
app.resp_options.media_handlers[falcon.MEDIA_JSON] = handler

if MANY:
    for n in GROUPS:
        app.add_route(f"/group{n}/about", Small())
        app.add_route(f"/group{n}/items/{{id:int}}", Item(f"group{n}"))
else:
    app.add_route("/tokens", Tokens())
    app.add_route("/plain", Plain())
    app.add_route("/json", Small())
    app.add_route("/json-await", Waiting())
    app.add_route("/sync", Sync())
    app.add_route("/houses/{id:int}", Typed())
    app.add_route("/houses-msgspec/{id:int}", TypedMsgspec())
    app.add_route("/account", Account())
    app.add_route("/upload", Upload())
    app.add_route("/echo", Echo())
