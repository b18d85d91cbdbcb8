"""What OpenTelemetry is told about requests."""

import asyncio
from typing import Annotated

import pytest
from opentelemetry import baggage, trace
from opentelemetry.trace import SpanKind, StatusCode

from trine import App, BackgroundTasks, Depends, HTTPException, StreamingResponse, WebSocket
from trine.observe import Telemetry


def watched_app(collected, **options) -> App:
    app = App()
    app.install(Telemetry(**collected.providers, **options))
    return app


def test_a_request_is_a_server_span_with_its_dependencies_below(client_for, collected):
    app = watched_app(collected)

    async def session():
        yield trace.get_current_span().get_span_context().span_id

    def user(session: Annotated[int, Depends(session)]) -> str:
        return "ada"

    @app.get("/items/{item_id}")
    def read_item(item_id: int, user: Annotated[str, Depends(user)]) -> int:
        return trace.get_current_span().get_span_context().span_id

    inside = client_for(app).get("/items/7?page=2", headers={"user-agent": "test"}).json()
    server = collected.spans["GET /items/{item_id}"]
    names = {name.replace(__name__, "").split(".")[-1] for name in collected.spans}
    assert names == {"GET /items/{item_id}", "session", "user", "read_item"}
    (handler,) = [span for name, span in collected.spans.items() if name.endswith("read_item")]
    assert handler.context.span_id == inside
    assert all(span.parent.span_id == server.context.span_id for span in collected.spans.values() if span is not server)
    assert (server.kind, server.status.status_code) == (SpanKind.SERVER, StatusCode.UNSET)
    assert dict(server.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/items/{item_id}",
        "network.protocol.version": "1.1",
        "url.path": "/items/7",
        "url.query": "page=2",
        "url.scheme": "http",
        "server.address": "testserver",
        "server.port": 80,
        "client.address": server.attributes["client.address"],
        "user_agent.original": "test",
    }


def test_a_callers_trace_goes_on(client_for, collected):
    app = watched_app(collected)

    @app.get("/")
    def index() -> str:
        return str(baggage.get_baggage("tenant"))

    headers = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01", "tracestate": "vendor=x", "baggage": "tenant=acme"}
    assert client_for(app).get("/", headers=headers).json() == "acme"
    server = collected.spans["GET /"]
    assert (server.context.trace_id, server.parent.span_id) == (int("1" * 32, 16), int("2" * 16, 16))
    assert server.context.trace_state.get("vendor") == "x"
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.parametrize(
    ("path", "status", "route", "failure"),
    [
        ("/items/7", 200, "/items/{item_id}", None),
        ("/items/x", 422, "/items/{item_id}", None),
        ("/missing", 404, None, None),
        ("/refused", 503, "/refused", "503"),
        ("/broken", 500, "/broken", "ValueError"),
    ],
)
def test_how_requests_end(client_for, collected, path, status, route, failure):
    app = watched_app(collected)

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> int:
        return item_id

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(503)

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("a secret")

    assert client_for(app, raise_server_exceptions=False).get(path).status_code == status
    (server,) = [span for span in collected.spans.values() if span.kind is SpanKind.SERVER]
    assert server.name == ("GET" if route is None else f"GET {route}")
    assert server.attributes["http.response.status_code"] == status
    assert server.attributes.get("error.type") == failure
    assert (server.status.status_code is StatusCode.ERROR) == (failure is not None)
    assert "a secret" not in repr([span.to_json() for span in collected.spans.values()])
    (duration,) = collected.points("http.server.request.duration")
    assert (duration.count, duration.attributes.get("http.route")) == (1, route)
    assert duration.attributes.get("error.type") == failure
    assert [point.value for point in collected.points("http.server.active_requests")] == [0]
    assert [record.attributes["exception.message"] for record in collected.logs] == (["a secret"] if path == "/broken" else [])


def test_an_error_is_logged_with_its_trace(client_for, collected):
    app = watched_app(collected)

    @app.get("/{name}")
    async def index(name: str) -> None:
        raise ValueError(name)

    client_for(app, raise_server_exceptions=False).get("/x")
    (record,) = collected.logs
    server = collected.spans["GET /{name}"]
    assert (record.trace_id, record.span_id) == (server.context.trace_id, server.context.span_id)
    assert record.event_name == "http.server.request.exception"
    assert record.attributes["http.route"] == "/{name}"
    assert "raise ValueError(name)" in record.attributes["exception.stacktrace"]


