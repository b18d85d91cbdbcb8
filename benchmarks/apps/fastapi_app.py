"""FastAPI, written as its tutorial writes it: annotated signatures and return types."""

from asyncio import sleep
from collections.abc import AsyncIterable
from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, Header, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse
from fastapi.sse import EventSourceResponse

from .answers import GROUPS, TEXT, Account, User, describe, find_tenant, find_user, message, open_account, short
from .many import MANY
from .pydantic_records import House, PricedHouse, price
from .tokens import Token, words

app = FastAPI()


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

    @app.post("/houses/{id}")
    async def typed(id: int, house: House, insured: bool = False) -> PricedHouse:
        return price(id, insured, house)

    @app.post("/upload")
    @app.post("/upload-file")
    async def upload(file: UploadFile) -> dict[str, Any]:
        return {"size": file.size}

    @app.get("/sync")
    def sync() -> dict[str, Any]:
        return short()

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


def add_echo() -> None:
    """Add the WebSocket."""

    @app.websocket("/echo")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            pass


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
