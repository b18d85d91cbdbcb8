"""Class-based routes: one class for a path, a method for each of HTTP's."""

import functools
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from trine import APIRouter, App, Depends, Header, Request, SetupError, route_options


def test_methods_answer_and_share_what_the_constructor_asks_for(client_for):
    app, calls = App(), []

    def database():
        calls.append("opened")
        yield "database"
        calls.append("closed")

    @app.view("/shops/{shop}/items")
    class ItemsView:
        def __init__(self, shop: int, db: Annotated[str, Depends(database)], x_user: Annotated[str, Header()] = "nobody") -> None:
            self.shop, self.db, self.user = shop, db, x_user

        async def get(self, q: str = "") -> Any:
            return [self.shop, self.db, self.user, q]

        def post(self, item: dict[str, int], request: Request) -> Any:
            return [item, request.method]

    client = client_for(app)
    assert client.get("/shops/7/items?q=a", headers={"x-user": "ada"}).json() == [7, "database", "ada", "a"]
    assert client.post("/shops/7/items", json={"a": 1}).json() == [{"a": 1}, "POST"]
    assert calls == ["opened", "closed"] * 2
    assert client.head("/shops/7/items").status_code == 200
    assert client.put("/shops/7/items").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert [error["loc"] for error in client.get("/shops/x/items").json()["detail"]] == [["path", "shop"]]


def test_fields_of_a_class_without_a_constructor_are_what_it_asks_for(client_for):
    app = App()

    class Base:
        lang: Annotated[str, Header(alias="accept-language")]

        async def get(self) -> str:
            return self.lang

    class Both(Base):
        q: str = Depends(lambda: "found")

        async def get(self) -> str:
            return f"{self.lang} {self.q}"

    @dataclass
    class Third:
        page: int = 1

        def get(self) -> int:
            return self.page

    app.add_route("/base", Base)
    app.add_route("/both", Both)
    app.add_route("/third", Third)
    client = client_for(app)
    assert client.get("/base", headers={"accept-language": "de"}).json() == "de"
    assert client.get("/both", headers={"accept-language": "de"}).json() == "de found"
    assert client.get("/third?page=3").json() == 3


def test_two_classes_may_inherit_the_same_method(client_for):
    app = App()

    class Named:
        name = "?"

        async def get(self) -> str:
            return self.name

    app.add_route("/cat", type("Cat", (Named,), {"name": "cat"}))
    app.add_route("/dog", type("Dog", (Named,), {"name": "dog"}))
    client = client_for(app)
    assert [client.get("/cat").json(), client.get("/dog").json()] == ["cat", "dog"]
    assert app.url_path_for("Dog") == "/dog"


def test_options_hold_for_all_methods_or_for_one(client_for):
    router = APIRouter(prefix="/api")

    class ItemListView:
        @route_options(status_code=201, tags=["writing"])
        async def post(self) -> int:
            """Add an item."""
            return 1

        async def get(self) -> list[int]:
            return [1]

        async def helper(self) -> None:
            raise AssertionError

    router.add_route("/items", ItemListView, tags=["items"], name="items")
    app = App()
    app.include_router(router)
    client = client_for(app)
    assert client.post("/api/items").status_code == 201
    operations = client.get("/openapi.json").json()["paths"]["/api/items"]
    assert sorted(operations) == ["get", "post"]
    assert (operations["get"]["summary"], operations["get"]["tags"]) == ("Get item list", ["items"])
    assert (operations["post"]["summary"], operations["post"]["description"]) == ("Post item list", "Add an item.")
    assert operations["post"]["tags"] == ["writing"]
    assert app.url_path_for("items") == "/api/items"


def test_methods_can_be_chosen_and_decorated(client_for):
    def shouted(method):
        @functools.wraps(method)
        async def with_shouting(*args: Any, **kwargs: Any) -> str:
            return (await method(*args, **kwargs)).upper()

        return with_shouting

    class Greeting:
        @shouted
        async def get(self, name: str) -> str:
            return f"hello {name}"

        async def delete(self) -> None: ...

    app = App()
    app.add_route("/greeting", Greeting, methods=["get"])
    client = client_for(app)
    assert client.get("/greeting?name=ada").json() == "HELLO ADA"
    assert client.delete("/greeting").status_code == 405


def test_functions_are_routes_as_ever(client_for):
    app = App()

    async def ping() -> str:
        return "pong"

    app.add_route("/ping", ping, methods=["GET", "POST"])
    client = client_for(app)
    assert [client.get("/ping").json(), client.post("/ping").json()] == ["pong", "pong"]


def test_a_class_is_overridden_like_any_dependency(client_for):
    app = App()

    @app.view("/clock")
    class Clock:
        def __init__(self) -> None:
            self.time = "now"

        async def get(self) -> str:
            return self.time

    class Stopped:
        time = "then"

    app.dependency_overrides[Clock] = Stopped
    assert client_for(app).get("/clock").json() == "then"


def test_what_answers_nothing_is_a_mistake():
    app = App()

    class Empty:
        def list(self) -> None: ...

    class Static:
        @staticmethod
        def get() -> None: ...

    with pytest.raises(SetupError, match=r"Empty is no class-based route\."):
        app.view("/")(Empty)
    with pytest.raises(SetupError, match=r"Static\.get is a staticmethod, and answers no requests\."):
        app.add_route("/", Static)
