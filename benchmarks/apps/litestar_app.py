"""Litestar: injected providers, Pydantic and msgspec records, sync handlers sent to threads."""

from asyncio import sleep
from collections.abc import AsyncIterator
from dataclasses import dataclass
from os import SEEK_END
from typing import Annotated, Any

from litestar import Litestar, MediaType, get, post, websocket_listener
from litestar.datastructures import UploadFile
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter
from litestar.response import ServerSentEvent
from litestar.types import ControllerRouterHandler

from . import msgspec_records as structs
from . import pydantic_records as models
from .answers import GROUPS, TEXT, Account, User, describe, find_tenant, find_user, message, open_account, short
from .many import MANY
from .tokens import Token, words


@get("/plain", media_type=MediaType.TEXT)
async def plain() -> str:
    return TEXT


@get("/json")
async def small() -> dict[str, Any]:
    return message()


@get("/json-await")
async def waiting() -> dict[str, Any]:
    await sleep(0)
    return message()


@get("/sync", sync_to_thread=True)
def sync() -> dict[str, Any]:
    return short()


@get("/sync-inline", sync_to_thread=False)
def sync_inline() -> dict[str, Any]:
    return short()


@post("/houses/{id:int}", status_code=200)
async def typed(id: int, data: models.House, insured: bool = False) -> models.PricedHouse:
    return models.price(id, insured, data)


@post("/houses-msgspec/{id:int}", status_code=200)
async def typed_msgspec(id: int, data: structs.House, insured: bool = False) -> structs.PricedHouse:
    return structs.price(id, insured, data)


@get("/tokens")
async def tokens() -> ServerSentEvent:
    """Send an event for each word."""

    async def events() -> AsyncIterator[str]:
        async for index, word in words():
            yield Token(index=index, text=word).model_dump_json()

    return ServerSentEvent(events())


@dataclass
class UploadForm:
    """The form of an upload."""

    file: UploadFile


@post(["/upload", "/upload-file"], status_code=200)
async def upload(data: Annotated[UploadForm, Body(media_type=RequestEncodingType.MULTI_PART)]) -> dict[str, Any]:
    file = data.file
    size = file.file.seek(0, SEEK_END)
    return {"size": size}


async def tenant_of(x_tenant: Annotated[str, Parameter(header="x-tenant")]) -> str:
    return find_tenant(x_tenant)


async def account_of(session: Annotated[str, Parameter(cookie="session")], tenant: str) -> Account:
    return open_account(session, tenant)


async def user_of(account: Account) -> User:
    return find_user(account)


@get("/account", dependencies={"tenant": Provide(tenant_of), "account": Provide(account_of), "user": Provide(user_of)})
async def account(user: User) -> dict[str, Any]:
    return describe(user)


@websocket_listener("/echo")
async def echo(data: str) -> str:
    return data


def group_routes(group: str) -> list[ControllerRouterHandler]:
    """Return one group's static and dynamic route."""

    @get(f"/{group}/about")
    async def about() -> dict[str, Any]:
        return message()

    @get(f"/{group}/items/{{id:int}}")
    async def item(id: int) -> dict[str, Any]:
        return {"group": group, "id": id}

    return [about, item]


MAIN: list[ControllerRouterHandler] = [
    plain,
    small,
    waiting,
    sync,
    sync_inline,
    typed,
    typed_msgspec,
    account,
    upload,
    tokens,
    echo,
]

app = Litestar([route for n in GROUPS for route in group_routes(f"group{n}")] if MANY else MAIN, request_max_body_size=None)
