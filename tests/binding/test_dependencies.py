"""Dependencies: what a function needs, resolved before it is called."""

from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Annotated

import pytest
from pydantic import BaseModel

from trine import App, Body, Depends, Header, HTTPException, Query, Request, Response, Security, SecurityScopes, SetupError

if TYPE_CHECKING:
    from pathlib import Path as Elsewhere


def test_a_dependency_has_inputs_of_its_own(client_for):
    app = App()

    def page(number: int = 1, size: Annotated[int, Query(le=50)] = 10) -> dict:
        return {"number": number, "size": size}

    @app.get("/{kind}")
    def index(kind: str, page: Annotated[dict, Depends(page)]) -> list:
        return [kind, page]

    client = client_for(app)
    assert client.get("/a?number=3").json() == ["a", {"number": 3, "size": 10}]
    assert client.get("/a?size=51").json()["detail"][0]["loc"] == ["query", "size"]


def test_a_dependency_reads_the_path_too(client_for):
    app = App()

    def item(id: int) -> str:
        return f"item {id}"

    @app.get("/{id}")
    def show(item: Annotated[str, Depends(item)]) -> str:
        return item

    client = client_for(app)
    assert client.get("/7").json() == "item 7"
    assert client.get("/x").status_code == 422


@pytest.mark.parametrize("style", ["default", "annotated"])
def test_dependencies_nest(client_for, style):
    app = App()

    async def settings() -> dict:
        return {"name": "x"}

    if style == "default":

        def database(settings: dict = Depends(settings)) -> str:
            return f"db {settings['name']}"

        @app.get("/")
        async def index(database: str = Depends(database), settings: dict = Depends(settings)) -> list:
            return [database, settings]
    else:

        def database(settings: Annotated[dict, Depends(settings)]) -> str:
            return f"db {settings['name']}"

        @app.get("/")
        async def index(database: Annotated[str, Depends(database)], settings: Annotated[dict, Depends(settings)]) -> list:
            return [database, settings]

    assert client_for(app).get("/").json() == ["db x", {"name": "x"}]


def test_a_shared_dependency_is_called_once_for_each_request(client_for):
    app = App()
    calls = iter(range(100))

    def number() -> int:
        return next(calls)

    def one(number: Annotated[int, Depends(number)]) -> int:
        return number

    def two(number: Annotated[int, Depends(number)]) -> int:
        return number

    @app.get("/")
    def index(
        one: Annotated[int, Depends(one)],
        two: Annotated[int, Depends(two)],
        own: Annotated[int, Depends(number)],
        fresh: Annotated[int, Depends(number, use_cache=False)],
    ) -> list[int]:
        return [one, two, own, fresh]

    client = client_for(app)
    assert client.get("/").json() == [0, 0, 0, 1]
    assert client.get("/").json() == [2, 2, 2, 3]


class Pager:
    def __init__(self, skip: int = 0, limit: int = 10) -> None:
        self.skip = skip
        self.limit = limit


@dataclass(frozen=True)
class Marker:
    word: str

    def __call__(self, q: str = "") -> str:
        return f"{self.word} {q}"

    def method(self, q: str = "") -> str:
        return f"method {self.word} {q}"

    async def async_method(self, q: str = "") -> str:
        return f"async {self.word} {q}"


def plain(word: str, q: str = "") -> str:
    return f"plain {word} {q}"


def loud(function):
    @wraps(function)
    def shouted(*args, **kwargs):
        return function(*args, **kwargs).upper()

    return shouted


@loud
def wrapped(q: str = "") -> str:
    return f"wrapped {q}"


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        (Marker("m"), "m x"),
        (Marker("m").method, "method m x"),
        (Marker("m").async_method, "async m x"),
        (partial(plain, "p"), "plain p x"),
        (wrapped, "WRAPPED X"),
        (lambda q="": f"lambda {q}", "lambda x"),
    ],
)
def test_whatever_can_be_called(client_for, dependency, expected):
    app = App()

    @app.get("/")
    def index(value: Annotated[str, Depends(dependency)]) -> str:
        return value

    assert client_for(app).get("/?q=x").json() == expected


