"""Pages: one part of the rows, how many there are, and where the others stand."""

from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec
import pytest
from pydantic import BaseModel

from trine import App, CursorPage, Depends, OffsetPage, Page, PageParams, RedirectResponse

T = TypeVar("T")


class Item(BaseModel):
    id: int


ITEMS = [Item(id=number) for number in range(1, 8)]


def app_of(value: Any, model: Any = Page[Item]) -> App:
    app = App()

    @app.get("/items", response_model=model)
    async def items() -> Any:
        return value() if callable(value) else value

    return app


def ids(response):
    return [item["id"] for item in response.json()["items"]]


def test_page_and_size_choose_the_part(client_for):
    client = client_for(app_of(ITEMS))
    assert client.get("/items?page=2&size=3").json() == {
        "items": [{"id": 4}, {"id": 5}, {"id": 6}],
        "total": 7,
        "page": 2,
        "size": 3,
        "pages": 3,
    }
    assert ids(client.get("/items?page=3&size=3")) == [7]
    assert ids(client.get("/items?page=4&size=3")) == []


def test_links_lead_through_all_pages(client_for):
    client = client_for(app_of(ITEMS))
    response, found = client.get("/items?size=3&color=red%3E"), []
    assert "prev" not in response.links
    while True:
        found += ids(response)
        if "next" not in response.links:
            break
        response = client.get(response.links["next"]["url"])
    assert found == [1, 2, 3, 4, 5, 6, 7]
    assert response.links["prev"]["url"] == "http://testserver/items?color=red%3E&page=2&size=3"
    assert response.links["first"]["url"].endswith("page=1&size=3")
    assert response.links["last"]["url"].endswith("page=3&size=3")


def test_a_list_without_rows_has_one_empty_page(client_for):
    response = client_for(app_of([])).get("/items")
    assert response.json() == {"items": [], "total": 0, "page": 1, "size": 20, "pages": 0}
    assert sorted(response.links) == ["first", "last"]


@pytest.mark.parametrize("query", ["page=0", "page=1000001", "size=0", "size=101", "page=x", "page=-1"])
def test_what_is_no_page_is_refused_before_the_handler_runs(client_for, query):
    called = []
    client = client_for(app_of(lambda: called.append(1) or ITEMS))
    response = client.get(f"/items?{query}")
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["query", query.partition("=")[0]])
    assert called == []


def test_a_subclass_has_limits_of_its_own(client_for):
    class Shelf(Page[T], Generic[T]):
        page_size: ClassVar[int] = 2
        max_page_size: ClassVar[int] = 3

    client = client_for(app_of(ITEMS, Shelf[Item]))
    assert ids(client.get("/items")) == [1, 2]
    assert client.get("/items?size=4").status_code == 422


def test_offset_and_limit_choose_the_part(client_for):
    client = client_for(app_of(ITEMS, OffsetPage[Item]))
    response = client.get("/items?limit=2&offset=3")
    assert response.json() == {"items": [{"id": 4}, {"id": 5}], "total": 7, "limit": 2, "offset": 3}
    assert response.links["prev"]["url"].endswith("limit=2&offset=1")
    assert response.links["next"]["url"].endswith("limit=2&offset=5")
    assert response.links["last"]["url"].endswith("limit=2&offset=6")
    assert client.get("/items?offset=1000000001").status_code == 422


async def stream():
    for item in ITEMS:
        yield item


@pytest.mark.parametrize(
    "rows",
    [tuple(ITEMS), lambda: iter(ITEMS), lambda: (item for item in ITEMS), lambda: {"a": ITEMS[0]}.values(), stream],
    ids=["tuple", "iterator", "generator", "view", "async generator"],
)
def test_anything_that_can_be_iterated_is_rows(client_for, rows):
    assert ids(client_for(app_of(rows)).get("/items?size=1")) == [1]


def test_what_is_no_rows_is_the_programs_mistake(client_for):
    client = client_for(app_of(7))
    with pytest.raises(TypeError, match="A page is made of rows, and the handler returned int"):
        client.get("/items")


def test_a_response_goes_out_as_it_is(client_for):
    response = client_for(app_of(RedirectResponse("/new"))).get("/items", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "/new")


def test_rows_are_reduced_to_the_response_model(client_for):
    rows = [{"id": 1, "secret": "x"}]
    assert client_for(app_of(rows)).get("/items").json()["items"] == [{"id": 1}]


def test_a_handler_may_read_its_part_itself(client_for):
    app = App()

    @app.get("/items", response_model=Page[Item])
    def items(part: Annotated[PageParams, Depends(Page.params())]) -> Any:
        return part.of(ITEMS[part.offset : part.offset + part.limit], total=len(ITEMS))

    client = client_for(app)
    assert client.get("/items?page=2&size=5").json() == {
        "items": [{"id": 6}, {"id": 7}],
        "total": 7,
        "page": 2,
        "size": 5,
        "pages": 2,
    }
    names = [parameter["name"] for parameter in client.get("/openapi.json").json()["paths"]["/items"]["get"]["parameters"]]
    assert names == ["page", "size"]


def test_a_plain_function_and_its_dependencies_work_as_anywhere(client_for):
    app, closed = App(), []

    def database():
        yield ITEMS
        closed.append(True)

    @app.get("/shops/{shop}/items", dependencies=[Depends(lambda: None)])
    def items(shop: int, rows: Annotated[list[Item], Depends(database)], odd: bool = False) -> Page[Item]:
        return [item for item in rows if not odd or item.id % 2]

    client = client_for(app)
    assert ids(client.get("/shops/3/items?odd=true&size=2&page=2")) == [5, 7]
    assert closed == [True]
    errors = client.get("/shops/x/items?odd=perhaps&page=0").json()["detail"]
    assert [error["loc"][-1] for error in errors] == ["page", "shop", "odd"]


def test_the_document_shows_parameters_limits_and_links(client_for):
    operation = client_for(app_of(ITEMS)).get("/openapi.json").json()["paths"]["/items"]["get"]
    page, size = operation["parameters"]
    assert page["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1_000_000,
        "default": 1,
        "title": "Page",
        "description": "Which page, counted from 1.",
    }
    assert (size["schema"]["maximum"], size["schema"]["default"]) == (100, 20)
    answer = operation["responses"]["200"]
    assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Page_Item_"}
    assert answer["headers"]["Link"]["schema"] == {"type": "string"}


class Stone(msgspec.Struct):
    id: int
    weight: float = 1.5


@pytest.mark.parametrize("model", [Page[Stone], OffsetPage[Stone], CursorPage[Stone]], ids=["numbered", "offset", "cursor"])
def test_pages_of_structs(client_for, model):
    client = client_for(app_of([Stone(1), Stone(2)], model))
    response = client.get("/items?size=1&limit=1")
    assert response.json()["items"] == [{"id": 1, "weight": 1.5}]
    assert "next" in response.links
    document = client.get("/openapi.json").json()
    answer = document["paths"]["/items"]["get"]["responses"]["200"]
    name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert document["components"]["schemas"][name]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Stone"}
    assert "Link" in answer["headers"]
