"""Methods of a path: which are answered, and what is said about the others."""

import pytest

from trine import APIRouter, App, PlainTextResponse, Response


@pytest.fixture
def app() -> App:
    app = App()

    @app.get("/items")
    def items() -> list[str]:
        return ["a", "b"]

    @app.post("/items", status_code=201)
    def add() -> str:
        return "added"

    @app.put("/items/{id:int}")
    def change(id: int) -> int:
        return id

    return app


def test_unknown_path_is_404(app, client_for):
    answer = client_for(app).get("/nothing")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/items", "GET, HEAD, OPTIONS, POST"), ("GET", "/items/1", "OPTIONS, PUT")],
)
def test_unknown_method_is_405_and_names_the_others(app, client_for, method, path, allowed):
    answer = client_for(app).request(method, path)
    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
    assert answer.headers["allow"] == allowed


def test_options_names_the_methods(app, client_for):
    answer = client_for(app).options("/items")
    assert (answer.status_code, answer.content, answer.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")


def test_options_of_nothing_is_404(app, client_for):
    assert client_for(app).options("/nothing").status_code == 404


def test_head_is_get_without_the_body(app, client_for):
    client = client_for(app)
    got, head = client.get("/items"), client.head("/items")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == got.headers


def test_head_and_options_can_be_own_routes(client_for):
    app = App()

    @app.get("/")
    def index() -> str:
        return "index"

    @app.head("/")
    def head() -> Response:
        return Response(headers={"x-own": "head"})

    @app.options("/")
    def options() -> Response:
        return PlainTextResponse("own")

    client = client_for(app)
    assert client.head("/").headers["x-own"] == "head"
    assert client.options("/").text == "own"
    assert client.get("/").json() == "index"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_every_verb_is_a_decorator(client_for, method):
    app = App()

    @getattr(app, method.lower())("/")
    def answer() -> str:
        return method

    assert client_for(app).request(method, "/").json() == method


def test_one_handler_for_several_methods(client_for):
    app = App()

    @app.api_route("/", methods=["get", "Post"])
    def both() -> str:
        return "both"

    client = client_for(app)
    assert [client.get("/").json(), client.post("/").json(), client.put("/").status_code] == ["both", "both", 405]


@pytest.mark.parametrize(
    ("declared", "asked", "location"),
    [
        ("/items/", "/items", "http://testserver/items/"),
        ("/items", "/items/", "http://testserver/items"),
        ("/items/{id}/", "/items/7?q=1&q=2", "http://testserver/items/7/?q=1&q=2"),
        ("/{name}", "/a%20b/", "http://testserver/a%20b"),
    ],
)
def test_the_other_form_of_the_slash_redirects(client_for, declared, asked, location):
    app = App()
    app.add_api_route(declared, lambda: "here", methods=["GET", "POST"])
    client = client_for(app, follow_redirects=False)
    for answer in (client.get(asked), client.post(asked)):
        assert (answer.status_code, answer.headers["location"]) == (307, location)


def test_slashes_are_not_redirected_where_that_is_off(client_for):
    app = App(redirect_slashes=False)
    app.add_api_route("/items/", lambda: "here")
    assert client_for(app).get("/items").status_code == 404


def test_no_redirect_leads_to_another_site(client_for):
    app = App()
    app.add_api_route("/{rest:path}/", lambda rest: rest)
    answer = client_for(app, follow_redirects=False).get("http://testserver//evil.example/x")
    assert not answer.headers.get("location", "").startswith("//")


def test_both_forms_of_the_slash_may_be_routes(client_for):
    app = App()
    app.add_api_route("/items", lambda: "without", name="without")
    app.add_api_route("/items/", lambda: "with", name="with")
    client = client_for(app)
    assert (client.get("/items").json(), client.get("/items/").json()) == ("without", "with")


def test_allow_counts_routers_together(client_for):
    app, one, two = App(), APIRouter(prefix="/things"), APIRouter()
    one.add_api_route("", lambda: 1, methods=["GET"])
    two.add_api_route("/things", lambda: 2, methods=["PATCH"])
    app.include_router(one)
    app.include_router(two)
    assert client_for(app).put("/things").headers["allow"] == "GET, HEAD, OPTIONS, PATCH"
