"""Limits where no typed body is read: handlers, dependencies and middleware that take the body from the request itself."""

import pytest

from trine import App, Depends, Request

TOO_LARGE = {"detail": "The request body is larger than the 1000 bytes that are accepted here."}


async def whole_body(request: Request) -> bytes:
    return await request.body()


@pytest.fixture
def app():
    app = App(max_body_size=1000)

    @app.post("/request")
    async def by_request(request: Request) -> int:
        return len(await request.body())

    @app.post("/stream")
    async def by_stream(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @app.post("/dependency")
    async def by_dependency(body: bytes = Depends(whole_body)) -> int:
        return len(body)

    @app.post("/more", max_body_size=3000)
    async def with_more(request: Request) -> int:
        return len(await request.body())

    return app


def pieces(size, each=100):
    for _ in range(size // each):
        yield b"x" * each


@pytest.mark.parametrize("path", ["/request", "/stream", "/dependency"])
def test_body_that_a_handler_reads_itself_is_limited(app, client_for, path):
    client = client_for(app)
    assert client.post(path, content=pieces(1000)).json() == 1000
    answer = client.post(path, content=pieces(1100))
    assert (answer.status_code, answer.json(), answer.headers["connection"]) == (413, TOO_LARGE, "close")
    assert client.post("/more", content=pieces(3000)).json() == 3000
    assert client.post("/more", content=pieces(3100)).status_code == 413


@pytest.mark.parametrize("path", ["/request", "/stream", "/dependency"])
def test_below_middleware_the_limits_are_the_same(app, client_for, path):
    @app.middleware("http")
    async def pass_on(request, call_next):
        return await call_next(request)

    test_body_that_a_handler_reads_itself_is_limited(app, client_for, path)


def test_declared_length_is_enough_to_refuse_a_body(app, client_for):
    answer = client_for(app).post("/request", content=b"x" * 1100)
    assert (answer.status_code, answer.json()) == (
        413,
        {"detail": "The request body is 1100 bytes, more than the 1000 bytes that are accepted here."},
    )


def test_body_that_a_middleware_reads_is_limited_by_the_settings(client_for):
    app = App()

    @app.middleware("http")
    async def read(request, call_next):
        await request.body()
        return await call_next(request)

    @app.post("/")
    async def size(request: Request) -> int:
        return len(await request.body())

    client = client_for(app)
    assert client.post("/", content=b"x" * 1000).json() == 1000
    assert client.post("/", content=pieces(11 * 1024 * 1024, 65536)).status_code == 413


def test_mounted_application_has_its_own_limits(app, client_for):
    async def mounted(scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(size).encode()})

    app.mount("/mounted", mounted)
    assert client_for(app).post("/mounted/", content=pieces(20_000)).text == "20000"
