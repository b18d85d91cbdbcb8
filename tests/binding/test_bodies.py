"""JSON bodies: one model, several, single values, and what is wrong with them."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from trine import App, Body, Request
from trine.testing import TestClient


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)
    tags: list[str] = []


class User(BaseModel):
    username: str


JSON = {"content-type": "application/json"}


@pytest.fixture
def shop() -> App:
    app = App()

    @app.post("/items")
    async def create(item: Item) -> Item:
        return item

    return app


def test_model(shop, client_for):
    answer = client_for(shop).post("/items", json={"name": "a", "price": "1.5", "extra": 1})
    assert (answer.status_code, answer.json()) == (200, {"name": "a", "price": 1.5, "tags": []})


def test_every_field_that_is_wrong_is_reported(shop, client_for):
    refused = client_for(shop).post("/items", json={"price": 0, "tags": "a"})
    assert refused.status_code == 422
    assert refused.json() == {
        "detail": [
            {"type": "missing", "loc": ["body", "name"], "msg": "Field required", "input": {"price": 0, "tags": "a"}},
            {
                "type": "greater_than",
                "loc": ["body", "price"],
                "msg": "Input should be greater than 0",
                "input": 0,
                "ctx": {"gt": 0.0},
            },
            {"type": "list_type", "loc": ["body", "tags"], "msg": "Input should be a valid list", "input": "a"},
        ]
    }


def test_a_missing_body(shop, client_for):
    refused = client_for(shop).post("/items")
    assert (refused.status_code, refused.json()) == (
        422,
        {"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]},
    )


@pytest.mark.parametrize("body", [b"{", b'{"name": }', b"nope", b'{"name": "a",}', b"\xff\xfe", b'{"a": 1} x'])
def test_broken_json(shop, client_for, body):
    refused = client_for(shop).post("/items", content=body, headers=JSON)
    assert refused.status_code == 422
    [error] = refused.json()["detail"]
    assert (error["type"], error["loc"][0]) == ("json_invalid", "body")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have(shop, client_for, number):
    refused = client_for(shop).post("/items", content='{"name": "a", "price": ' + number + "}", headers=JSON)
    assert refused.status_code == 422


def test_json_that_is_too_deep(client_for):
    app = App()

    @app.post("/")
    async def read(data: Any = Body()) -> str:
        return "ok"

    client = client_for(app)
    assert client.post("/", content="[" * 64 + "]" * 64, headers=JSON).json() == "ok"
    refused = client.post("/", content="[" * 65 + "]" * 65, headers=JSON)
    assert (refused.status_code, refused.json()["detail"][0]["type"]) == (422, "json_too_deep")
    assert client.post("/", json="[" * 100).json() == "ok"


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]
)
def test_content_types_that_say_json(shop, client_for, content_type):
    answer = client_for(shop).post("/items", content=b'{"name":"a","price":1}', headers={"content-type": content_type})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/geo+json-seq", "", None]
)
def test_content_types_that_do_not(shop, client_for, content_type):
    headers = {} if content_type is None else {"content-type": content_type}
    refused = client_for(shop).post("/items", content=b'{"name":"a","price":1}', headers=headers)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["input"] == '{"name":"a","price":1}'


def test_a_body_larger_than_the_limit(client_for):
    app = App(max_body_size=10)

    @app.post("/")
    async def read(data: list[int]) -> int:
        return len(data)

    @app.post("/more", max_body_size=100)
    async def more(data: list[int]) -> int:
        return len(data)

    client = client_for(app)
    assert client.post("/", content=b"[1,2,3,45]", headers=JSON).json() == 4
    refused = client.post("/", content=b"[1,2,3,456]", headers=JSON)
    assert (refused.status_code, refused.json()) == (
        413,
        {"detail": "The request body is 11 bytes, more than the 10 bytes that are accepted here."},
    )
    chunked = client.post("/", content=iter([b"[1,2,3,", b"4567890]"]), headers=JSON)
    assert (chunked.status_code, chunked.json()) == (
        413,
        {"detail": "The request body is larger than the 10 bytes that are accepted here."},
    )
    assert client.post("/more", content=b"[1,2,3,456]", headers=JSON).json() == 4


def test_several_bodies_stand_under_their_names(client_for):
    app = App()

    @app.put("/{id}")
    async def update(id: int, item: Item, user: User, importance: Annotated[int, Body(gt=0)], q: str | None = None) -> list:
        return [id, item.name, user.username, importance, q]

    client = client_for(app)
    whole = {"item": {"name": "a", "price": 1}, "user": {"username": "u"}, "importance": 5}
    assert client.put("/7?q=x", json=whole).json() == [7, "a", "u", 5, "x"]
    refused = client.put("/7", json={"item": {"name": "a"}, "importance": 0}).json()["detail"]
    assert [(error["loc"], error["type"]) for error in refused] == [
        (["body", "item", "price"], "missing"),
        (["body", "user"], "missing"),
        (["body", "importance"], "greater_than"),
    ]
    empty = client.put("/7").json()["detail"]
    assert [error["loc"] for error in empty] == [["body", "item"], ["body", "user"], ["body", "importance"]]


def test_embed_puts_one_body_under_its_name(client_for):
    app = App()

    @app.post("/")
    async def create(item: Annotated[Item, Body(embed=True)]) -> str:
        return item.name

    client = client_for(app)
    assert client.post("/", json={"item": {"name": "a", "price": 1}}).json() == "a"
    assert client.post("/", json={"name": "a", "price": 1}).json()["detail"][0]["loc"] == ["body", "item"]


def test_optional_body(client_for):
    app = App()

    @app.post("/")
    async def create(item: Item | None = None) -> str | None:
        return item and item.name

    client = client_for(app)
    assert client.post("/").json() is None
    assert client.post("/", content=b"null", headers=JSON).json() is None
    assert client.post("/", json={"name": "a", "price": 1}).json() == "a"


@pytest.mark.parametrize(
    ("annotation", "sent", "expected"),
    [
        (dict, {"a": 1}, {"a": 1}),
        (dict[str, int], {"a": "1"}, {"a": 1}),
        (list[Item], [{"name": "a", "price": 1}], [{"name": "a", "price": 1.0, "tags": []}]),
        (dict[int, float], {"1": 2}, {"1": 2.0}),
        (Item | list[Item], [{"name": "a", "price": 1}], [{"name": "a", "price": 1.0, "tags": []}]),
    ],
)
def test_bodies_of_other_types(client_for, annotation, sent, expected):
    app = App()

    @app.post("/")
    async def create(data: annotation) -> annotation:
        return data

    assert client_for(app).post("/", json=sent).json() == expected


@pytest.mark.parametrize(("annotation", "sent"), [(int, 7), (str, "text"), (bool, True), (list[int], [1, 2]), (Any, {"a": [1]})])
def test_single_values_as_a_body(client_for, annotation, sent):
    app = App()

    @app.post("/")
    async def create(value: Annotated[annotation, Body()]) -> annotation:
        return value

    assert client_for(app).post("/", json=sent).json() == sent


def test_raw_bytes_and_text(client_for):
    app = App()

    @app.post("/bytes")
    async def raw(data: Annotated[bytes, Body(media_type="application/octet-stream")]) -> int:
        return len(data)

    client = client_for(app)
    assert client.post("/bytes", content=b"\x00\xff", headers={"content-type": "application/octet-stream"}).json() == 2


def test_body_default(client_for):
    app = App()

    @app.post("/")
    async def create(value: Annotated[int, Body()] = 7) -> int:
        return value

    client = client_for(app)
    assert client.post("/").json() == 7
    assert client.post("/", json=8).json() == 8


def test_the_body_can_be_read_by_the_handler_too(client_for):
    app = App()

    @app.post("/")
    async def create(item: Item, request: Request) -> str:
        return (await request.body()).decode()

    assert client_for(app).post("/", content=b'{"name":"a","price":1}', headers=JSON).json() == '{"name":"a","price":1}'


def test_of_duplicate_keys_the_last_one_counts(client_for):
    from msgspec import Struct

    class Record(Struct):
        a: int

    class Model(BaseModel):
        a: int

    app = App()

    @app.post("/struct")
    async def struct(data: Record) -> int:
        return data.a

    @app.post("/model")
    async def model(data: Model) -> int:
        return data.a

    @app.post("/dict")
    async def plain(data: dict) -> int:
        return data["a"]

    client = client_for(app)
    body = b'{"a": 1, "a": 2}'
    assert [client.post(path, content=body, headers=JSON).json() for path in ("/struct", "/model", "/dict")] == [2, 2, 2]


def test_a_get_may_have_a_body(client_for):
    app = App()

    @app.get("/")
    async def search(item: Item) -> str:
        return item.name

    assert client_for(app).request("GET", "/", json={"name": "a", "price": 1}).json() == "a"


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_parameter_named_body_reads_a_body_of_unknown_length(interface):
    app = App()

    @app.post("/")
    async def count(body: dict[str, int]) -> int:
        return len(body)

    with TestClient(app, interface=interface) as client:
        chunks = iter([b'{"a": ', b"1}"])
        assert client.post("/", content=chunks, headers={"content-type": "application/json"}).json() == 1


@pytest.mark.parametrize("sent", ["null", "[]", "1", '"text"'])
def test_a_body_that_is_no_object_is_refused_though_every_member_has_a_default(client_for, sent):
    app = App()

    @app.post("/")
    async def index(page: Annotated[int, Body()] = 1, size: Annotated[int, Body()] = 10) -> int:
        return page * size

    client = client_for(app)
    assert client.post("/").json() == 10
    answer = client.post("/", content=sent, headers={"content-type": "application/json"})
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", "page"], ["body", "size"]]


@pytest.mark.parametrize("path", ["/typed", "/request"])
def test_body_that_does_not_say_how_long_it_is(client_for, path):
    app = App()

    @app.post("/typed")
    def typed(numbers: list[int]) -> int:
        return sum(numbers)

    @app.post("/request")
    async def plain(request: Request) -> int:
        return sum(await request.json())

    pieces = [b"[", *(b"1," * 50_000 for _ in range(25)), b"1]"]
    client = client_for(app)
    assert client.post(path, content=iter(pieces), headers=JSON).json() == 1_250_001
    refused = client.post(path, content=iter([*pieces, b" " * 10_000_000]), headers=JSON)
    assert refused.status_code == 413
