"""Other applications below a path or for a host."""

import pytest

from trine import APIRouter, App, Request, Settings, SetupError, WebSocket
from trine.testing import TestClient


async def plain_asgi(scope, receive, send):
    """Tells what it sees."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    text = f"{scope['method']} {scope['root_path']} {scope['path']} {scope['query_string'].decode()} {body.decode()}"
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]})
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b"."})


def wsgi(environ, start_response):
    body = environ["wsgi.input"].read().decode()
    start_response("202 Accepted", [("content-type", "text/plain"), ("x-script", environ["SCRIPT_NAME"])])
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {environ['QUERY_STRING']} {body}".encode()]


def test_an_asgi_application_sees_the_whole_path_and_where_it_is_mounted(client_for):
    app = App()
    app.mount("/legacy", plain_asgi)
    answer = client_for(app).post("/legacy/a/b?q=1", content=b"body")
    assert (answer.status_code, answer.text) == (201, "POST /legacy /legacy/a/b q=1 body.")
    assert answer.headers.get_list("x-a") == ["1", "2"]


def test_a_wsgi_application_runs_in_threads(client_for):
    app = App()
    app.mount("/old", wsgi)
    answer = client_for(app).post("/old/a?q=1", content=b"body")
    assert (answer.status_code, answer.text, answer.headers["x-script"]) == (202, "POST /a q=1 body", "/old")


def test_a_trine_application_below_a_path(client_for):
    app, shop = App(), App()

    @shop.get("/items/{id:int}")
    def show(id: int, request: Request) -> list:
        return [id, request.path, str(request.url_for("show", id=8))]

    app.mount("/shop", shop)
    assert client_for(app).get("/shop/items/7").json() == [7, "/items/7", "http://testserver/shop/items/8"]


def test_routes_win_over_mounts_and_longer_mounts_over_shorter(client_for):
    app, one, two = App(), App(), App()
    one.add_api_route("/{rest:path}", lambda rest: f"one {rest}")
    two.add_api_route("/{rest:path}", lambda rest: f"two {rest}")
    app.mount("/a", one)
    app.mount("/a/b", two)
    app.add_api_route("/a/own", lambda: "own")
    client = client_for(app)
    assert [client.get(path).json() for path in ("/a/x", "/a/b/x", "/a/own", "/a/bc")] == ["one x", "two x", "own", "one bc"]


def test_a_mount_is_found_at_its_own_path_alone(client_for):
    app, inner = App(), App()
    inner.add_api_route("/", lambda: "root")
    app.mount("/inner", inner)
    client = client_for(app)
    assert client.get("/inner/").json() == "root"
    assert client.get("/inner").json() == "root"
    assert client.get("/innerer").status_code == 404


def test_a_mount_below_a_router_s_prefix(client_for):
    app, router = App(), APIRouter(prefix="/api")
    router.mount("/legacy", plain_asgi)
    app.include_router(router)
    assert client_for(app).get("/api/legacy/x").text == "GET /api/legacy /api/legacy/x  ."


def test_mounts_below_middleware(client_for):
    app = App()

    def mark(handler):
        async def marked(request):
            response = await handler(request)
            response.headers["x-marked"] = "yes"
            return response

        return marked

    app.add_middleware(mark)
    app.mount("/legacy", plain_asgi)
    answer = client_for(app).post("/legacy/x", content=b"body")
    assert (answer.text, answer.headers["x-marked"]) == ("POST /legacy /legacy/x  body.", "yes")


def test_errors_of_a_mounted_application_are_its_own(client_for):
    app, inner = App(), App()

    @app.exception_handler(LookupError)
    def outer(request, error):
        raise AssertionError("not below a mount")

    @inner.get("/")
    def broken() -> None:
        raise KeyError("inner")

    app.mount("/inner", inner)
    with pytest.raises(KeyError, match="inner"):
        client_for(app).get("/inner/")
    answer = client_for(app, raise_server_exceptions=False).get("/inner/")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_websockets_reach_mounted_applications(client_for):
    app, inner = App(), App()

    @inner.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())

    app.mount("/inner", inner)
    with client_for(app).websocket_connect("/inner/echo") as ws:
        ws.send_text("hello")
        assert ws.receive_text() == "hello"


def test_hosts_have_routers_of_their_own(client_for):
    app = App(settings=Settings(allowed_hosts=("shop.example", ".tenants.example")))
    tenants = APIRouter()

    @app.get("/")
    def main() -> str:
        return "main"

    @tenants.get("/")
    def tenant(request: Request) -> str:
        return request.headers["host"]

    app.host(".tenants.example", tenants)
    client = client_for(app)
    assert client.get("/", headers={"host": "shop.example"}).json() == "main"
    assert client.get("/", headers={"host": "a.tenants.example:8000"}).json() == "a.tenants.example:8000"
    assert client.get("/", headers={"host": "b.example"}).status_code == 400


def speaking(told, name, *, fails=False):
    """An ASGI application that tells when it starts and stops."""

    async def app(scope, receive, send):
        if scope["type"] != "lifespan":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": scope.get("state", {}).get("who", "nobody").encode()})
            return
        await receive()
        if fails:
            await send({"type": "lifespan.startup.failed", "message": "no database"})
            return
        scope["state"]["who"] = name
        told.append(f"{name} started")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        told.append(f"{name} stopped")
        await send({"type": "lifespan.shutdown.complete"})

    return app


def test_mounted_applications_start_and_stop_with_the_application(trine_interface):
    told, app, router = [], App(), APIRouter(prefix="/api")
    one, two, apart = (speaking(told, name) for name in ("one", "two", "apart"))
    app.on_event("startup")(lambda: told.append("outer started"))
    app.on_event("shutdown")(lambda: told.append("outer stopped"))
    app.mount("/one", one)
    app.mount("/again", one)
    app.mount("/apart", apart, lifespan=False)
    app.mount("/plain", plain_asgi)
    app.mount("/wsgi", wsgi)
    router.mount("/two", two)
    app.include_router(router)
    with TestClient(app, interface=trine_interface) as client:
        assert told == ["outer started", "one started", "two started"]
        assert [client.get(path).text for path in ("/one/", "/again/", "/api/two/", "/apart/")] == ["one", "one", "two", "nobody"]
    assert told[3:] == ["outer stopped", "two stopped", "one stopped"]


def test_a_mounted_application_that_does_not_start_stops_the_start(client_for):
    told, app = [], App()
    app.mount("/one", speaking(told, "one"))
    app.mount("/two", speaking(told, "two", fails=True))
    with pytest.raises(SetupError, match="A mounted application did not start: no database"):
        client_for(app)
    assert told == ["one started", "one stopped"]
