"""From a query to an answer: what a response model needs is read, and no more."""

from decimal import Decimal

import msgspec
import pytest
from pydantic import BaseModel

from trine import App
from trine.db import Count, Database, Prefetch, QuerySet, atomic
from trine.errors import SetupError
from trine.lists import CursorPage, Filters, OrderBy, Page
from trine.testing import AsyncTestClient as AsyncClient

from .library import Author, Book, Publisher


class TagOut(BaseModel):
    name: str


class AuthorOut(BaseModel):
    id: int
    name: str


class BookOut(BaseModel):
    title: str
    price: Decimal
    author: AuthorOut
    publisher: AuthorOut | None
    tags: list[TagOut]


class ShelfOut(BaseModel):
    name: str
    books: list[BookOut]


class Line(msgspec.Struct):
    title: str
    author: int


def expected(title, author, publisher, tags, price):
    return {"title": title, "price": price, "author": author, "publisher": publisher, "tags": [{"name": name} for name in tags]}


async def answer(app, path):
    async with AsyncClient(app) as client:
        response = await client.get(path)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_list_of_a_nested_model_takes_two_queries(database, shelf):
    app = App()

    @app.get("/books", response_model=list[BookOut])
    async def books() -> QuerySet[Book]:
        return Book.objects.order_by("id")

    with database.queries() as queries:
        found = await answer(app, "/books")
    ann, bob, ace = [{"id": shelf[name].id, "name": shelf[name].name} for name in ("ann", "bob", "ace")]
    assert [sorted(tag["name"] for tag in book.pop("tags")) for book in found] == [["old", "sand"], ["love", "old"], []]
    assert found == [
        {"title": "Dune", "price": "12.00", "author": ann, "publisher": ace},
        {"title": "Emma", "price": "7.25", "author": bob, "publisher": None},
        {"title": "zoo 100%", "price": "3.00", "author": ann, "publisher": ace},
    ]
    assert len(queries) == 2
    assert "pages" not in queries[0].sql
    assert "metadata" not in queries[0].sql


async def test_however_deep_each_relation_to_many_is_one_query(database, shelf):
    app = App()

    @app.get("/authors", response_model=list[ShelfOut])
    async def authors() -> QuerySet[Author]:
        return Author.objects.order_by("name").prefetch_related(Prefetch("books", Book.objects.order_by("-pages")))

    with database.queries() as queries:
        found = await answer(app, "/authors")
    assert [[book["title"] for book in author["books"]] for author in found] == [["Dune", "zoo 100%"], ["Emma"]]
    assert len(queries) == 3


async def test_pages_of_a_query(database, shelf):
    app = App()

    class BookFilters(Filters):
        title__icontains: str | None = None
        author__name: str | None = None
        order_by: list[str] | None = None

    @app.get("/books", response_model=Page[BookOut])
    async def books(filters: BookFilters) -> QuerySet[Book]:
        return filters.apply(Book.objects.order_by("-pages"))

    with database.queries() as queries:
        found = await answer(app, "/books?size=2&author__name=Ann")
    assert [item["title"] for item in found["items"]] == ["Dune", "zoo 100%"]
    assert found["total"] == 2
    assert len(queries) == 3
    assert OrderBy("title").choices == ["title", "-title"]


async def test_cursors_over_fields_that_are_not_shown(database, shelf):
    app = App()

    @app.get("/books", response_model=CursorPage[Line])
    async def books() -> QuerySet[Book]:
        return Book.objects.order_by("-pages")

    first = await answer(app, "/books?size=2")
    assert first["items"] == [
        {"title": "Dune", "author": shelf["ann"].id},
        {"title": "Emma", "author": shelf["bob"].id},
    ]
    second = await answer(app, f"/books?size=2&cursor={first['next']}")
    assert [item["title"] for item in second["items"]] == ["zoo 100%"]


async def test_annotations_are_fields_too(database, shelf):
    app = App()

    class Counted(BaseModel):
        name: str
        n: int

    @app.get("/authors", response_model=list[Counted])
    async def authors() -> QuerySet[Author]:
        return Author.objects.annotate(n=Count("books")).order_by("name")

    assert await answer(app, "/authors") == [{"name": "Ann", "n": 2}, {"name": "Bob", "n": 1}]


async def test_what_a_model_computes_itself_is_a_field_too(database, shelf):
    class Long(BaseModel):
        title: str
        is_long: bool
        author: AuthorOut

    app = App()

    @app.get("/books", response_model=list[Long])
    async def books() -> QuerySet[Book]:
        return Book.objects.order_by("pages")

    found = await answer(app, "/books")
    assert [(book["title"], book["is_long"], book["author"]["name"]) for book in found] == [
        ("zoo 100%", False, "Ann"),
        ("Emma", True, "Bob"),
        ("Dune", True, "Ann"),
    ]


async def test_an_instance_with_its_relations_read_is_an_answer(database, shelf):
    app = App()

    @app.get("/books/{title}", response_model=BookOut)
    async def book(title: str) -> Book:
        return await Book.objects.select_related("author", "publisher").prefetch_related("tags").get_or_404(title=title)

    found = await answer(app, "/books/Dune")
    assert found["author"]["name"] == "Ann"
    assert sorted(tag["name"] for tag in found["tags"]) == ["old", "sand"]
    async with AsyncClient(app) as client:
        assert (await client.get("/books/Nothing")).status_code == 404


async def test_numbers_that_no_column_holds_are_refused(database):
    app = App()

    @app.get("/books/{id}", response_model=Line)
    async def book(id: int) -> Book:
        return await Book.objects.get_or_404(id=id)

    async with AsyncClient(app) as client:
        assert (await client.get(f"/books/{10**30}")).status_code == 400


async def test_a_field_that_the_model_has_not_is_named(database):
    class Wrong(BaseModel):
        titel: str

    with pytest.raises(SetupError, match=r"asks for 'titel', and Book has none. Did you mean 'title'\?"):
        await Book.objects.shaped(Wrong).fetch(0, 1)
    assert isinstance(database, Database)
    assert Publisher


async def test_rows_that_clash_are_a_409(database, shelf):
    app = App()

    @app.post("/publishers/{name}", response_model=None)
    async def make(name: str) -> int:
        async with atomic():
            return (await Publisher.objects.create(name=name)).id

    async with AsyncClient(app) as client:
        assert (await client.post("/publishers/New")).status_code == 200
        refused = await client.post("/publishers/Ace")
        assert (refused.status_code, refused.json()["detail"]) == (
            409,
            "This conflicts with what is there already, or refers to what is not.",
        )