def test_classes_are_dependencies(client_for):
    app = App()

    @app.get("/named")
    def named(pager: Annotated[Pager, Depends(Pager)]) -> list[int]:
        return [pager.skip, pager.limit]

    @app.get("/short")
    def short(pager: Annotated[Pager, Depends()], again: Pager = Depends()) -> list[int]:
        return [pager.skip, again.limit]

    client = client_for(app)
    assert client.get("/named?skip=5").json() == [5, 10]
    assert client.get("/short?skip=5&limit=1").json() == [5, 1]


def test_models_as_dependencies_read_their_fields_from_the_query(client_for):
    class Filters(BaseModel):
        a: int
        b: str = "b"

    app = App()

    @app.get("/")
    def index(filters: Annotated[Filters, Depends()]) -> Filters:
        return filters

    assert client_for(app).get("/?a=1").json() == {"a": 1, "b": "b"}


def test_dependencies_that_need_the_request(client_for):
    app = App()

    def agent(request: Request, response: Response) -> str:
        response.headers["x-seen"] = "yes"
        return request.headers["user-agent"]

    @app.get("/")
    def index(agent: Annotated[str, Depends(agent)]) -> str:
        return agent

    answer = client_for(app).get("/")
    assert (answer.json(), answer.headers["x-seen"]) == ("testclient", "yes")


def test_dependencies_and_the_handler_share_a_body(client_for):
    app = App()

    class Item(BaseModel):
        name: str

    def name(item: Item) -> str:
        return item.name

    @app.post("/")
    def create(item: Item, name: Annotated[str, Depends(name)]) -> list:
        return [item.name, name]

    assert client_for(app).post("/", json={"name": "a"}).json() == ["a", "a"]


def test_bodies_of_several_functions_stand_under_their_names(client_for):
    app = App()

    def token(token: Annotated[str, Body()]) -> str:
        return token

    @app.post("/")
    def create(count: Annotated[int, Body()], token: Annotated[str, Depends(token)]) -> list:
        return [count, token]

    assert client_for(app).post("/", json={"count": 1, "token": "t"}).json() == [1, "t"]


def test_a_dependency_is_not_called_when_an_input_below_it_is_wrong(client_for):
    app = App()
    called = []

    def inner(a: int) -> int:
        called.append("inner")
        return a

    def outer(inner: Annotated[int, Depends(inner)]) -> int:
        called.append("outer")
        return inner

    def other(b: int = 1) -> int:
        called.append("other")
        return b

    @app.get("/")
    def index(outer: Annotated[int, Depends(outer)], other: Annotated[int, Depends(other)], c: int) -> None:
        called.append("handler")

    refused = client_for(app).get("/?a=x&c=y").json()["detail"]
    assert [error["loc"] for error in refused] == [["query", "a"], ["query", "c"]]
    assert called == ["other"]


def test_errors_of_dependencies_answer(client_for):
    app = App()

    def guard(x_token: Annotated[str, Header()]) -> str:
        if x_token != "secret":
            raise HTTPException(403, "wrong token", {"x-why": "token"})
        return x_token

    @app.get("/", dependencies=[Depends(guard)])
    def index() -> str:
        return "in"

    client = client_for(app)
    assert client.get("/", headers={"x-token": "secret"}).json() == "in"
    refused = client.get("/", headers={"x-token": "x"})
    assert (refused.status_code, refused.json(), refused.headers["x-why"]) == (403, {"detail": "wrong token"}, "token")


def test_overrides_replace_a_dependency_everywhere_and_can_be_taken_back(client_for):
    app = App()

    def database() -> str:
        return "real"

    def user(database: Annotated[str, Depends(database)]) -> str:
        return f"user of {database}"

    def fake(name: str = "fake") -> str:
        return name

    @app.get("/")
    def index(user: Annotated[str, Depends(user)]) -> str:
        return user

    client = client_for(app)
    assert client.get("/").json() == "user of real"
    app.dependency_overrides[database] = fake
    assert client.get("/").json() == "user of fake"
    assert client.get("/?name=other").json() == "user of other"
    del app.dependency_overrides[database]
    assert client.get("/").json() == "user of real"
    app.dependency_overrides = {user: lambda: "nobody"}
    assert client.get("/").json() == "nobody"
    app.dependency_overrides = {}
    assert client.get("/").json() == "user of real"


