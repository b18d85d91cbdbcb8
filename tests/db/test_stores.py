"""Values that expire, in the database."""

import pytest

from trine import App, Request
from trine.db import Database, SQLStore, atomic
from trine.middleware import SessionMiddleware
from trine.pages import session
from trine.testing import AsyncTestClient


@pytest.fixture
async def store(database_url, monkeypatch):
    # A write now and then deletes what has expired: here by no chance.
    monkeypatch.setattr("random.randrange", lambda stop: stop - 1)
    async with Database(database_url) as database:
        yield SQLStore()
        await database.run("DROP TABLE IF EXISTS trine_store")


async def test_values_are_kept_until_they_expire(store):
    assert await store.get("a") is None
    assert await store.set("a", b"\x00one", expires_in=60)
    assert await store.get("a") == b"\x00one"
    assert await store.set("a", b"two", expires_in=60)
    assert await store.get("a") == b"two"
    assert await store.set("a", b"three", expires_in=60, only_existing=True)
    assert not await store.set("b", b"x", expires_in=60, only_existing=True)
    await store.delete("a")
    await store.delete("a")
    assert await store.get("a") is None
    await store.set("old", b"x", expires_in=-1)
    assert await store.get("old") is None
    assert not await store.set("old", b"y", expires_in=60, only_existing=True)
    assert await store.sweep() == 1


async def test_sessions_live_in_the_database(store):
    app = App()
    app.add_middleware(SessionMiddleware, store=store)

    @app.post("/visit")
    async def visit(request: Request) -> int:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return request.session["visits"]

    async with AsyncTestClient(app) as client:
        assert [(await client.post("/visit")).json() for _ in range(2)] == [1, 2]
        client.cookies.clear()
        assert (await client.post("/visit")).json() == 1


async def test_a_setting_keeps_the_sessions_of_pages_in_the_database(store, monkeypatch):
    monkeypatch.setenv("TRINE_SESSION_URL", "database://")
    app = App()

    @app.page("/visit")
    async def visit() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    async with AsyncTestClient(app) as client:
        assert [(await client.get("/visit")).text for _ in range(2)] == ["1", "2"]
    assert await store.sweep() == 0


async def test_a_table_that_a_rollback_would_undo_stays(store):
    async def fail():
        async with atomic():
            await store.set("a", b"one", expires_in=60)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await store.get("a") is None
    assert await store.set("a", b"two", expires_in=60)
    assert await store.get("a") == b"two"
