"""Starlette: no validation of its own, so the handlers call Pydantic and read headers and cookies themselves."""

from asyncio import sleep
from collections.abc import AsyncIterator

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from .answers import GROUPS, TEXT, describe, message, short, user_of
from .flags import flag
from .many import MANY
from .pydantic_records import House, price
from .tokens import Token, words


async def plain(request: Request) -> Response:
    return PlainTextResponse(TEXT)


async def small(request: Request) -> Response:
    return JSONResponse(message())


async def waiting(request: Request) -> Response:
    await sleep(0)
    return JSONResponse(message())


def sync(request: Request) -> Response:
    return JSONResponse(short())


async def typed(request: Request) -> Response:
    try:
        insured = flag(request.query_params.get("insured", "false"))
        house = House.model_validate_json(await request.body())
    except (ValueError, ValidationError):
        raise HTTPException(422) from None
    priced = price(request.path_params["id"], insured, house)
    return Response(priced.model_dump_json(), media_type="application/json")


async def tokens(request: Request) -> Response:
    """Send an event for each word."""

    async def events() -> AsyncIterator[str]:
        async for index, word in words():
            yield f"data: {Token(index=index, text=word).model_dump_json()}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"cache-control": "no-cache"})


async def upload(request: Request) -> Response:
    """Answer the size of an upload."""
    async with request.form() as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422)
        return JSONResponse({"size": file.size})


async def account(request: Request) -> Response:
    try:
        user = await user_of(request.cookies["session"], request.headers["x-tenant"])
    except KeyError:
        raise HTTPException(422) from None
    return JSONResponse(describe(user))


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


def item_of(group: str) -> Route:
    async def item(request: Request) -> Response:
        return JSONResponse({"group": group, "id": request.path_params["id"]})

    return Route(f"/{group}/items/{{id:int}}", item)


if MANY:
    names = [f"group{n}" for n in GROUPS]
    routes = [route for name in names for route in (Route(f"/{name}/about", small), item_of(name))]
else:
    routes = [
        Route("/plain", plain),
        Route("/json", small),
        Route("/json-await", waiting),
        Route("/sync", sync),
        Route("/tokens", tokens),
        Route("/houses/{id:int}", typed, methods=["POST"]),
        Route("/account", account),
        Route("/upload", upload, methods=["POST"]),
        Route("/upload-file", upload, methods=["POST"]),
        WebSocketRoute("/echo", echo),
    ]

app = Starlette(routes=routes)
