"""Rows that are replaced, and several that are made or deleted at once, under the same permissions as single ones."""

from typing import Any

import pytest

from trine import App, Depends, HTTPException, Request
from trine.db import CRUD, Database, Many, Model, field, many, registry
from trine.db.crud import ACTIONS
from trine.testing import AsyncTestClient


@pytest.fixture
async def shop():
    """An application with routes for all that can be done to its books."""
    with registry.isolated():

        class Tag(Model):
            name: str = field(max_length=20)

        class Book(Model):
            title: str = field(max_length=20, unique=True)
            pages: int = 100
            note: str | None = None
            tags: Many[Tag] = many()

        def editor(request: Request) -> None:
            if request.headers.get("x-role") != "editor":
                raise HTTPException(401)

        def may(request: Request, action: str, book: Any) -> bool:
            return action == "read" or book.title != "Bible"

        app = App()
        books = CRUD(
            Book,
            read=Book.schema("id", "title", "pages", "note", "tags"),
            create=Book.schema("title", "pages", "note", "tags", mode="create"),
            actions=[*ACTIONS, "replace", "create_many", "delete_many"],
            permissions={"delete": [Depends(editor)]},
            allow=lambda request, action, book: action == "list" or may(request, action, book),
            scope=lambda request, rows: rows.exclude(title="hidden"),
        )
        app.include_router(books, prefix="/books")
        async with Database("sqlite://") as database:
            await database.create_all()
            await Tag.objects.create(name="a")
            async with AsyncTestClient(app, headers={"x-role": "editor"}) as client:
                client.Book = Book
                yield client


async def test_what_a_whole_row_leaves_out_gets_its_default(shop):
    made = (await shop.post("/books", json={"title": "Emma", "pages": 7, "note": "x", "tags": [1]})).json()
    replaced = await shop.put(f"/books/{made['id']}", json={"title": "Emma 2"})
    assert replaced.json() == {"id": made["id"], "title": "Emma 2", "pages": 100, "note": None, "tags": []}
    assert (await shop.put(f"/books/{made['id']}", json={"pages": 1})).status_code == 422
    assert (await shop.put("/books/99", json={"title": "x"})).status_code == 404
    bible = await shop.Book.objects.create(title="Bible")
    assert (await shop.put(f"/books/{bible.id}", json={"title": "x"})).status_code == 403


async def test_several_rows_are_made_or_none(shop):
    made = await shop.post("/books/bulk", json=[{"title": "b", "tags": [1]}, {"title": "a"}])
    assert made.status_code == 201
    assert [(book["title"], book["tags"]) for book in made.json()] == [("b", [1]), ("a", [])]
    for status, bad in ((409, {"title": "a"}), (403, {"title": "Bible"}), (404, {"title": "hidden"}), (422, {"pages": 3})):
        refused = await shop.post("/books/bulk", json=[{"title": "new"}, bad])
        assert refused.status_code == status, refused.text
        if status == 422:
            assert refused.json()["detail"][0]["loc"] == ["body", 1, "title"]
    for number in (0, 1001):
        assert (await shop.post("/books/bulk", json=[{"title": str(each)} for each in range(number)])).status_code == 422
    assert await shop.Book.objects.count() == 2


async def test_several_rows_are_deleted_or_none(shop):
    made = await shop.Book.objects.bulk_create([shop.Book(title=title) for title in ("a", "b", "c", "Bible", "hidden")])
    a, b, _c, bible, hidden = [book.id for book in made]
    for status, keys in ((404, [a, 99]), (404, [a, hidden]), (403, [a, bible]), (422, []), (422, ["x"])):
        assert (await shop.delete("/books", params={"key": keys})).status_code == status
    assert (await shop.delete("/books", params={"key": [a]}, headers={"x-role": "reader"})).status_code == 401
    assert await shop.Book.objects.count() == 5
    assert (await shop.delete("/books", params={"key": [a, b, a]})).status_code == 204
    assert sorted(await shop.Book.objects.values_list("title", flat=True)) == ["Bible", "c", "hidden"]


async def test_they_are_there_where_they_are_named_alone(shop):
    with registry.isolated():

        class Pen(Model):
            name: str

        app = App()
        app.include_router(CRUD(Pen), prefix="/pens")
        async with AsyncTestClient(app) as client:
            assert (await client.put("/pens/1", json={"name": "x"})).status_code == 405
            assert (await client.delete("/pens", params={"key": [1]})).status_code == 405
            assert (await client.post("/pens/bulk", json=[])).status_code == 405
