"""The test client asks the real application, and shows what a browser would see."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from trine import App, BackgroundTasks, Request, Response, SetupError, UploadFile
from trine.testing import TestClient


@pytest.fixture
def echo() -> App:
    """Tells what arrived."""
    app = App()

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def tell(request: Request, path: str) -> dict:
        return {
            "method": request.method,
            "path": request.path,
            "query": request.query_params.multi_items(),
            "headers": request.headers.multi_items(),
            "cookies": request.cookies,
            "body": (await request.body()).decode(),
            "client": list(request.client),
            "url": str(request.url),
        }

    return app


def headers_of(answer: dict) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in answer["headers"]:
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_method_has_its_verb(echo, client_for, method):
    client = client_for(echo)
    assert getattr(client, method.lower())("/x").json()["method"] == method
    assert client.request(method, "/x").json()["method"] == method


def test_query_comes_from_the_url_or_from_params(echo, client_for):
    client = client_for(echo)
    assert client.get("/?a=1&a=2").json()["query"] == [["a", "1"], ["a", "2"]]
    assert client.get("/", params={"q": "ä b&c"}).json()["query"] == [["q", "ä b&c"]]


def test_paths_arrive_decoded(echo, client_for):
    assert client_for(echo).get("/caf%C3%A9/a b").json()["path"] == "/café/a b"


def test_headers_of_the_client_and_of_the_request(echo, client_for):
    client = client_for(echo, headers={"X-Both": "client", "X-Client": "1"})
    found = headers_of(client.get("/", headers=[("x-both", "request"), ("x-two", "1"), ("x-two", "2")]).json())
    assert found["x-both"] == ["request"]
    assert found["x-client"] == ["1"]
    assert found["x-two"] == ["1", "2"]
    assert found["user-agent"] == ["testclient"]
    assert found["host"] == ["testserver"]


@pytest.mark.parametrize(
    ("options", "content_type", "body"),
    [
        ({"json": {"a": [1]}}, "application/json", '{"a":[1]}'),
        ({"data": {"a": "1 2"}}, "application/x-www-form-urlencoded", "a=1+2"),
        ({"content": "text", "headers": {"content-type": "text/plain"}}, "text/plain", "text"),
    ],
)
def test_bodies(echo, client_for, options, content_type, body):
    answer = client_for(echo).post("/", **options).json()
    assert (headers_of(answer)["content-type"], answer["body"]) == ([content_type], body)


def test_body_from_a_generator(echo, client_for):
    assert client_for(echo).post("/", content=(piece for piece in (b"a", b"b", b"c"))).json()["body"] == "abc"


def test_files(client_for):
    app = App()

    @app.post("/")
    async def upload(file: UploadFile) -> list:
        return [file.filename, file.content_type, (await file.read()).decode()]

    answer = client_for(app).post("/", files={"file": ("a.txt", b"hello", "text/plain")})
    assert answer.json() == ["a.txt", "text/plain", "hello"]


def test_client_address_and_base_url(echo, client_for):
    client = client_for(echo, base_url="https://shop.example:8443", client=("10.0.0.7", 4711))
    answer = client.get("/cart?x=1").json()
    assert answer["client"] == ["10.0.0.7", 4711]
    assert answer["url"] == "https://shop.example:8443/cart?x=1"


def test_the_client_is_served_under_its_own_name_alone(echo, client_for):
    client = client_for(echo)
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"host": "elsewhere.example"}).json() == {"detail": "This host is not served here."}


def test_cookies_persist_and_can_be_given(client_for):
    app = App()

    @app.get("/in")
    def sign_in(response: Response) -> None:
        response.set_cookie("session", "abc")

    @app.get("/who")
    def who(request: Request) -> dict:
        return request.cookies

    client = client_for(app, cookies={"theme": "dark"})
    assert client.get("/who").json() == {"theme": "dark"}
    client.get("/in")
    assert client.get("/who").json() == {"theme": "dark", "session": "abc"}
    client.cookies.clear()
    assert client.get("/who").json() == {}


def test_redirects_are_followed_unless_asked_otherwise(client_for):
    app = App()

    @app.get("/items/")
    def items() -> str:
        return "items"

    client = client_for(app)
    answer = client.get("/items")
    assert answer.json() == "items"
    assert [step.status_code for step in answer.history] == [307]
    assert client.get("/items", follow_redirects=False).headers["location"] == "http://testserver/items/"


def test_head_has_headers_and_no_body(client_for):
    app = App()

    @app.get("/")
    def index() -> str:
        return "hello"

    answer = client_for(app).head("/")
    assert (answer.content, answer.headers["content-length"]) == (b"", "7")


def test_unexpected_errors_are_raised_at_the_client(client_for):
    app = App()

    @app.get("/")
    def broken() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match=r"^broken$"):
        client_for(app).get("/")


def test_unexpected_errors_can_be_answers_instead(client_for):
    app = App()

    @app.get("/")
    def broken() -> None:
        raise ValueError("broken")

    answer = client_for(app, raise_server_exceptions=False).get("/")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_background_work_is_done_when_the_answer_is_read(client_for):
    app = App()
    done = []

    @app.post("/")
    def order(background: BackgroundTasks) -> str:
        background.add_task(done.append, "mail")
        return "ok"

    client_for(app).post("/")
    assert done == ["mail"]


def test_with_starts_and_stops_the_application(trine_interface):
    happened = []

    @asynccontextmanager
    async def lifespan(app):
        happened.append("up")
        yield {"model": "loaded"}
        happened.append("down")

    app = App(lifespan=lifespan)

    @app.get("/")
    def index(request: Request) -> str:
        return request.state.model

    client = TestClient(app, interface=trine_interface)
    assert happened == []
    with client:
        assert client.get("/").json() == "loaded"
    assert happened == ["up", "down"]
    with client:
        assert client.get("/").json() == "loaded"
    assert happened == ["up", "down", "up", "down"]


def test_a_start_that_fails_is_raised(client_for):
    app = App()

    @app.on_event("startup")
    def connect() -> None:
        raise ConnectionError("no database")

    with pytest.raises(ConnectionError, match=r"^no database$"):
        client_for(app)


def test_a_stop_that_fails_is_raised(trine_interface):
    app = App()

    @app.on_event("shutdown")
    def disconnect() -> None:
        raise ConnectionError("no database")

    with pytest.raises(ConnectionError, match=r"^no database$"), TestClient(app, interface=trine_interface):
        pass


def test_mistakes_in_declarations_stop_the_start(client_for):
    app = App()
    app.add_api_route("/{id}", lambda: None)
    app.add_api_route("missing-slash", lambda: None)
    with pytest.raises(SetupError, match="missing-slash"):
        client_for(app)


def test_what_starts_in_the_lifespan_lives_on_the_loop_of_the_requests(client_for):
    import asyncio

    app = App()
    box: dict = {}

    @app.on_event("startup")
    async def start() -> None:
        box["queue"] = asyncio.Queue()
        box["worker"] = asyncio.ensure_future(work())

    @app.on_event("shutdown")
    async def stop() -> None:
        box["worker"].cancel()

    async def work() -> None:
        while True:
            number, answer = await box["queue"].get()
            answer.set_result(number * 2)

    @app.get("/double/{number:int}")
    async def double(number: int) -> int:
        answer = asyncio.get_running_loop().create_future()
        await box["queue"].put((number, answer))
        return await answer

    client = client_for(app)
    assert [client.get(f"/double/{number}").json() for number in range(3)] == [0, 2, 4]


def test_coroutines_can_run_beside_the_application(client_for):
    import asyncio

    app = App()
    box: dict = {}

    @app.on_event("startup")
    async def start() -> None:
        box["ready"] = asyncio.Event()

    @app.get("/")
    async def wait() -> str:
        await box["ready"].wait()
        return "ready"

    async def make_ready() -> None:
        box["ready"].set()

    client = client_for(app)
    client.portal.call(make_ready())
    assert client.get("/").json() == "ready"


def test_threads_may_share_a_client(client_for):
    app = App()
    together = threading.Barrier(4, timeout=30)

    @app.get("/{number:int}")
    def meet(number: int) -> int:
        together.wait()
        return number

    client = client_for(app)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda number: client.get(f"/{number}").json(), range(4))) == [0, 1, 2, 3]


def test_a_client_on_its_own_application_s_loop_says_what_is_wrong(client_for):
    app = App()

    @app.get("/inner")
    def inner() -> str:
        return "inner"

    @app.get("/outer")
    async def outer() -> str:
        return client.get("/inner").text

    client = client_for(app)
    with pytest.raises(RuntimeError) as raised:
        client.get("/outer")
    assert str(raised.value) == (
        "A synchronous test client was called on the event loop that runs its application, which would wait for ever. "
        "Use AsyncTestClient there."
    )


def test_root_path_belongs_to_asgi(echo, client_for):
    with client_for(echo, interface="asgi", root_path="/api") as client:
        assert client.get("/api/items").json()["path"] == "/items"
    with pytest.raises(ValueError, match=r"^RSGI has no root_path: it is a part of ASGI\.$"):
        TestClient(echo, interface="rsgi", root_path="/api")


def test_an_unknown_interface_is_refused(echo):
    with pytest.raises(ValueError, match=r"^interface='wsgi' is neither 'asgi' nor 'rsgi'\.$"):
        TestClient(echo, interface="wsgi")


def test_a_read_timeout_ends_the_wait(client_for):
    import asyncio

    import httpx2

    app = App()

    @app.get("/")
    async def hang() -> None:
        await asyncio.Event().wait()

    with pytest.raises(httpx2.ReadTimeout, match=r"^No answer within 0\.05 seconds\.$"):
        client_for(app, timeout=0.05).get("/")


async def plain_asgi(scope, receive, send):
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": message["body"]})


def test_any_asgi_application_will_do():
    client = TestClient(plain_asgi)
    assert client.post("/", content=b"abc").text == "abc"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"abcd", "The body of the response is longer than its Content-Length of 3."),
        (b"ab", "The body of the response has 2 bytes, but its Content-Length is 3."),
    ],
)
def test_a_body_that_does_not_fit_its_length_is_an_error(body, message):
    with pytest.raises(RuntimeError) as raised:
        TestClient(plain_asgi).post("/", content=body)
    assert str(raised.value) == message
