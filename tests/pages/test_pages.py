"""Pages: what they give back, and what they are given."""

from dataclasses import dataclass
from typing import Annotated

import pytest
from pydantic import BaseModel

from trine import (
    APIRouter,
    App,
    Depends,
    Form,
    HTMLResponse,
    MethodView,
    Request,
    View,
    abort,
    after_this_request,
    jsonify,
    make_response,
    redirect,
    request,
    url_for,
)


class Price(BaseModel):
    euros: int


@dataclass
class Point:
    x: int


def answered(value):
    app = App()

    @app.page("/")
    async def page():
        return value

    return app


@pytest.mark.parametrize(
    ("value", "status", "content_type", "text"),
    [
        ("<b>Hello</b>", 200, "text/html; charset=utf-8", "<b>Hello</b>"),
        (b"bytes", 200, "text/html; charset=utf-8", "bytes"),
        ({"a": 1}, 200, "application/json", '{"a":1}'),
        ([1, 2], 200, "application/json", "[1,2]"),
        (Price(euros=3), 200, "application/json", '{"euros":3}'),
        (Point(4), 200, "application/json", '{"x":4}'),
        (("made", 201), 201, "text/html; charset=utf-8", "made"),
        (("gone", "410 Gone"), 410, "text/html; charset=utf-8", "gone"),
        (("text", {"content-type": "text/plain"}), 200, "text/plain", "text"),
        (({"a": 1}, 400, [("x-a", "1")]), 400, "application/json", '{"a":1}'),
        (HTMLResponse("own", 202), 202, "text/html; charset=utf-8", "own"),
        (("", 204), 204, None, ""),
    ],
)
def test_what_a_page_returns_becomes_the_answer(client_for, value, status, content_type, text):
    response = client_for(answered(value)).get("/")
    assert (response.status_code, response.headers.get("content-type"), response.text) == (status, content_type, text)


def test_a_page_that_returns_nothing_is_a_mistake(client_for):
    client = client_for(answered(None), raise_server_exceptions=False)
    response = client.get("/")
    assert response.status_code == 500
    assert "Something went wrong here" in response.text
    with pytest.raises(TypeError, match=r"The page returned None\. Return text, bytes, a dict or list"):
        client_for(answered(None)).get("/")


def test_a_tuple_of_four_is_a_mistake(client_for):
    with pytest.raises(TypeError, match="a tuple of 4 values"):
        client_for(answered(("a", 200, {}, 1))).get("/")


def test_headers_of_a_tuple_may_repeat(client_for):
    response = client_for(answered(("x", [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("content-type", "text/plain")]))).get(
        "/"
    )
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert response.headers["content-type"] == "text/plain"


def test_parameters_and_dependencies_work_as_in_routes(client_for):
    app = App()

    def user(name: str = "nobody") -> str:
        return name

    @app.page("/items/{number:int}")
    def item(number: int, user: Annotated[str, Depends(user)], wanted: bool = False) -> str:
        return f"{number} {user} {wanted}"

    client = client_for(app)
    assert client.get("/items/3?name=ada&wanted=true").text == "3 ada True"
    refused = client.get("/items/3?wanted=perhaps")
    assert refused.status_code == 422
    assert "<li>wanted: Input should be a valid boolean" in refused.text


def test_one_page_shows_and_takes_a_form(client_for):
    app = App()

    @app.page("/greet", methods=["GET", "POST"], csrf=False)
    def greet():
        return f"Hello, {request.form['name']}" if request.method == "POST" else "<form>"

    client = client_for(app)
    assert client.get("/greet").text == "<form>"
    assert client.post("/greet", data={"name": "Ada"}).text == "Hello, Ada"
    missing = client.post("/greet", data={"other": "x"})
    assert missing.status_code == 400
    assert "The request has no field &#x27;name&#x27;." in missing.text
    assert client.put("/greet").status_code == 405


def test_forms_of_the_signature_and_of_the_request_are_the_same(client_for):
    app = App()

    @app.page("/", methods=["POST"], csrf=False)
    async def page(name: Annotated[str, Form()]) -> str:
        return f"{name} {request.form['name']} {request.values['age']} {list(request.files)}"

    sent = client_for(app).post("/?age=7", data={"name": "Ada"}, files={"scan": ("a.png", b"x")})
    assert sent.text == "Ada Ada 7 [&#x27;scan&#x27;]".replace("&#x27;", "'")


def test_json_that_a_script_sends(client_for):
    app = App()

    @app.page("/", methods=["POST"], csrf=False)
    def page():
        return {"got": request.json, "is_json": request.is_json, "quiet": request.get_json(silent=True)}

    client = client_for(app)
    assert client.post("/", json=[1]).json() == {"got": [1], "is_json": True, "quiet": [1]}
    assert client.post("/", content="{", headers={"content-type": "application/json"}).status_code == 400
    assert client.post("/", content="x").status_code == 400


