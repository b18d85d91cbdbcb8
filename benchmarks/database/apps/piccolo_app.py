"""Piccolo with FastAPI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, HTTPException
from piccolo.columns import M2M, DoublePrecision, ForeignKey, Integer, LazyTableReference, Serial, Varchar
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine
from piccolo.table import Table

from .shapes import IS_SQLITE, POOL_SIZE, URL, BookOut, EntryIn, Inserted, PageOut, PriceIn, Updated

DB: Any
if IS_SQLITE:
    DB = SQLiteEngine(path=URL.removeprefix("sqlite:///"), timeout=30)
else:
    parts = urlsplit(URL)
    DB = PostgresEngine({"host": parts.hostname, "port": parts.port, "user": parts.username, "database": parts.path.strip("/")})


class Author(Table, tablename="author", db=DB):
    id = Serial(primary_key=True)
    name = Varchar(50)


class Tag(Table, tablename="tag", db=DB):
    id = Serial(primary_key=True)
    name = Varchar(50)


class Book(Table, tablename="book", db=DB):
    id = Serial(primary_key=True)
    title = Varchar(100)
    price = DoublePrecision()
    author_id = ForeignKey(Author)
    tags = M2M(LazyTableReference("BookTag", module_path=__name__))


class BookTag(Table, tablename="book_tags", db=DB):
    book_id = ForeignKey(Book)
    tag_id = ForeignKey(Tag)


class Entry(Table, tablename="entry", db=DB):
    id = Serial(primary_key=True)
    name = Varchar(50)
    amount = Integer()


COLUMNS = (Book.id, Book.title, Book.price, Book.author_id)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    if IS_SQLITE:
        yield
        return
    await DB.start_connection_pool(min_size=POOL_SIZE, max_size=POOL_SIZE)
    yield
    await DB.close_connection_pool()


app = FastAPI(lifespan=lifespan)


@app.get("/books/{id}", response_model=BookOut)
async def one(id: int) -> Any:
    book = await Book.select(*COLUMNS).where(Book.id == id).first()
    if book is None:
        raise HTTPException(404)
    return book


@app.get("/books", response_model=list[BookOut])
async def twenty() -> Any:
    return await Book.select(*COLUMNS).order_by(Book.id, ascending=False).limit(20)


@app.get("/pages", response_model=list[PageOut])
async def related() -> Any:
    author = Book.author_id
    books = (
        await Book.select(Book.id, Book.title, Book.price, author.id, author.name, Book.tags(Tag.id, Tag.name))
        .order_by(Book.id, ascending=False)
        .limit(20)
        .output(nested=True)
    )
    return [{**book, "author": book["author_id"]} for book in books]


@app.post("/entries")
async def insert(body: list[EntryIn]) -> Inserted:
    await Entry.insert(*[Entry(name=entry.name, amount=entry.amount) for entry in body])
    return Inserted(inserted=len(body))


@app.patch("/books/{id}")
async def update(id: int, body: PriceIn) -> Updated:
    changed = await Book.update({Book.price: body.price}).where(Book.id == id).returning(Book.id)
    if not changed:
        raise HTTPException(404)
    return Updated(updated=len(changed))
