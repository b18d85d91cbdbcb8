"""Starlette's words over Trine's rooms: what a program uses first, on asyncio and on trio."""

import io
import threading
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest
import sniffio

from trine.compat.starlette.applications import Starlette
from trine.compat.starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser, requires
from trine.compat.starlette.background import BackgroundTask
from trine.compat.starlette.config import Config
from trine.compat.starlette.datastructures import URL, MutableHeaders
from trine.compat.starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from trine.compat.starlette.middleware import Middleware
from trine.compat.starlette.middleware.authentication import AuthenticationMiddleware
from trine.compat.starlette.middleware.base import BaseHTTPMiddleware
from trine.compat.starlette.middleware.cors import CORSMiddleware
from trine.compat.starlette.middleware.gzip import GZipMiddleware
from trine.compat.starlette.middleware.sessions import SessionMiddleware
from trine.compat.starlette.requests import Request
from trine.compat.starlette.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from trine.compat.starlette.routing import Host, Mount, Route, WebSocketRoute
from trine.compat.starlette.testclient import TestClient
from trine.compat.starlette.websockets import WebSocketDisconnect


@pytest.fixture(params=["asyncio", "trio"])
def backend(request):
    return request.param


async def loop_name(request):
    return PlainTextResponse(sniffio.current_async_library())


def test_the_test_client_runs_the_application_on_the_loop_that_it_is_asked_for(backend):
    app = Starlette(routes=[Route("/", loop_name)])
    assert TestClient(app, backend=backend).get("/").text == backend


def test_lifespan_and_requests_share_one_loop_inside_with(backend):
    seen = []

    @asynccontextmanager
    async def lifespan(app):
        async with anyio.create_task_group():
            seen.append("up")
            yield {"berth": 12}
        seen.append("down")

    async def berth(request):
        return JSONResponse(request.state.berth)

    with TestClient(Starlette(routes=[Route("/", berth)], lifespan=lifespan), backend=backend) as client:
        assert client.get("/").json() == 12
        assert seen == ["up"]
    assert seen == ["up", "down"]


def test_plain_functions_run_in_threads(backend):
    def name_of_thread(request):
        return PlainTextResponse(str(threading.current_thread() is threading.main_thread()))

    client = TestClient(Starlette(routes=[Route("/", name_of_thread)]), backend=backend)
    assert client.get("/").text == "False"


def test_middleware_as_a_function_of_request_and_rest(backend):
    done = []

    async def mark(request, call_next):
        length = len(await request.body())
        response = await call_next(request)
        response.headers["x-length"] = str(length)
        return response

    async def echo(request):
        return PlainTextResponse(await request.body(), background=BackgroundTask(done.append, "sent"))

    app = Starlette(routes=[Route("/", echo, methods=["POST"])], middleware=[Middleware(BaseHTTPMiddleware, dispatch=mark)])
    response = TestClient(app, backend=backend).post("/", content=b"ahoy")
    assert (response.text, response.headers["x-length"]) == ("ahoy", "4")
    assert done == ["sent"]


def test_an_error_below_a_middleware_can_be_caught(backend):
    async def rescue(request, call_next):
        try:
            return await call_next(request)
        except ZeroDivisionError:
            return PlainTextResponse("rescued", status_code=400)

    async def sink(request):
        raise ZeroDivisionError

    app = Starlette(routes=[Route("/", sink)], middleware=[Middleware(BaseHTTPMiddleware, dispatch=rescue)])
    response = TestClient(app, backend=backend).get("/")
    assert (response.status_code, response.text) == (400, "rescued")


def test_streams_from_both_kinds_of_generators(backend):
    async def numbers():
        for number in range(3):
            yield str(number)
            await anyio.lowlevel.checkpoint()

    async def asynchronous(request):
        return StreamingResponse(numbers())

    async def blocking(request):
        return StreamingResponse(iter(["a", "b"]))

    client = TestClient(Starlette(routes=[Route("/async", asynchronous), Route("/sync", blocking)]), backend=backend)
    assert client.get("/async").text == "012"
    assert client.get("/sync").text == "ab"


def test_leaving_a_stream_cancels_it(backend):
    cancelled = threading.Event()

    async def endless():
        try:
            while True:
                yield b"on and on"
                await anyio.lowlevel.checkpoint()
        finally:
            cancelled.set()

    async def stream(request):
        return StreamingResponse(endless())

    with TestClient(Starlette(routes=[Route("/", stream)]), backend=backend).stream("GET", "/") as response:
        assert next(response.iter_raw()) == b"on and on"
    assert cancelled.is_set()


def test_files_are_sent_whole_and_in_parts(backend, tmp_path):
    (tmp_path / "chart.txt").write_text("rocks and shoals")

    async def chart(request):
        return FileResponse(tmp_path / "chart.txt")

    client = TestClient(Starlette(routes=[Route("/", chart)]), backend=backend)
    assert client.get("/").text == "rocks and shoals"
    part = client.get("/", headers={"range": "bytes=0-4"})
    assert (part.status_code, part.text) == (206, "rocks")


def test_uploads_that_grow_onto_the_disk(backend):
    async def weigh(request):
        async with request.form() as form:
            return JSONResponse([form["chart"].size, len(await form["chart"].read())])

    client = TestClient(Starlette(routes=[Route("/", weigh, methods=["POST"])]), backend=backend)
    size = 3 * 1024 * 1024
    assert client.post("/", files={"chart": io.BytesIO(b"x" * size)}).json() == [size, size]