def test_pages_are_left_out_of_the_document_unless_asked_for(client_for):
    app = App()

    @app.page("/shown", include_in_schema=True)
    def shown() -> str:
        """Show it."""
        return ""

    @app.page("/hidden")
    def hidden() -> str:
        return ""

    paths = client_for(app).get("/openapi.json").json()["paths"]
    assert list(paths) == ["/shown"]
    assert list(paths["/shown"]["get"]["responses"]["200"]["content"]) == ["text/html"]


def test_a_router_has_pages_too(client_for):
    app, router = App(), APIRouter(prefix="/part")

    @router.page("/")
    def index() -> str:
        return url_for("index")

    app.include_router(router)
    assert client_for(app).get("/part/").text == "/part/"


def test_head_is_answered_along(client_for):
    response = client_for(answered("<p>text")).head("/")
    assert (response.status_code, response.text, response.headers["content-length"]) == (200, "", "7")


def test_responses_made_by_hand(client_for):
    app = App()

    @app.page("/made")
    def made():
        response = make_response("made", 201)
        response.set_cookie("seen", "1")
        return response

    @app.page("/json")
    def as_json():
        return jsonify(a=1)

    @app.page("/go")
    def go():
        return redirect(url_for("made", q="a b", _anchor="top"))

    @app.page("/marked")
    def marked():
        @after_this_request
        def mark(response):
            response.headers["x-mark"] = "1"
            return response

        return "marked"

    client = client_for(app, follow_redirects=False)
    assert client.get("/made").headers["set-cookie"].startswith("seen=1")
    assert client.get("/json").json() == {"a": 1}
    went = client.get("/go")
    assert (went.status_code, went.headers["location"]) == (302, "/made?q=a+b#top")
    assert client.get("/marked").headers["x-mark"] == "1"


def test_abort_ends_a_page(client_for):
    app = App()

    @app.page("/{kind}")
    def page(kind: str):
        abort(404, "Not <here>." if kind == "told" else None) if kind != "own" else abort(make_response("own", 418))

    client = client_for(app)
    assert "Not &lt;here&gt;." in client.get("/told").text
    assert "There is no such page" in client.get("/plain").text
    assert (client.get("/own").status_code, client.get("/own").text) == (418, "own")


def test_streams(client_for):
    app = App()

    @app.page("/plain")
    def plain():
        return (f"{number} {request.path};" for number in range(2))

    @app.page("/async")
    async def waiting():
        async def pieces():
            for number in range(2):
                yield f"{number} {request.path};"

        return pieces(), 201

    @app.page("/yields")
    async def yields():
        yield "a"
        yield request.path

    client = client_for(app)
    assert client.get("/plain").text == "0 /plain;1 /plain;"
    response = client.get("/async")
    assert (response.status_code, response.text) == (201, "0 /async;1 /async;")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/yields").text == "a/yields"


def test_class_based_pages(client_for):
    app = App()

    class Hello(View):
        def __init__(self, word="Hello"):
            self.word = word

        def dispatch_request(self, name):
            return f"{self.word}, {name}"

    class Items(MethodView):
        async def get(self, id):
            return f"shown {id}"

        async def delete(self, id):
            return f"deleted {id}"

    app.add_page("/hello/{name}", Hello.as_view("hello", word="Good day"))
    app.add_page("/items/{id:int}", Items.as_view("item"), csrf=False)
    client = client_for(app)
    assert client.get("/hello/Ada").text == "Good day, Ada"
    assert client.get("/items/3").text == "shown 3"
    assert client.delete("/items/3").text == "deleted 3"
    assert client.post("/items/3").status_code == 405


def test_a_page_may_take_the_request_itself(client_for):
    app = App()

    @app.page("/")
    async def page(incoming: Request) -> str:
        return f"{incoming.query_params['a']} {request.args['a']} {request.endpoint} {request.full_path}"

    assert client_for(app).get("/?a=1").text == "1 1 page /?a=1"


def test_text_from_a_visitor_cannot_add_headers_or_cookies(client_for, caplog):
    app = App()

    @app.page("/header")
    def header():
        return "x", 200, {"x-name": request.args["name"]}

    @app.page("/cookie")
    def cookie():
        response = make_response("x")
        response.set_cookie("name", request.args["name"])
        return response

    @app.page("/go")
    def go():
        return redirect(request.args["name"])

    client = client_for(app, follow_redirects=False)
    evil = "a%0d%0aset-cookie:%20evil=1"
    assert client.get(f"/header?name={evil}").status_code == 400
    assert "This request cannot be understood" in client.get(f"/header?name={evil}").text
    assert "X-Name" in caplog.text or "x-name" in caplog.text
    assert "\\015\\012" in client.get(f"/cookie?name={evil}").headers["set-cookie"]
    assert client.get(f"/go?name={evil}").headers["location"] == "a%0D%0Aset-cookie:%20evil=1"
