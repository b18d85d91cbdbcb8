"""django-bolt on its own Rust server: typed handlers over msgspec."""

from asyncio import sleep
from collections.abc import AsyncIterable
from typing import Annotated, Any

from django_bolt import BoltAPI, Depends, UploadFile, WebSocket
from django_bolt.param_functions import Cookie, File, Header
from django_bolt.responses import EventSourceResponse, PlainText

from .answers import GROUPS, TEXT, Account, User, describe, find_tenant, find_user, message, open_account, short
from .many import MANY
from .msgspec_records import House, PricedHouse, price
from .tokens import TokenStruct, words

api = BoltAPI()
urlpatterns: list[Any] = []


def add_workloads() -> None:
    """Add every route but the 200 of the many-routes workload."""

    @api.get("/plain")
    async def plain() -> PlainText:
        return PlainText(TEXT)

    @api.get("/json")
    async def small() -> dict[str, Any]:
        return message()

    @api.get("/json-await")
    async def waiting() -> dict[str, Any]:
        await sleep(0)
        return message()

    @api.get("/sync")
    def sync() -> dict[str, Any]:
        return short()

    @api.get("/sync-inline")
    def sync_inline() -> dict[str, Any]:
        return short()

    @api.post("/houses-msgspec/{id}")
    async def typed(id: int, house: House, insured: bool = False) -> PricedHouse:
        return price(id, insured, house)

    async def tenant_of(x_tenant: Annotated[str, Header(alias="x-tenant")]) -> str:
        return find_tenant(x_tenant)

    async def account_of(session: Annotated[str, Cookie()], tenant: Annotated[str, Depends(tenant_of)]) -> Account:
        return open_account(session, tenant)

    async def user_of(account: Annotated[Account, Depends(account_of)]) -> User:
        return find_user(account)

    @api.post("/upload", status_code=200)
    async def upload(file: Annotated[UploadFile, File()]) -> dict[str, Any]:
        return {"size": file.size}

    @api.get("/account")
    async def account(user: Annotated[User, Depends(user_of)]) -> dict[str, Any]:
        return describe(user)


def add_streams() -> None:
    """Add the token stream."""

    @api.get("/tokens", response_class=EventSourceResponse)
    async def tokens() -> AsyncIterable[TokenStruct]:
        async for index, word in words():
            yield TokenStruct(index=index, text=word)


def add_echo() -> None:
    """Add the WebSocket."""

    @api.websocket("/echo")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)


def add_group(group: str) -> None:
    """Add one group's static and dynamic route."""

    @api.get(f"/{group}/about")
    async def about() -> dict[str, Any]:
        return message()

    @api.get(f"/{group}/items/{{id}}")
    async def item(id: int) -> dict[str, Any]:
        return {"group": group, "id": id}


if MANY:
    for n in GROUPS:
        add_group(f"group{n}")
else:
    add_workloads()
    add_streams()
    add_echo()