def test_a_span_ends_with_the_answer_and_what_comes_later_still_belongs_to_it(client_for, collected):
    app = watched_app(collected)
    seen = []

    def mail() -> None:
        seen.append((list(collected.spans), trace.get_current_span().get_span_context().span_id))

    @app.get("/")
    async def index(background: BackgroundTasks) -> StreamingResponse:
        background.add_task(mail)

        async def stream():
            yield "one"
            await asyncio.sleep(0)
            seen.append("GET /" in collected.spans)
            yield "two"

        return StreamingResponse(stream())

    assert client_for(app).get("/").text == "onetwo"
    assert seen[0] is False
    (task,) = [span for name, span in collected.spans.items() if name.startswith("background")]
    assert (seen[1][1], task.parent.span_id) == (task.context.span_id, collected.spans["GET /"].context.span_id)
    assert "GET /" in seen[1][0]


def test_a_websocket_is_one_span(client_for, collected):
    app = watched_app(collected)

    @app.websocket("/rooms/{room}")
    async def talk(websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        if await websocket.receive_text() == "fail":
            raise ValueError("failed")
        await websocket.close()

    client = client_for(app, raise_server_exceptions=False)
    with client.websocket_connect("/rooms/a") as socket:
        socket.send_text("hello")
    server = collected.spans["WS /rooms/{room}"]
    assert (server.attributes["network.protocol.name"], server.status.status_code) == ("websocket", StatusCode.UNSET)
    assert not collected.logs

    def fail() -> None:
        with client.websocket_connect("/rooms/b") as socket:
            socket.send_text("fail")
            socket.receive()

    with pytest.raises(ValueError, match="failed"):
        fail()
    assert collected.logs[0].event_name == "websocket.exception"


def test_secrets_of_signed_links_are_hidden(client_for, collected):
    app = watched_app(collected, operation_spans=False)

    @app.get("/file")
    async def file() -> str:
        return "ok"

    client_for(app).get("/file?sig=secret&name=a%20b&flag")
    assert collected.spans["GET /file"].attributes["url.query"] == "sig=REDACTED&name=a+b&flag="


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("shop.example", ("shop.example", 80)),
        ("shop.example:8443", ("shop.example", 8443)),
        ("[2001:db8::1]:8443", ("2001:db8::1", 8443)),
        ("shop.example:99999", (None, None)),
        ("user:password@shop.example", (None, None)),
    ],
)
def test_where_a_request_was_sent(collected, host, expected):
    from trine.observe.attributes import server_attributes
    from trine.server.watched import asgi_exchange

    scope = {"type": "http", "path": "/", "headers": [(b"host", host.encode())], "scheme": "http"}
    found = server_attributes(asgi_exchange(scope))
    assert (found.get("server.address"), found.get("server.port")) == expected


def test_other_methods_share_one_name(client_for, collected):
    app = watched_app(collected)
    client_for(app).request("PRIVATE", "/")
    server = collected.spans["HTTP"]
    assert server.attributes["http.request.method"] == "_OTHER"
    assert server.attributes["http.request.method_original"] == "PRIVATE"


def test_requests_can_be_left_alone(client_for, collected):
    app = watched_app(collected, exclude=lambda exchange: exchange.path == "/health")

    @app.get("/health")
    async def health() -> str:
        return "ok"

    assert client_for(app).get("/health").json() == "ok"
    assert not collected.spans
    assert not collected.points("http.server.request.duration")


def test_each_signal_can_be_left_away(client_for, collected):
    app = watched_app(collected, tracing=False, metrics=False)

    @app.get("/")
    async def index() -> None:
        raise ValueError("broken")

    client_for(app, raise_server_exceptions=False).get("/")
    assert not collected.spans
    assert not collected.points("http.server.request.duration")
    assert [record.trace_id for record in collected.logs] == [0]


def test_nothing_is_compiled_in_where_nobody_watches(client_for):
    import linecache

    app = App()

    @app.get("/unwatched/{name}")
    async def unwatched(name: str) -> str:
        return name

    assert client_for(app).get("/unwatched/a").json() == "a"
    source = "".join(
        "".join(entry[2]) for title, entry in list(linecache.cache.items()) if "/unwatched/{name}" in title and len(entry) > 2
    )
    assert "async def" in source
    assert "note_route" not in source
    assert "watch_" not in source
