"""Names of operations, which generated clients turn into names of functions."""

import warnings

import pytest
from pydantic import BaseModel

from trine import APIRouter, App


class Item(BaseModel):
    name: str


def ids_of(document):
    return [operation["operationId"] for item in document["paths"].values() for operation in item.values()]


def test_name_path_and_method_make_the_id(document_of):
    app = App()

    @app.get("/users/{user_id}/items-sold/{name}.json")
    def read(user_id: int, name: str) -> int: ...

    assert ids_of(document_of(app)) == ["read_users__user_id__items_sold__name__json_get"]


def test_every_method_of_a_route_has_its_own(document_of):
    app = App()

    @app.api_route("/", methods=["PUT", "GET", "POST"])
    def root(item: Item): ...

    assert ids_of(document_of(app)) == ["root__get", "root__post", "root__put"]


def test_declared_id_and_name(document_of):
    app = App()

    @app.get("/a", operation_id="first")
    def a() -> int: ...

    @app.get("/b", name="second")
    def b() -> int: ...

    document = document_of(app)
    assert ids_of(document) == ["first", "second_b_get"]
    assert document["paths"]["/b"]["get"]["summary"] == "Second"


def test_ids_made_by_the_nearest_function(document_of):
    router = APIRouter(generate_unique_id_function=lambda route: f"{route.tags[0]}-{route.name}")
    app = App(generate_unique_id_function=lambda route: f"{route.name}:{route.path_format}:{','.join(route.methods)}")

    @app.get("/{n:int}")
    def root(n: int) -> int: ...

    @router.post("/items", tags=["shop"])
    def save(item: Item, other: Item) -> int: ...

    @router.post("/own", generate_unique_id_function=lambda route: route.endpoint.__name__.upper())
    def own() -> int: ...

    app.include_router(router)
    document = document_of(app)
    assert ids_of(document) == ["root:/{n}:GET", "shop-save", "OWN"]
    assert "Body_shop-save" in document["components"]["schemas"]


def test_two_operations_of_one_id_are_reported():
    app = App()

    @app.get("/a", operation_id="same")
    def a() -> int: ...

    @app.post("/b", operation_id="same")
    def b() -> int: ...

    with pytest.warns(UserWarning, match="Duplicate") as caught:
        app.openapi()
    assert [str(warning.message) for warning in caught] == [
        "Duplicate Operation ID 'same': GET /a and POST /b. Give one of them another operation_id."
    ]


def test_callbacks_that_several_operations_share_are_not_reported():
    callbacks = APIRouter()

    @callbacks.post("{$request.query.url}")
    def done() -> None: ...

    app = App(callbacks=[callbacks])

    @app.get("/a")
    def a() -> int: ...

    @app.get("/b")
    def b() -> int: ...

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        app.openapi()
