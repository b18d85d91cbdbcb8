"""Trine on its production defaults, written as its tutorial writes it."""

from asyncio import sleep
from collections.abc import AsyncIterable
from typing import Annotated, Any

from trine import App, Cookie, Depends, EventSourceResponse, Header, Request, UploadFile, WebSocket
from trine.http import PlainTextResponse

from . import msgspec_records as structs
from . import pydantic_records as models
from .answers import GROUPS, TEXT, Account, User, describe, find_tenant, find_user, message, open_account, short
from .many import MANY
from .tokens import Token, words

UPLOAD_LIMIT = 20 * 1024 * 1024

app = App()


def add_workloads() -> None:
    """Add every route but the 200 of the many-routes workload."""

    @app.get("/plain", response_class=PlainTextResponse)
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

    @app.get("/sync-inline", inline=True)
    def sync_inline() -> dict[str, Any]:
        return short()

    @app.post("/houses/{id}")
    async def typed(id: int, house: models.House, insured: bool = False) -> models.PricedHouse:
        return models.price(id, insured, house)

    @app.post("/houses-msgspec/{id}")
    async def typed_msgspec(id: int, house: structs.House, insured: bool = False) -> structs.PricedHouse:
        return structs.price(id, insured, house)

    async def tenant_of(x_tenant: Annotated[str, Header()]) -> str:
        return find_tenant(x_tenant)

    async def account_of(session: Annotated[str, Cookie()], tenant: Annotated[str, Depends(tenant_of)]) -> Account:
        return open_account(session, tenant)

    async def user_of(account: Annotated[Account, Depends(account_of)]) -> User:
        return find_user(account)

    @app.get("/account")
    async def account(user: Annotated[User, Depends(user_of)]) -> dict[str, Any]:
        return describe(user)


def add_streams() -> None:
    """Add the token stream."""

    @app.get("/tokens", response_class=EventSourceResponse)
    async def tokens() -> AsyncIterable[Token]:
        async for index, word in words():
            yield Token(index=index, text=word)


def add_uploads() -> None:
    """Add both ways to take an upload."""

    @app.post("/upload", max_body_size=UPLOAD_LIMIT)
    async def upload(request: Request) -> dict[str, Any]:
        sizes = {}
        async for part in request.parts():
            sizes[part.name] = sum([len(chunk) async for chunk in part])
        return {"size": sizes["file"]}

    @app.post("/upload-file", max_body_size=UPLOAD_LIMIT)
    async def upload_file(file: UploadFile) -> dict[str, Any]:
        return {"size": file.size}


def add_echo() -> None:
    """Add the WebSocket."""

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)


def add_group(group: str) -> None:
    """Add one group's static and dynamic route."""

    @app.get(f"/{group}/about")
    async def about() -> dict[str, Any]:
        return message()

    @app.get(f"/{group}/items/{{id}}")
    async def item(id: int) -> dict[str, Any]:
        return {"group": group, "id": id}


if MANY:
    for n in GROUPS:
        add_group(f"group{n}")
else:
    add_workloads()
    add_streams()
    add_echo()
    add_uploads()
