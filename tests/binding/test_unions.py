"""Unions of models, told apart by a field or by what fits."""

from typing import Annotated, Literal

import pytest
from pydantic import AliasPath, BaseModel, Discriminator, Field, RootModel, Tag

from trine import App, Body, Form, Query


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str] = []


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


def test_a_discriminated_union_as_a_body(client_for):
    app = App()

    @app.post("/")
    async def create(pet: Pet) -> Pet:
        return pet

    client = client_for(app)
    assert client.post("/", json={"kind": "dog", "tricks": ["sit"]}).json() == {"kind": "dog", "tricks": ["sit"]}
    [error] = client.post("/", json={"kind": "cow"}).json()["detail"]
    assert (error["type"], error["loc"]) == ("union_tag_invalid", ["body"])
    [error] = client.post("/", json={"kind": "cat", "lives": "x"}).json()["detail"]
    assert error["loc"] == ["body", "cat", "lives"]


def test_lists_of_a_discriminated_union(client_for):
    app = App()

    @app.post("/")
    async def create(pets: list[Pet]) -> list[str]:
        return [pet.kind for pet in pets]

    assert client_for(app).post("/", json=[{"kind": "dog"}, {"kind": "cat"}]).json() == ["dog", "cat"]


def test_a_plain_union_takes_what_fits(client_for):
    class A(BaseModel):
        a: int

    class B(BaseModel):
        b: int

    app = App()

    @app.post("/")
    async def create(value: A | B) -> str:
        return type(value).__name__

    client = client_for(app)
    assert client.post("/", json={"b": 1}).json() == "B"
    assert {tuple(error["loc"]) for error in client.post("/", json={}).json()["detail"]} == {
        ("body", "A", "a"),
        ("body", "B", "b"),
    }


def test_a_callable_discriminator(client_for):
    def which(value: object) -> str:
        kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
        return "dog" if kind == "dog" else "cat"

    app = App()

    @app.post("/")
    async def create(
        pet: Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(which), Body()],
    ) -> str:
        return type(pet).__name__

    assert client_for(app).post("/", json={"kind": "dog"}).json() == "Dog"


@pytest.mark.parametrize("mark", [Query, Form])
def test_unions_of_parameter_models(client_for, mark):
    app = App()

    @app.post("/")
    async def create(pet: Annotated[Cat | Dog, mark()]) -> list:
        return [type(pet).__name__, pet.model_dump()]

    client = client_for(app)
    values = {"kind": "dog", "tricks": ["sit", "roll"]}
    answer = client.post("/", params=values) if mark is Query else client.post("/", data=values)
    assert answer.json() == ["Dog", values]


def test_root_models(client_for):
    class Names(RootModel[list[str]]):
        pass

    app = App()

    @app.post("/")
    async def create(names: Names) -> Names:
        return names

    client = client_for(app)
    assert client.post("/", json=["a"]).json() == ["a"]
    assert client.post("/", json=[1]).json()["detail"][0]["loc"] == ["body", 0]


def test_generic_models(client_for):
    from typing import Generic, TypeVar

    T = TypeVar("T")

    class Page(BaseModel, Generic[T]):
        items: list[T]
        total: int

    app = App()

    @app.post("/")
    async def create(page: Page[int]) -> Page[str]:
        return Page[str](items=[str(item) for item in page.items], total=page.total)

    client = client_for(app)
    assert client.post("/", json={"items": [1], "total": 1}).json() == {"items": ["1"], "total": 1}
    assert client.post("/", json={"items": ["x"], "total": 1}).json()["detail"][0]["loc"] == ["body", "items", 0]


def test_models_that_hold_themselves(client_for):
    class Node(BaseModel):
        name: str
        children: list["Node"] = []

    app = App()

    @app.post("/")
    async def create(node: Node) -> Node:
        return node

    tree = {"name": "a", "children": [{"name": "b", "children": []}]}
    client = client_for(app)
    assert client.post("/", json=tree).json() == tree
    assert client.post("/", json={"name": "a", "children": [{}]}).json()["detail"][0]["loc"] == ["body", "children", 0, "name"]


def test_alias_paths_inside_a_body(client_for):
    class User(BaseModel):
        first: str = Field(validation_alias=AliasPath("names", 0))

    app = App()

    @app.post("/")
    async def create(user: User) -> str:
        return user.first

    assert client_for(app).post("/", json={"names": ["a", "b"]}).json() == "a"