def test_websockets_as_functions_and_as_classes(backend):
    class Shout(WebSocketEndpoint):
        encoding = "text"

        async def on_receive(self, websocket, data):
            await websocket.send_text(data.upper())

    async def refuse(websocket):
        await websocket.close(code=1008, reason="not today")

    app = Starlette(routes=[WebSocketRoute("/shout", Shout), WebSocketRoute("/refuse", refuse)])
    client = TestClient(app, backend=backend)
    with client.websocket_connect("/shout") as socket:
        socket.send_text("ahoy")
        assert socket.receive_text() == "AHOY"
    with pytest.raises(WebSocketDisconnect) as caught, client.websocket_connect("/refuse"):
        pytest.fail("the handshake is refused")
    assert (caught.value.code, caught.value.reason) == (1008, "not today")


def test_compression_cross_origin_and_sessions_together(backend):
    async def visit(request):
        request.session["visits"] = request.session.get("visits", 0) + 1
        return PlainTextResponse(f"{request.session['visits']} " * 500)

    app = Starlette(
        routes=[Route("/", visit)],
        middleware=[
            Middleware(CORSMiddleware, allow_origins=["https://harbour.example"]),
            Middleware(GZipMiddleware),
            Middleware(SessionMiddleware, secret_key="a secret"),
        ],
    )
    client = TestClient(app, backend=backend)
    client.get("/")
    response = client.get("/", headers={"origin": "https://harbour.example"})
    assert response.text.startswith("2 ")
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["access-control-allow-origin"] == "https://harbour.example"


def test_cross_origin_settings_that_fit_no_browser_are_passed_over():
    app = CORSMiddleware(
        PlainTextResponse("ahoy"), allow_origins=["localhost", "https://harbour.example"], allow_credentials=True
    )
    assert app.simple_headers == {"Access-Control-Allow-Credentials": "true"}
    assert (app.is_allowed_origin("https://harbour.example"), app.is_allowed_origin("https://evil.example")) == (True, False)


def test_bodies_are_limited_by_application_and_route(backend):
    async def count(request):
        return JSONResponse(len(await request.body()))

    routes = [Route("/note", count, methods=["POST"]), Route("/chart", count, methods=["POST"], max_body_size=10)]
    client = TestClient(Starlette(routes=routes, max_body_size=5), backend=backend)
    assert client.post("/note", content=b"123456").status_code == 413
    assert client.post("/chart", content=b"123456").json() == 6
    assert client.post("/chart", content=iter([b"123456", b"789012"])).status_code == 413


def test_users_and_scopes():
    class ByName(AuthenticationBackend):
        async def authenticate(self, conn):
            name = conn.headers.get("x-name")
            return (AuthCredentials(["crew"]), SimpleUser(name)) if name else None

    @requires("crew", redirect="login")
    def deck(request):
        return PlainTextResponse(request.user.display_name)

    def login(request):
        return PlainTextResponse(f"back to {request.query_params['next']}")

    app = Starlette(
        routes=[Route("/deck", deck), Route("/login", login, name="login")],
        middleware=[Middleware(AuthenticationMiddleware, backend=ByName())],
    )
    client = TestClient(app)
    assert client.get("/deck", headers={"x-name": "ida"}).text == "ida"
    assert client.get("/deck").text == "back to http://testserver/deck"


def test_a_class_answers_several_methods():
    class Boat(HTTPEndpoint):
        async def get(self, request):
            return PlainTextResponse("moored")

        def post(self, request):
            return PlainTextResponse("sailing")

    client = TestClient(Starlette(routes=[Route("/boat", Boat)]))
    assert (client.get("/boat").text, client.post("/boat").text) == ("moored", "sailing")
    refused = client.put("/boat")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")


def test_headers_are_written_into_the_message_that_they_came_from():
    message = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"1")]}
    MutableHeaders(scope=message).append("b", "2")
    assert message["headers"] == [(b"a", b"1"), (b"b", b"2")]
    MutableHeaders(raw=message["headers"])["a"] = "3"
    assert message["headers"] == [(b"a", b"3"), (b"b", b"2")]


@pytest.mark.parametrize("host", [b"evil.example/path?", b"user@evil.example", b"evil.example:99999", b"[:::]"])
def test_a_host_header_that_can_be_none_is_no_part_of_the_url(host):
    scope = {
        "type": "http",
        "scheme": "https",
        "server": ("harbour.example", 443),
        "path": "/admin",
        "headers": [(b"host", host)],
    }
    assert URL(scope=scope) == "https://harbour.example/admin"
    assert Request(scope).url.hostname == "harbour.example"


def test_url_for_below_a_mount_and_behind_a_host():
    async def where(request):
        return PlainTextResponse(str(request.url_for("boats:one", name="alma")))

    inner = [Route("/{name}", where, name="one")]
    app = Starlette(routes=[Host("api.example.org", Starlette(routes=[Mount("/boats", routes=inner, name="boats")]))])
    client = TestClient(app, base_url="https://api.example.org")
    assert client.get("/boats/alma").text == "https://api.example.org/boats/alma"


def test_settings_come_from_the_environment_then_the_file_then_the_default(tmp_path):
    (tmp_path / ".env").write_text("MASTS=2\nNAME='Alma'\n")
    config = Config(tmp_path / ".env", environ={"MASTS": "3"})
    assert (config("MASTS", cast=int), config("NAME"), config("SAILS", cast=bool, default=False)) == (3, "Alma", False)
    with pytest.raises(KeyError, match="Config 'DEPTH' is missing, and has no default"):
        config("DEPTH")


def test_an_application_that_fails_without_an_answer_raises_in_the_test(backend):
    async def app(scope, receive, send):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        TestClient(app, backend=backend).get("/")
    assert TestClient(app, backend=backend, raise_server_exceptions=False).get("/").status_code == 500
