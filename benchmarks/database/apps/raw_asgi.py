"""The limit on Uvicorn: ASGI by hand, with asyncpg's pool or with sqlite3 in the thread of the loop."""

from typing import Any, Protocol

import msgspec

from ...apps.mirror import extra_headers
from .shapes import IS_SQLITE, POOL_SIZE, URL
from .sql import INSERT, ONE, PAGES, TAGS, TWENTY, UPDATE, nested

HEADERS = [(b"content-type", b"application/json"), *((name.encode(), value.encode()) for name, value in extra_headers())]
encode = msgspec.json.Encoder().encode


class EntryIn(msgspec.Struct):
    name: str
    amount: int


class PriceIn(msgspec.Struct):
    price: float


decode_entries = msgspec.json.Decoder(list[EntryIn]).decode
decode_price = msgspec.json.Decoder(PriceIn).decode


class Rows(Protocol):
    """What the routes ask of a database."""

    async def one(self, key: int) -> dict[str, Any] | None: ...
    async def twenty(self) -> list[dict[str, Any]]: ...
    async def related(self) -> list[Any]: ...
    async def insert(self, entries: list[EntryIn]) -> None: ...
    async def update(self, key: int, price: float) -> int: ...


class PostgreSQLRows:
    """Through asyncpg's pool."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool

    async def one(self, key: int) -> dict[str, Any] | None:
        row = await self.pool.fetchrow(f"{ONE}$1", key)
        return None if row is None else dict(row)

    async def twenty(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.pool.fetch(TWENTY)]

    async def related(self) -> list[Any]:
        async with self.pool.acquire() as connection:
            books = await connection.fetch(PAGES)
            return nested(books, await connection.fetch(f"{TAGS}= ANY($1)", [row[0] for row in books]))

    async def insert(self, entries: list[EntryIn]) -> None:
        await self.pool.executemany(f"{INSERT}($1, $2)", [(entry.name, entry.amount) for entry in entries])

    async def update(self, key: int, price: float) -> int:
        return int((await self.pool.execute(f"{UPDATE}$1 WHERE id = $2", price, key)).rpartition(" ")[2])


class SQLiteRows:
    """Through one connection, which nobody shares with it."""

    def __init__(self, database: Any) -> None:
        self.database = database

    async def one(self, key: int) -> dict[str, Any] | None:
        row = self.database.execute(f"{ONE}?", (key,)).fetchone()
        return None if row is None else _book(row)

    async def twenty(self) -> list[dict[str, Any]]:
        return [_book(row) for row in self.database.execute(TWENTY)]

    async def related(self) -> list[Any]:
        books = self.database.execute(PAGES).fetchall()
        keys = [row[0] for row in books]
        return nested(books, self.database.execute(f"{TAGS}IN ({', '.join('?' * len(keys))})", keys))

    async def insert(self, entries: list[EntryIn]) -> None:
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany(f"{INSERT}(?, ?)", [(entry.name, entry.amount) for entry in entries])
        self.database.execute("COMMIT")

    async def update(self, key: int, price: float) -> int:
        return int(self.database.execute(f"{UPDATE}? WHERE id = ?", (price, key)).rowcount)


def _book(row: tuple[Any, ...]) -> dict[str, Any]:
    key, title, price, author_id = row
    return {"id": key, "title": title, "price": price, "author_id": author_id}


async def open_rows() -> Rows:
    """Connect."""
    if IS_SQLITE:
        import sqlite3

        database = sqlite3.connect(URL.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("PRAGMA foreign_keys=ON")
        return SQLiteRows(database)
    import asyncpg

    return PostgreSQLRows(await asyncpg.create_pool(URL, min_size=POOL_SIZE, max_size=POOL_SIZE))


rows: Rows


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request."""
    if scope["type"] == "lifespan":
        return await live(receive, send)
    path, method = scope["path"], scope["method"]
    if path == "/books" and method == "GET":
        return await answer(send, await rows.twenty())
    if path == "/pages" and method == "GET":
        return await answer(send, await rows.related())
    try:
        if path == "/entries" and method == "POST":
            entries = decode_entries(await body_of(receive))
            await rows.insert(entries)
            return await answer(send, {"inserted": len(entries)})
        key = path.removeprefix("/books/")
        if key is not path and key.isascii() and key.isdigit():
            if method == "GET":
                book = await rows.one(int(key))
                return await (answer(send, book) if book else refuse(send, 404))
            if method == "PATCH":
                changed = await rows.update(int(key), decode_price(await body_of(receive)).price)
                return await (answer(send, {"updated": changed}) if changed else refuse(send, 404))
    except msgspec.MsgspecError:
        return await refuse(send, 422)
    return await refuse(send, 404)


async def live(receive: Any, send: Any) -> None:
    """Connect before the first request."""
    global rows  # noqa: PLW0603 - what lives as long as the server
    await receive()
    rows = await open_rows()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def answer(send: Any, value: Any, status: int = 200) -> None:
    """Send a whole response."""
    body = encode(value)
    headers = [(b"content-length", b"%d" % len(body)), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Any, status: int) -> None:
    """Say no."""
    await answer(send, {"detail": "refused"}, status)


async def body_of(receive: Any) -> bytes:
    """Read the whole body."""
    event = await receive()
    if not event.get("more_body"):
        return bytes(event["body"])
    parts = [event["body"]]
    while event.get("more_body"):
        event = await receive()
        parts.append(event["body"])
    return b"".join(parts)
