"""An application with something to attack in every corner: typed and untyped bodies, forms, files, a stream, a socket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict

import msgspec
from pydantic import BaseModel, ConfigDict

from trine import (
    APIRouter,
    App,
    Body,
    Cookie,
    File,
    FileResponse,
    Form,
    Header,
    JSONResponse,
    PlainTextResponse,
    Query,
    RedirectResponse,
    Request,
    Response,
    StreamingResponse,
    UploadFile,
    WebSocket,
)
from trine.http import Handler

MANY_BYTES = 64 * 1024 * 1024


class Door(BaseModel):
    """A record for Pydantic."""

    name: str
    width: float = 1.0
    locks: int = 0
    notes: dict[str, Any] = {}


class Lock(msgspec.Struct):
    """A record for msgspec."""

    name: str
    width: float = 1.0
    locks: int = 0
    notes: dict[str, Any] = {}


@dataclass
class Hinge:
    """A record of the standard library."""

    name: str
    width: float = 1.0
    locks: int = 0


class Frame(TypedDict):
    """A record that is a dictionary."""

    name: str
    width: float
    locks: int


class Panel(BaseModel):
    """A record that takes nothing it does not know."""

    model_config = ConfigDict(extra="forbid")

    name: str


class Branch(BaseModel):
    """A record that holds others of its kind."""

    name: str
    branches: "list[Branch]" = []


def pass_on(handler: Handler) -> Handler:
    async def passed_on(request: Request) -> Response:
        return await handler(request)

    return passed_on


app = App(title="Doors")
wrapped = APIRouter(middleware=[pass_on])
live = {"streams": 0, "uploads": 0}


@app.get("/")
async def root() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/live")
async def count_live() -> dict[str, int]:
    return live


@app.post("/pydantic")
async def pydantic_body(door: Door) -> Door:
    return door


@app.post("/msgspec")
async def msgspec_body(lock: Lock) -> Lock:
    return lock


@app.post("/dataclass")
async def dataclass_body(hinge: Hinge) -> Hinge:
    return hinge


@app.post("/typeddict")
async def typed_dict_body(frame: Frame) -> Frame:
    return frame


@app.post("/doors")
async def many_doors(doors: list[Door]) -> int:
    return len(doors)


@app.post("/strict")
async def strict_body(panel: Panel) -> Panel:
    return panel


@app.post("/tree")
async def tree_body(branch: Branch) -> Branch:
    return branch


@app.post("/dict")
async def dict_body(value: dict[str, Any]) -> dict[str, Any]:
    return value


@app.post("/any")
async def any_body(value: Annotated[Any, Body()]) -> Any:
    return value


@app.post("/two")
async def two_bodies(door: Door, count: Annotated[int, Body()]) -> dict[str, Any]:
    return {"door": door, "count": count}


@app.post("/sync")
def sync_body(door: Door) -> Door:
    return door


@wrapped.post("/wrapped/request-json")
@app.post("/request-json")
async def request_json(request: Request) -> Response:
    return JSONResponse(await request.json())


@app.post("/small", max_body_size=1000)
async def small_body(value: dict[str, Any]) -> dict[str, Any]:
    return value


@app.post("/form")
async def form_fields(name: Annotated[str, Form()], count: Annotated[int, Form()] = 0) -> dict[str, Any]:
    return {"name": name, "count": count}


@app.post("/upload")
async def upload(files: Annotated[list[UploadFile], File()]) -> list[dict[str, Any]]:
    return [{"filename": file.filename, "size": file.size} for file in files]


@app.post("/count")
async def count_bytes(request: Request) -> dict[str, int]:
    live["uploads"] += 1
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
    finally:
        live["uploads"] -= 1
    return {"size": size}


@app.get("/items/{name}")
async def item(name: str) -> dict[str, str]:
    return {"name": name}


@app.get("/numbers/{number}")
async def number_in_path(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/files/{path:path}")
async def rest_of_path(path: str) -> dict[str, str]:
    return {"path": path}


@app.get("/search")
async def search(
    q: str = "",
    size: float = 1.0,
    page: int = 1,
    tag: Annotated[tuple[str, ...], Query()] = (),
    x_token: Annotated[str, Header()] = "",
) -> dict[str, Any]:
    return {"q": q, "size": size, "page": page, "x_token": x_token}


@app.get("/cookie")
async def read_cookie(session: Annotated[str, Cookie()] = "none") -> dict[str, str]:
    return {"session": session[:20]}


@app.get("/echo/header")
async def echo_header(value: str) -> Response:
    return PlainTextResponse("ok", headers={"x-echo": value})


@app.get("/echo/redirect")
async def echo_redirect(value: str) -> Response:
    return RedirectResponse(value)


@app.get("/echo/cookie")
async def echo_cookie(value: str) -> Response:
    response = PlainTextResponse("ok")
    response.set_cookie("echo", value)
    return response


@app.get("/echo/cookie-name")
async def echo_cookie_name(value: str) -> Response:
    response = PlainTextResponse("ok")
    response.set_cookie(value, "x")
    return response


@app.get("/echo/reply")
async def echo_reply(value: str, response: Response) -> dict[str, str]:
    response.headers["x-echo"] = value
    return {"status": "ok"}


@app.get("/echo/filename")
async def echo_filename(value: str) -> Response:
    return FileResponse(__file__, filename=value)


@app.get("/file")
async def whole_file() -> Response:
    return FileResponse(Path(__file__), media_type="text/plain")


@app.get("/stream")
async def stream() -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        live["streams"] += 1
        try:
            for _ in range(MANY_BYTES // 65536):
                yield b"x" * 65536
                await asyncio.sleep(0)
        finally:
            live["streams"] -= 1

    return StreamingResponse(chunks(), media_type="application/octet-stream")


@app.websocket("/socket")
async def echo_socket(websocket: WebSocket, room: int = 0) -> None:
    await websocket.accept()
    async for message in websocket.iter_json():
        await websocket.send_json(message)


app.include_router(wrapped)
