"""Filters, order and search: declared by names, checked at start-up."""

from datetime import date
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from trine import App, Filters, OrderBy, Page, Search, SetupError
from trine.lists import ListRows


class Author(BaseModel):
    name: str


class Book(BaseModel):
    id: int
    title: str
    price: float
    tags: list[str] = []
    author: Author | None = None
    published: date | None = None


BOOKS = [
    Book(id=1, title="Emma", price=10, tags=["old"], author=Author(name="Jane"), published=date(1815, 12, 23)),
    Book(id=2, title="Persuasion", price=12.5, tags=["old", "sea"], author=Author(name="Jane"), published=date(1817, 12, 20)),
    Book(id=3, title="Middlemarch", price=20, author=Author(name="George")),
    Book(id=4, title="emma again", price=7),
]


class BookFilters(Filters):
    price: float | None = None
    price__gte: float | None = None
    price__lt: float | None = None
    price__range: list[float] | None = None
    id__in: list[int] | None = None
    title__iexact: str | None = None
    title__contains: str | None = None
    title__icontains: str | None = None
    title__startswith: str | None = None
    title__iendswith: str | None = None
    tags__contains: str | None = None
    author__name: str | None = None
    published__isnull: bool | None = None
    published__lte: date | None = Field(None, alias="before")
    search: Annotated[str, Search("title", "author__name")] = ""
    order_by: Annotated[tuple[str, ...], OrderBy("title", "price", "published")] = ()
    cheap: bool | None = None

    def filter_cheap(self, rows: Any, cheap: bool) -> Any:
        return rows.filter(price__lt=11) if cheap else rows


@pytest.fixture
def books(client_for):
    app = App()

    @app.get("/books", response_model=Page[Book])
    async def list_books(filters: BookFilters) -> Any:
        return filters.apply(BOOKS)

    return client_for(app)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4]),
        ("price=10", [1]),
        ("price__gte=10&price__lt=20", [1, 2]),
        ("price__range=7,10", [1, 4]),
        ("id__in=1,3", [1, 3]),
        ("id__in=1&id__in=3", [1, 3]),
        ("title__iexact=EMMA", [1]),
        ("title__contains=mm", [1, 4]),
        ("title__icontains=EMMA", [1, 4]),
        ("title__startswith=P", [2]),
        ("title__iendswith=MARCH", [3]),
        ("tags__contains=sea", [2]),
        ("author__name=Jane", [1, 2]),
        ("published__isnull=true", [3, 4]),
        ("published__isnull=false", [1, 2]),
        ("before=1816-01-01", [1]),
        ("search=emma", [1, 4]),
        ("search=jane+pers", [2]),
        ("search=jane+george", []),
        ("cheap=true", [1, 4]),
        ("order_by=-price", [3, 2, 1, 4]),
        ("order_by=published,-price", [3, 4, 1, 2]),
        ("order_by=-published&order_by=price", [2, 1, 4, 3]),
        ("order_by=price,-price", [4, 1, 2, 3]),
    ],
)
def test_a_filters_name_says_which_rows_stay(books, query, found):
    assert [book["id"] for book in books.get(f"/books?{query}").json()["items"]] == found


@pytest.mark.parametrize(
    ("query", "loc", "message"),
    [
        ("price=x", ["query", "price"], "Input should be a valid number, unable to parse string as a number"),
        (
            "order_by=colour",
            ["query", "order_by", 0],
            "Input should be 'title', '-title', 'price', '-price', 'published' or '-published'",
        ),
        ("search=" + "+".join("abcdefghi"), ["query", "search"], "Search for at most 8 words"),
        ("search=" + "a" * 201, ["query", "search"], "String should have at most 200 characters"),
        ("price__range=5", ["query", "price__range"], "List should have at least 2 items after validation, not 1"),
        ("id__in=" + ",".join(["1"] * 101), ["query", "id__in"], "List should have at most 100 items after validation, not 101"),
    ],
)
def test_what_no_filter_takes_is_refused(books, query, loc, message):
    response = books.get(f"/books?{query}")
    assert response.status_code == 422
    assert [(error["loc"], error["msg"]) for error in response.json()["detail"]] == [(loc, message)]


def test_the_document_shows_choices_and_limits(books):
    parameters = books.get("/openapi.json").json()["paths"]["/books"]["get"]["parameters"]
    found = {parameter["name"]: parameter for parameter in parameters}
    assert found["order_by"]["schema"]["items"]["enum"][:2] == ["title", "-title"]
    assert found["id__in"]["schema"]["anyOf"][0] == {"type": "array", "items": {"type": "integer"}, "maxItems": 100}
    assert found["search"]["description"] == "Words that must all occur, each in one of: title, author__name."
    assert "before" in found
    assert list(found)[-2:] == ["page", "size"]


def test_filters_narrow_rows_without_a_page_too():
    filters = BookFilters(price__gte=11, order_by=["-price"])
    assert [book.id for book in filters.apply(BOOKS)] == [3, 2]


def test_filters_ask_any_source_of_rows():
    class Query:
        def __init__(self, asked=()):
            self.asked = asked

        def filter(self, **lookups):
            return Query((*self.asked, lookups))

        def filter_any(self, *alternatives):
            return Query((*self.asked, alternatives))

        def order_by(self, *fields):
            return Query((*self.asked, fields))

    filters = BookFilters(price__gte=11, id__in=[1], search="a", order_by=["-price"])
    assert filters.apply(Query()).asked == (
        {"price__gte": 11.0},
        {"id__in": [1]},
        ({"title__icontains": "a"}, {"author__name__icontains": "a"}),
        ("-price",),
    )


def test_rows_of_dictionaries_are_read_by_their_keys():
    rows = ListRows([{"size": 2, "box": {"depth": 1}}, {"size": 1, "box": None}])
    assert list(rows.filter(box__depth=1)) == [{"size": 2, "box": {"depth": 1}}]
    assert [row["size"] for row in rows.order_by("size")] == [1, 2]


@pytest.mark.parametrize(
    ("name", "annotation", "default", "message"),
    [
        ("price", float, ..., "Wrong.price is required, but a filter may be left out."),
        ("id__in", int | None, None, "Wrong.id__in takes several values, but its type is no list."),
        ("order_by", Annotated[str, OrderBy("a")], "a", "Wrong.order_by takes several values, but its type is no list."),
        ("a__isnull", str | None, None, "Wrong.a__isnull asks a yes-or-no question, but its type is not bool."),
        (
            "order_by",
            Annotated[list[str], OrderBy("a")],
            ["b"],
            "Wrong.order_by has the default ['b'], which OrderBy does not name.",
        ),
    ],
)
def test_a_filter_that_cannot_work_is_a_mistake_of_the_declaration(name, annotation, default, message):
    with pytest.raises(SetupError) as caught:
        type("Wrong", (Filters,), {"__annotations__": {name: annotation}, **({} if default is ... else {name: default})})
    assert caught.value.message == message


@pytest.mark.parametrize("make", [OrderBy, lambda: OrderBy("-a"), Search], ids=["no order", "signed order", "no search"])
def test_an_order_and_a_search_name_fields(make):
    with pytest.raises(SetupError):
        make()
