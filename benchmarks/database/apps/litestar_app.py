"""Litestar with Advanced Alchemy: its plugin's session, its repositories, msgspec for what goes in and out."""

from typing import Any

import msgspec
from advanced_alchemy.extensions.litestar import AsyncSessionConfig as SessionConfig
from advanced_alchemy.extensions.litestar import EngineConfig, SQLAlchemyAsyncConfig, SQLAlchemyPlugin
from advanced_alchemy.filters import LimitOffset, OrderBy
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from litestar import Litestar, get, patch, post
from litestar.exceptions import NotFoundException
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from .alchemy import CONNECT, DRIVER_URL, Book, Entry
from .shapes import POOL_SIZE


class BookOut(msgspec.Struct):
    id: int
    title: str
    price: float
    author_id: int


class NamedOut(msgspec.Struct):
    id: int
    name: str


class PageOut(msgspec.Struct):
    id: int
    title: str
    price: float
    author: NamedOut
    tags: list[NamedOut]


class EntryIn(msgspec.Struct):
    name: str
    amount: int


class PriceIn(msgspec.Struct):
    price: float


class Books(SQLAlchemyAsyncRepository[Book]):
    model_type = Book


NEWEST = (OrderBy("id", "desc"), LimitOffset(20, 0))


def _book(book: Book) -> BookOut:
    return BookOut(book.id, book.title, book.price, book.author_id)


@get("/books/{key:int}")
async def one(key: int, db_session: AsyncSession) -> BookOut:
    book = await Books(session=db_session).get_one_or_none(id=key)
    if book is None:
        raise NotFoundException
    return _book(book)


@get("/books")
async def twenty(db_session: AsyncSession) -> list[BookOut]:
    return [_book(book) for book in await Books(session=db_session).list(*NEWEST)]


@get("/pages")
async def related(db_session: AsyncSession) -> list[PageOut]:
    load = [joinedload(Book.author), selectinload(Book.tags)]
    return [
        PageOut(
            book.id,
            book.title,
            book.price,
            NamedOut(book.author.id, book.author.name),
            [NamedOut(tag.id, tag.name) for tag in book.tags],
        )
        for book in await Books(session=db_session, load=load).list(*NEWEST)
    ]


@post("/entries", status_code=200)
async def insert_entries(data: list[EntryIn], db_session: AsyncSession) -> dict[str, int]:
    await db_session.execute(insert(Entry), [msgspec.structs.asdict(entry) for entry in data])
    await db_session.commit()
    return {"inserted": len(data)}


@patch("/books/{key:int}")
async def update_book(key: int, data: PriceIn, db_session: AsyncSession) -> dict[str, Any]:
    done = await db_session.execute(update(Book).where(Book.id == key).values(price=data.price))
    await db_session.commit()
    if not done.rowcount:
        raise NotFoundException
    return {"updated": done.rowcount}


config = SQLAlchemyAsyncConfig(
    connection_string=DRIVER_URL.render_as_string(hide_password=False),
    engine_config=EngineConfig(pool_size=POOL_SIZE, max_overflow=0, connect_args=CONNECT),
    session_config=SessionConfig(expire_on_commit=False),
)
app = Litestar([one, twenty, related, insert_entries, update_book], plugins=[SQLAlchemyPlugin(config=config)])
