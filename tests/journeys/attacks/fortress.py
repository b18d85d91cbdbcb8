"""An application with something worth attacking behind every door."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from trine import (
    APIRouter,
    App,
    Cookie,
    Header,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Query,
    RedirectResponse,
    Request,
    Response,
    UploadFile,
)
from trine.middleware import CSRFMiddleware, DecompressionMiddleware, SessionMiddleware
from trine.staticfiles import StaticFiles

FILES = Path(os.environ["FORTRESS_FILES"])

app = App(title="Fortress")
guarded = APIRouter(middleware=[SessionMiddleware(), CSRFMiddleware(trusted_origins=["https://partner.example"])])
packed = APIRouter(middleware=[DecompressionMiddleware()])


class Item(BaseModel):
    name: str = Field(max_length=50)
    price: float = 1.0
    count: int = Field(default=1, ge=0)
    kind: Literal["plain", "gift"] = "plain"


class Profile(BaseModel):
    name: str
    email: str = ""


class User(Profile):
    is_admin: bool = False
    password_hash: str = "hash-of-ada"


class Shape(BaseModel):
    slug: str = Field(pattern=r"^(a+)+$")


@app.get("/ping")
async def ping() -> Response:
    return PlainTextResponse("pong")


@app.api_route("/smuggled", methods=["GET", "POST"])
async def smuggled() -> Response:
    return PlainTextResponse("SMUGGLED")


@app.post("/echo")
async def echo(request: Request) -> dict[str, Any]:
    body = await request.body()
    return {"length": len(body), "body": body[:200].decode("latin-1")}


@app.post("/item")
async def item(item: Item) -> Item:
    return item


@app.post("/any")
async def anything(value: dict[str, Any]) -> dict[str, Any]:
    return value


@app.post("/shape")
async def shape(shape: Shape) -> str:
    return "ok"


@app.post("/profile", response_model=Profile)
async def profile(profile: Profile) -> User:
    return User(**profile.model_dump(), is_admin=False)


@app.get("/item/{number}")
async def numbered(number: int, page: int = 1, ratio: float = 1.0, flag: bool = False) -> dict[str, Any]:
    return {"number": number, "page": page, "ratio": ratio, "flag": flag}


@app.get("/search")
async def search(
    q: Annotated[str, Query(max_length=100)] = "", x_token: Annotated[str, Header()] = "", theme: Annotated[str, Cookie()] = ""
) -> dict[str, str]:
    return {"q": q, "x_token": x_token, "theme": theme}


@app.get("/link", name="link")
async def link(request: Request) -> dict[str, str]:
    client = "" if request.client is None else request.client.host
    return {"link": str(request.url_for("link")), "url": str(request.url), "client": client, "scheme": request.scheme}


@app.get("/set")
async def set_header(value: str) -> Response:
    return PlainTextResponse("ok", headers={"x-value": value})


@app.get("/set-cookie")
async def set_cookie(value: str) -> Response:
    response = PlainTextResponse("ok")
    response.set_cookie("taste", value)
    return response


@app.get("/go")
async def go(to: str) -> Response:
    return RedirectResponse(to)


@app.get("/download")
async def download(name: str) -> Response:
    return JSONResponse({}, headers={"content-disposition": f'attachment; filename="{re.sub(r"[^a-z.]", "_", name)}"'})


@app.get("/folder/")
async def folder() -> Response:
    return HTMLResponse("<p>folder</p>")


@app.get("/tail/{path:path}")
async def tail(path: str, q: str = "") -> dict[str, str]:
    return {"path": path}


@app.post("/upload")
async def upload(file: UploadFile) -> dict[str, Any]:
    return {"name": file.filename, "size": file.size}


@packed.post("/packed")
async def unpacked(request: Request) -> int:
    return len(await request.body())


@guarded.get("/me")
async def me(request: Request) -> dict[str, Any]:
    return {"user": request.session.get("user"), "is_admin": request.session.get("is_admin", False)}


@guarded.post("/login")
async def login(request: Request, name: str = "ada") -> dict[str, Any]:
    request.session["user"] = name
    return {"user": name}


@guarded.post("/transfer")
async def transfer() -> dict[str, str]:
    return {"transfer": "done"}


app.include_router(guarded)
app.include_router(packed)
app.mount("/files", StaticFiles(directory=FILES, html=True))
