"""Structs, dataclasses and typed dicts are full citizens: as bodies, as parameters, as answers."""

from dataclasses import dataclass, field
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec
import pytest
from pydantic.dataclasses import dataclass as pydantic_dataclass

from trine import App, Body, Query


class StructItem(msgspec.Struct):
    name: str
    price: Annotated[float, msgspec.Meta(gt=0)]
    tags: list[str] = []


class StructItemInDB(StructItem):
    secret: str = "s"


@dataclass
class DataItem:
    name: str
    price: float
    tags: list[str] = field(default_factory=list)


@dataclass
class DataItemInDB(DataItem):
    secret: str = "s"


@pydantic_dataclass
class CheckedItem:
    name: str
    price: float
    tags: list[str] = field(default_factory=list)


@pydantic_dataclass
class CheckedItemInDB(CheckedItem):
    secret: str = "s"


class DictItem(TypedDict):
    name: str
    price: float
    tags: NotRequired[list[str]]


RECORDS = [StructItem, DataItem, CheckedItem, DictItem]


def get(item: Any, name: str) -> Any:
    return item[name] if isinstance(item, dict) else getattr(item, name)


@pytest.mark.parametrize("record", RECORDS)
def test_as_a_body(client_for, record):
    app = App()

    @app.post("/")
    async def create(item: record) -> list:
        return [get(item, "name"), get(item, "price")]

    client = client_for(app)
    assert client.post("/", json={"name": "a", "price": 1, "tags": ["x"]}).json() == ["a", 1.0]
    refused = client.post("/", json={"name": "a", "price": "x"})
    assert refused.status_code == 422
    [error] = refused.json()["detail"]
    assert error["loc"] == ["body", "price"]
    assert (
        client.post("/", content=b"{", headers={"content-type": "application/json"}).json()["detail"][0]["type"] == "json_invalid"
    )
    assert client.post("/").json()["detail"][0] == {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}


@pytest.mark.parametrize("record", RECORDS)
def test_inside_lists_and_under_names(client_for, record):
    app = App()

    @app.post("/list")
    async def many(items: list[record]) -> list:
        return [get(item, "name") for item in items]

    @app.post("/named")
    async def named(item: record, count: Annotated[int, Body()]) -> list:
        return [get(item, "name"), count]

    client = client_for(app)
    assert client.post("/list", json=[{"name": "a", "price": 1}]).json() == ["a"]
    assert client.post("/named", json={"item": {"name": "a", "price": 1}, "count": 2}).json() == ["a", 2]
    assert client.post("/list", json=[{"name": 1}]).status_code == 422


@pytest.mark.parametrize("record", RECORDS)
def test_as_an_answer(client_for, record):
    app = App()

    @app.get("/", response_model=record)
    async def read() -> Any:
        return record(name="a", price=1.0, tags=[])

    @app.get("/list", response_model=list[record])
    async def every() -> Any:
        return [record(name="a", price=1.0, tags=[])]

    client = client_for(app)
    assert client.get("/").json() == {"name": "a", "price": 1.0, "tags": []}
    assert client.get("/list").json() == [{"name": "a", "price": 1.0, "tags": []}]


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (StructItem, StructItemInDB("a", 1.0)),
        (DataItem, DataItemInDB("a", 1.0)),
        (CheckedItem, CheckedItemInDB("a", 1.0)),
        (DictItem, {"name": "a", "price": 1.0, "tags": [], "secret": "s"}),
        (DataItem, {"name": "a", "price": 1.0, "secret": "s"}),
        (StructItem, {"name": "a", "price": 1.0, "secret": "s"}),
    ],
)
def test_answers_are_reduced_to_their_model(client_for, model, value):
    app = App()

    @app.get("/", response_model=model)
    async def read() -> Any:
        return value

    assert client_for(app).get("/").json() == {"name": "a", "price": 1.0, "tags": []}


@pytest.mark.parametrize("record", RECORDS)
def test_answers_that_do_not_fit(client_for, record):
    app = App()

    @app.get("/", response_model=record)
    async def read() -> Any:
        return {"name": "a", "price": "x"}

    assert client_for(app, raise_server_exceptions=False).get("/").status_code == 500


@pytest.mark.parametrize("record", [StructItem, DataItem, CheckedItem, DictItem])
def test_as_query_parameters(client_for, record):
    app = App()

    @app.get("/")
    async def read(item: Annotated[record, Query()]) -> list:
        return [get(item, "name"), get(item, "price")]

    client = client_for(app)
    assert client.get("/?name=a&price=1.5").json() == ["a", 1.5]
    assert client.get("/?name=a").status_code == 422


def test_struct_constraints_hold(client_for):
    app = App()

    @app.post("/")
    async def create(item: StructItem) -> StructItem:
        return item

    [error] = client_for(app).post("/", json={"name": "a", "price": 0}).json()["detail"]
    assert (error["loc"], error["msg"]) == (["body", "price"], "Expected `float` > 0.0")


def test_struct_field_names_on_the_wire(client_for):
    class Renamed(msgspec.Struct, rename="camel"):
        first_name: str

    app = App()

    @app.post("/")
    async def create(item: Renamed) -> Renamed:
        return item

    client = client_for(app)
    assert client.post("/", json={"firstName": "a"}).json() == {"firstName": "a"}
    assert client.post("/", json={"first_name": "a"}).status_code == 422


def test_tagged_unions_of_structs(client_for):
    class Cat(msgspec.Struct, tag=True):
        lives: int

    class Dog(msgspec.Struct, tag=True):
        tricks: list[str]

    app = App()

    @app.post("/")
    async def create(pet: Cat | Dog) -> str:
        return type(pet).__name__

    client = client_for(app)
    assert client.post("/", json={"type": "Dog", "tricks": []}).json() == "Dog"
    assert client.post("/", json={"type": "Cat", "lives": 9}).json() == "Cat"
    assert client.post("/", json={"type": "Cow"}).status_code == 422
