"""Paths built from names."""

from uuid import UUID

import pytest

from trine import APIRouter, App, Request
from trine.routing import NoMatchFound


@pytest.fixture
def app() -> App:
    app, users = App(), APIRouter(prefix="/users")
    users.add_api_route("/{id:int}", lambda id: id, name="user")
    users.add_api_route("/{id:int}/files/{path:path}", lambda id, path: path, name="file")
    users.add_api_route("", list, name="users")
    app.include_router(users, prefix="/api")
    app.add_api_route("/by/{key:uuid}", lambda key: 1, name="key")
    app.add_api_route("/price/{price:float}", lambda price: 1, name="price")
    app.add_api_route("/tag/{tag}", lambda tag: tag, name="tag")
    return app


@pytest.mark.parametrize(
    ("name", "params", "path"),
    [
        ("users", {}, "/api/users"),
        ("user", {"id": 7}, "/api/users/7"),
        ("user", {"id": "7"}, "/api/users/7"),
        ("file", {"id": 7, "path": "a b/c.txt"}, "/api/users/7/files/a%20b/c.txt"),
        ("key", {"key": UUID(int=1)}, "/by/00000000-0000-0000-0000-000000000001"),
        ("price", {"price": 1.5}, "/price/1.5"),
        ("tag", {"tag": "ä?&#"}, "/tag/%C3%A4%3F%26%23"),
    ],
)
def test_names_become_paths(app, name, params, path):
    assert app.url_path_for(name, **params) == path


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("nobody", {}, "No route named 'nobody' takes the parameters: none. `trine routes` lists the names."),
        ("user", {}, "No route named 'user' takes the parameters: none. It takes: id."),
        ("users", {"id": 1, "a": 2}, "No route named 'users' takes the parameters: a, id. It takes: none."),
        (
            "user",
            {"id": -1},
            "No route named 'user' takes the parameters: id. Parameter 'id' of '/api/users/{id:int}': -1 is negative.",
        ),
        (
            "tag",
            {"tag": "a/b"},
            "No route named 'tag' takes the parameters: tag. Parameter 'tag' of '/tag/{tag}': 'a/b' is empty or holds a slash.",
        ),
    ],
)
def test_what_cannot_be_built_says_why(app, name, params, message):
    with pytest.raises(NoMatchFound) as raised:
        app.url_path_for(name, **params)
    assert str(raised.value) == message


def test_url_for_is_absolute(client_for):
    app = App()

    @app.get("/items/{id}", name="item")
    def item(id: str, request: Request) -> str:
        return str(request.url_for("item", id="next one"))

    client = client_for(app, base_url="https://shop.example:8443")
    assert client.get("/items/1").json() == "https://shop.example:8443/items/next%20one"


def test_the_handler_s_name_is_the_default():
    app = App()

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    assert app.url_path_for("hello") == "/hello"


def test_names_reach_into_mounts():
    app, shop = App(), App()
    shop.add_api_route("/items/{id}", lambda id: id, name="item")
    app.mount("/shop", shop, name="shop")
    assert app.url_path_for("shop:item", id="7") == "/shop/items/7"
    assert app.url_path_for("shop", path="/style.css") == "/shop/style.css"


def test_a_name_may_stand_for_several_paths():
    app = App()
    app.add_api_route("/items", list, name="items")
    app.add_api_route("/items/{page:int}", lambda page: [], name="items")
    assert (app.url_path_for("items"), app.url_path_for("items", page=2)) == ("/items", "/items/2")
