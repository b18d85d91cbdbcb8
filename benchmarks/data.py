"""Rows to JSON without a server: CPU microseconds of Trine's models, of SQLAlchemy's ORM, and of the driver by hand.

`python -m benchmarks.data postgresql://postgres@127.0.0.1/bench` and `... sqlite:////tmp/bench.sqlite3`. The tables of the
benchmark are dropped and made anew. Every contender gives the same values; the figures are the best of many batches, taken in
turns, of the event loop's process. The database's own processor time is not among them.
"""

import argparse
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvloop
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from trine import App
from trine.db import Database, Many, Model, QuerySet, atomic, field, many

from .fakes import rsgi_call
from .workloads import Request

Call = Callable[[], Awaitable[Any]]
BATCHES, SIZE = 9, 60


class BenchAuthor(Model):
    name: str = field(max_length=50)


class BenchTag(Model):
    name: str = field(max_length=50)


class BenchBook(Model):
    title: str = field(max_length=100)
    price: float = 1.0
    author: BenchAuthor
    tags: Many[BenchTag] = many()


class Row(BaseModel):
    id: int
    title: str
    price: float
    author_id: int


class Author(BaseModel):
    id: int
    name: str


class Tag(BaseModel):
    id: int
    name: str


class Book(BaseModel):
    id: int
    title: str
    author: Author
    tags: list[Tag]


app = App()


@app.get("/one/{id}", response_model=Row)
async def one(id: int) -> BenchBook:
    return await BenchBook.objects.get(id=id)


@app.get("/twenty", response_model=list[Row])
async def twenty() -> QuerySet[BenchBook]:
    return BenchBook.objects.order_by("-id")[:20]


@app.get("/related", response_model=list[Book])
async def related() -> QuerySet[BenchBook]:
    return BenchBook.objects.order_by("-id")[:20]


async def fill(database: Database) -> None:
    """Make the rows that everybody reads."""
    await database.drop_all()
    await database.create_all()
    authors = await BenchAuthor.objects.bulk_create([BenchAuthor(name=f"author {number}") for number in range(20)])
    tags = await BenchTag.objects.bulk_create([BenchTag(name=f"tag {number}") for number in range(10)])
    books = [BenchBook(title=f"book {number}", price=float(number), author=authors[number % 20]) for number in range(1000)]
    await BenchBook.objects.bulk_create(books)
    for number, book in enumerate(books[-40:]):
        await book.tags.add(tags[number % 10], tags[(number + 3) % 10])


def trine_calls() -> dict[str, Call]:
    """Instances in process, and whole typed routes."""

    async def insert() -> None:
        rows = [BenchTag(name="new") for _ in range(100)]
        await BenchTag.objects.bulk_create(rows)

    async def change() -> None:
        await BenchBook.objects.filter(id=5).update(price=3.0)

    async def get() -> None:
        await BenchBook.objects.get(id=5)

    return {
        "one, instance": get,
        "one, route": rsgi_call(app, Request("/one/5")),
        "twenty, route": rsgi_call(app, Request("/twenty")),
        "related, route": rsgi_call(app, Request("/related")),
        "insert 100": insert,
        "update": change,
    }


def orm_calls(database: Database) -> dict[str, Call]:
    """SQLAlchemy's async ORM, each answer validated by the same response model and encoded."""
    engine = database.engine

    async def get() -> None:
        async with AsyncSession(engine) as session:
            await session.get(BenchBook, 5)

    async def route_one() -> None:
        async with AsyncSession(engine) as session:
            book = await session.get(BenchBook, 5)
            Row.model_validate(book, from_attributes=True).model_dump_json()

    async def route_twenty() -> None:
        async with AsyncSession(engine) as session:
            books = await session.scalars(select(BenchBook).order_by(BenchBook.id.desc()).limit(20))
            json.dumps([Row.model_validate(book, from_attributes=True).model_dump() for book in books])

    async def route_related() -> None:
        async with AsyncSession(engine) as session:
            options = (selectinload(BenchBook.author), selectinload(BenchBook.tags))
            books = await session.scalars(select(BenchBook).options(*options).order_by(BenchBook.id.desc()).limit(20))
            json.dumps([Book.model_validate(book, from_attributes=True).model_dump() for book in books])

    async def insert() -> None:
        async with AsyncSession(engine) as session:
            session.add_all([BenchTag(name="new") for _ in range(100)])
            await session.commit()

    return {
        "one, instance": get,
        "one, route": route_one,
        "twenty, route": route_twenty,
        "related, route": route_related,
        "insert 100": insert,
    }


async def driver_calls(database: Database) -> dict[str, Call]:
    """The driver by hand: asyncpg's pool as it is made, or sqlite3 in the thread of the loop."""
    columns, table = "id, title, price, author_id", BenchBook.__table__.name
    by_key, newest = f"SELECT {columns} FROM {table} WHERE id = ", f"SELECT {columns} FROM {table} ORDER BY id DESC LIMIT 20"
    encode = msgspec.json.encode
    if database.dialect.name == "sqlite":
        raw = sqlite3.connect(str(database.url.database))
        names = columns.split(", ")

        async def get() -> None:
            raw.execute(f"{by_key}?", (5,)).fetchone()

        async def route_one() -> None:
            encode(dict(zip(names, raw.execute(f"{by_key}?", (5,)).fetchone(), strict=True)))

        async def route_twenty() -> None:
            encode([dict(zip(names, row, strict=True)) for row in raw.execute(newest).fetchall()])

        return {"one, instance": get, "one, route": route_one, "twenty, route": route_twenty}
    import asyncpg

    pool = await asyncpg.create_pool(database.url.set(drivername="postgresql").render_as_string(hide_password=False), min_size=1)

    async def fetch() -> None:
        await pool.fetchrow(f"{by_key}$1", 5)

    async def fetch_one() -> None:
        encode(dict(await pool.fetchrow(f"{by_key}$1", 5)))

    async def fetch_twenty() -> None:
        encode([dict(row) for row in await pool.fetch(newest)])

    return {"one, instance": fetch, "one, route": fetch_one, "twenty, route": fetch_twenty}


async def measure(calls: dict[str, Call]) -> dict[str, float]:
    """CPU microseconds of each call, the best batch."""
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(BATCHES):
        for name, call in calls.items():
            size = SIZE if "100" not in name else SIZE // 10
            began = time.process_time()
            for _ in range(size):
                await call()
            best[name] = min(best[name], (time.process_time() - began) / size * 1e6)
    return best


async def main(url: str) -> None:
    """Print a table."""
    async with Database(url) as database:
        await fill(database)
        groups = {"Trine": trine_calls(), "SQLAlchemy ORM": orm_calls(database), "the driver": await driver_calls(database)}
        found = {group: await measure(calls) for group, calls in groups.items()}

        async def get() -> None:
            await BenchBook.objects.get(id=5)

        async with atomic():
            found["Trine"]["one, in a transaction"] = (await measure({"one": get}))["one"]
        print(f"| {database.dialect.title}, µs | {' | '.join(found)} |")
        print("| --- |" + " --- |" * len(found))
        for name in found["Trine"]:
            cells = [f"{group[name]:.0f}" if name in group else "" for group in found.values()]
            print(f"| {name} | {' | '.join(cells)} |")
        await database.drop_all()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    uvloop.run(main(parser.parse_args().url))
