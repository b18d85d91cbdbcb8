"""FastAPI with asyncpg's pool and SQL by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI, HTTPException

from .shapes import POOL_SIZE, URL, BookOut, EntryIn, Inserted, PageOut, PriceIn, Updated
from .sql import INSERT, ONE, PAGES, TAGS, TWENTY, UPDATE, nested


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(URL, min_size=POOL_SIZE, max_size=POOL_SIZE) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/books/{id}", response_model=BookOut)
async def one(id: int) -> Any:
    row = await app.state.pool.fetchrow(f"{ONE}$1", id)
    if row is None:
        raise HTTPException(404)
    return dict(row)


@app.get("/books", response_model=list[BookOut])
async def twenty() -> Any:
    return [dict(row) for row in await app.state.pool.fetch(TWENTY)]


@app.get("/pages", response_model=list[PageOut])
async def related() -> Any:
    async with app.state.pool.acquire() as connection:
        books = await connection.fetch(PAGES)
        return nested(books, await connection.fetch(f"{TAGS}= ANY($1)", [row[0] for row in books]))


@app.post("/entries")
async def insert(body: list[EntryIn]) -> Inserted:
    await app.state.pool.executemany(f"{INSERT}($1, $2)", [(entry.name, entry.amount) for entry in body])
    return Inserted(inserted=len(body))


@app.patch("/books/{id}")
async def update(id: int, body: PriceIn) -> Updated:
    done = await app.state.pool.execute(f"{UPDATE}$1 WHERE id = $2", body.price, id)
    if done != "UPDATE 1":
        raise HTTPException(404)
    return Updated(updated=1)
