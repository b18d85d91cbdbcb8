"""A request as handlers see it, on both wires."""

import asyncio

import httpx2
import pytest

from trine import App, Request
from trine.testing import TestClient


@pytest.fixture
def ask(client_for):
    """Ask with one request, and return what a function makes of it."""

    def send(look, method: str = "POST", url: str = "/", *, client: dict | None = None, **options):
        app = App()

        @app.api_route("/{rest:path}", methods=["GET", "POST"])
        async def handler(request: Request, rest: str):
            value = look(request)
            return await value if hasattr(value, "__await__") else value

        answer = client_for(app, **(client or {})).request(method, url, **options)
        return answer.json() if answer.status_code == 200 else answer

    return send


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (lambda r: r.method, "GET"),
        (lambda r: r.path, "/café/x"),
        (lambda r: str(r.url), "https://shop.example:8443/caf%C3%A9/x?q=1&q=%C3%A4"),
        (lambda r: r.url.path, "/caf%C3%A9/x"),
        (lambda r: r.url.hostname, "shop.example"),
        (lambda r: str(r.base_url), "https://shop.example:8443/"),
        (lambda r: r.scheme, "https"),
        (lambda r: r.http_version, "1.1"),
        (lambda r: r.query_string, "q=1&q=%C3%A4"),
        (lambda r: r.query_params["q"], "ä"),
        (lambda r: r.query_params.getlist("q"), ["1", "ä"]),
        (lambda r: list(r.client), ["10.0.0.7", 4711]),
        (lambda r: list(r.server), ["shop.example", 8443]),
        (lambda r: r.path_params, {"rest": "café/x"}),
        (lambda r: r.headers["USER-AGENT"], "testclient"),
        (lambda r: r.cookies, {"a": "1", "b": "2"}),
        (lambda r: r.scope["type"], "http"),
        (lambda r: r["path"], "/café/x"),
    ],
    ids=range(18),
)
def test_what_a_request_tells(ask, look, expected):
    answer = ask(
        look,
        "GET",
        "/caf%C3%A9/x?q=1&q=%C3%A4",
        client={"base_url": "https://shop.example:8443", "client": ("10.0.0.7", 4711), "cookies": {"a": "1", "b": "2"}},
    )
    assert answer == expected


def test_body_json_and_text(ask):
    async def look(request: Request) -> list:
        return [(await request.body()).decode(), await request.json(), await request.json()]

    assert ask(look, content=b'{"a": 1}') == ['{"a": 1}', {"a": 1}, {"a": 1}]


def test_broken_json_is_a_bad_request(ask):
    answer = ask(lambda request: request.json(), content=b"{")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("The request body is not valid JSON: ")


def test_stream_gives_the_body_in_pieces_and_is_not_kept(ask):
    async def look(request: Request) -> list:
        return [piece.decode() async for piece in request.stream()]

    assert ask(look, content=(piece for piece in (b"a", b"b", b"c"))) == ["a", "b", "c"]


def test_stream_after_body_gives_it_again(ask):
    async def look(request: Request) -> list:
        await request.body()
        return [piece.decode() async for piece in request.stream()]

    assert ask(look, content=b"abc") == ["abc"]


@pytest.mark.parametrize(
    "options", [{"data": {"a": ["1", "2"], "b": "ä"}}, {"files": [("a", (None, "1")), ("a", (None, "2")), ("b", (None, "ä"))]}]
)
def test_form(ask, options):
    async def look(request: Request) -> list:
        form = await request.form()
        return [form["a"], form.getlist("a"), form["b"]]

    assert ask(look, **options) == ["2", ["1", "2"], "ä"]


def test_uploads_in_a_form(ask):
    async def look(request: Request) -> list:
        file = (await request.form())["file"]
        return [file.filename, file.content_type, (await file.read()).decode()]

    assert ask(look, files={"file": ("ä.txt", b"hello", "text/plain")}) == ["ä.txt", "text/plain", "hello"]


def test_other_content_is_an_empty_form(ask):
    async def look(request: Request) -> int:
        return len(await request.form())

    assert ask(look, json={"a": 1}) == 0


def test_state_starts_with_what_the_lifespan_yielded(client_for):
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def lifespan(app):
        yield {"model": "loaded"}

    app = App(lifespan=lifespan)

    @app.get("/")
    async def index(request: Request) -> list:
        count = getattr(request.state, "count", 0)
        request.state.count = count + 1
        return [request.state.model, count, "model" in request.state]

    client = client_for(app)
    assert [client.get("/").json() for _ in range(2)] == [["loaded", 0, True]] * 2


def test_the_application_s_state_is_shared(client_for):
    app = App()
    app.state.count = 0

    @app.get("/")
    async def index(request: Request) -> int:
        request.app.state.count += 1
        return request.app.state.count

    client = client_for(app)
    assert [client.get("/").json() for _ in range(2)] == [1, 2]


def test_missing_state_says_how_to_set_it(client_for):
    app = App()

    @app.get("/")
    async def index(request: Request) -> str:
        try:
            return request.state.user
        except AttributeError as error:
            return str(error)

    assert client_for(app).get("/").json() == "state has no 'user'. Set it first: state.user = ..."


@pytest.mark.parametrize(
    ("name", "message"),
    [("user", "request.user is set by Auth, which is not installed. Add app.install(Auth()).")],
)
def test_what_a_battery_sets_says_which(ask, name, message):
    def look(request: Request) -> str:
        try:
            return str(getattr(request, name))
        except RuntimeError as error:
            return str(error)

    assert ask(look) == message


def test_a_handler_can_ask_whether_the_client_is_still_there(client_for):
    app = App()

    @app.get("/")
    async def index(request: Request) -> bool:
        return await request.is_disconnected()

    assert client_for(app).get("/").json() is False


@pytest.mark.parametrize("make_body", [lambda: b"abc", lambda: iter([b"abc"]), lambda: iter([b"a", b"b", b"c"])])
def test_asking_for_the_client_loses_nothing_of_its_body(client_for, make_body):
    app = App()

    @app.post("/")
    async def index(request: Request) -> list:
        return [await request.is_disconnected(), (await request.body()).decode()]

    assert client_for(app).post("/", content=make_body()).json() == [False, "abc"]


def test_a_handler_that_works_long_can_see_that_its_client_has_left(client_for):
    app = App()
    seen = []

    @app.get("/")
    async def work(request: Request) -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(0)
        seen.append("left")

    with pytest.raises(httpx2.ReadTimeout):
        client_for(app, timeout=0.05, grace=60).get("/")
    assert seen == ["left"]


def test_header_floods_are_refused():
    app = App()
    app.add_api_route("/", lambda: "ok")
    client = TestClient(app)
    refused = client.get("/", headers=[(f"x-{number}", "1") for number in range(200)])
    assert (refused.status_code, refused.json()) == (431, {"detail": "The request has more than 100 header lines."})
    refused = client.get("/", headers={"x-long": "a" * 70_000})
    assert (refused.status_code, refused.json()) == (431, {"detail": "The request has more than 65536 bytes of headers."})


def test_two_hosts_are_one_too_many(client_for):
    app = App()
    app.add_api_route("/", lambda: "ok")
    refused = client_for(app).get("/", headers=[("host", "localhost"), ("host", "localhost")])
    assert (refused.status_code, refused.json()) == (400, {"detail": "This host is not served here."})