def test_overrides_replace_a_router_s_dependency(client_for):
    def locked() -> None:
        raise HTTPException(401)

    app = App(dependencies=[Depends(locked)])
    app.add_api_route("/", lambda: "in")
    client = client_for(app)
    assert client.get("/").status_code == 401
    app.dependency_overrides[locked] = lambda: None
    assert client.get("/").json() == "in"


def test_security_scopes_add_up_on_the_way_down(client_for):
    app = App()

    def token(scopes: SecurityScopes) -> str:
        return scopes.scope_str

    def user(token: Annotated[str, Security(token, scopes=["me"])]) -> str:
        return token

    def plain(token: Annotated[str, Depends(token)]) -> str:
        return token

    @app.get("/")
    def index(
        user: Annotated[str, Security(user, scopes=["items"])],
        plain: Annotated[str, Depends(plain)],
        token: Annotated[str, Security(token, scopes=["own"])],
    ) -> list[str]:
        return [user, plain, token]

    assert client_for(app).get("/").json() == ["items me", "", "own"]


def test_state_set_by_a_dependency_reaches_the_handler(client_for):
    app = App()

    def tag(request: Request) -> None:
        request.state.tag = "x"

    @app.get("/", dependencies=[Depends(tag)])
    def index(request: Request) -> str:
        return request.state.tag

    assert client_for(app).get("/").json() == "x"


def test_a_circle_is_refused():
    app = App()

    def one(value: int = 0) -> int:
        return value

    def two(one: Annotated[int, Depends(one)]) -> int:
        return one

    one.__signature__ = __import__("inspect").signature(lambda two=Depends(two): two)
    app.get("/")(two)
    with pytest.raises(SetupError) as raised:
        app.prepare()
    assert raised.value.message.startswith("Dependencies go in a circle: ")
    assert raised.value.hint == "Break the circle."


def test_depends_on_what_cannot_be_called_is_refused():
    app = App()

    @app.get("/")
    def index(value: Annotated[int, Depends(7)]) -> None: ...

    with pytest.raises(SetupError) as raised:
        app.prepare()
    assert (raised.value.message, raised.value.hint) == (
        "Depends(7) names nothing that can be called.",
        "Pass a function or a class.",
    )


def test_a_dependency_reads_the_body_that_the_handler_takes_as_a_model(client_for):
    app = App()

    class Event(BaseModel):
        kind: str

    async def raw(request: Request) -> bytes:
        return await request.body()

    @app.post("/")
    async def receive(event: Event, raw: Annotated[bytes, Depends(raw)]) -> list[str]:
        return [event.kind, raw.decode()]

    client = client_for(app)
    assert client.post("/", content=b'{"kind": "paid"}', headers={"content-type": "application/json"}).json() == [
        "paid",
        '{"kind": "paid"}',
    ]
    chunks = iter([b'{"kind"', b': "paid"}'])
    assert client.post("/", content=chunks, headers={"content-type": "application/json"}).json()[0] == "paid"


def test_a_body_is_read_as_each_function_declares_it(client_for):
    app = App()

    class Item(BaseModel):
        name: str

    def raw(item: dict) -> list:
        return sorted(item)

    @app.post("/")
    def save(item: Item, raw: Annotated[list, Depends(raw)]) -> list:
        return [item.name, raw]

    assert client_for(app).post("/", json={"name": "a", "more": 1}).json() == ["a", ["more", "name"]]


def test_one_type_that_only_a_type_checker_sees_leaves_the_others(client_for):
    app = App()

    def number(n: "int" = 1) -> "Elsewhere":
        return n

    @app.get("/")
    def index(request: "Request", number: "Elsewhere" = Depends(number), size: "int" = 2) -> "list":
        return [request.url.path, number, size]

    assert client_for(app).get("/?n=3&size=4").json() == ["/", 3, 4]


def test_an_input_whose_type_is_nowhere_is_refused():
    app = App()

    @app.get("/")
    def index(size: "Elsewhere"): ...

    with pytest.raises(SetupError, match=r"'size' of .*index.* has the type 'Elsewhere', which cannot be found"):
        app.prepare()
