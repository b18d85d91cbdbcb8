"""Tortoise with FastAPI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException
from tortoise import fields
from tortoise.contrib.fastapi import RegisterTortoise
from tortoise.models import Model

from .shapes import IS_SQLITE, POOL_SIZE, URL, BookOut, EntryIn, Inserted, PageOut, PriceIn, Updated


class Author(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50)

    class Meta:
        table = "author"


class Tag(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50)

    class Meta:
        table = "tag"


class Book(Model):
    id = fields.IntField(primary_key=True)
    title = fields.CharField(max_length=100)
    price = fields.FloatField()
    author: Any = fields.ForeignKeyField("models.Author")
    tags: Any = fields.ManyToManyField("models.Tag", through="book_tags", forward_key="tag_id", backward_key="book_id")

    class Meta:
        table = "book"


class Entry(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=50)
    amount = fields.IntField()

    class Meta:
        table = "entry"


db_url = (
    URL.replace("sqlite:///", "sqlite://") + "?synchronous=NORMAL"
    if IS_SQLITE
    else f"{URL.replace('postgresql://', 'asyncpg://')}?minsize={POOL_SIZE}&maxsize={POOL_SIZE}"
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with RegisterTortoise(app, db_url=db_url, modules={"models": [__name__]}, add_exception_handlers=True):
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/books/{id}", response_model=BookOut)
async def one(id: int) -> Any:
    return await Book.get(id=id)


@app.get("/books", response_model=list[BookOut])
async def twenty() -> Any:
    return await Book.all().order_by("-id").limit(20)


@app.get("/pages", response_model=list[PageOut])
async def related() -> Any:
    return await Book.all().order_by("-id").limit(20).select_related("author").prefetch_related("tags")


@app.post("/entries")
async def insert(body: list[EntryIn]) -> Inserted:
    await Entry.bulk_create([Entry(name=entry.name, amount=entry.amount) for entry in body])
    return Inserted(inserted=len(body))


@app.patch("/books/{id}")
async def update(id: int, body: PriceIn) -> Updated:
    changed = await Book.filter(id=id).update(price=body.price)
    if not changed:
        raise HTTPException(404)
    return Updated(updated=changed)
