"""Answers arrive as they are sent, and leaving early is a disconnect."""

import asyncio
import threading

import httpx2
import pytest

from trine import App, Request, StreamingResponse
from trine.errors import ClientDisconnect
from trine.testing import TestClient


def test_pieces_arrive_before_the_answer_is_complete(client_for):
    app = App()
    go_on = threading.Event()

    @app.get("/")
    def numbers() -> StreamingResponse:
        def count():
            yield b"one"
            assert go_on.wait(30)
            yield b"two"

        return StreamingResponse(count())

    with client_for(app).stream("GET", "/") as response:
        pieces = response.iter_raw()
        assert next(pieces) == b"one"
        go_on.set()
        assert list(pieces) == [b"two"]


def test_pieces_stay_as_they_were_sent(client_for):
    app = App()

    @app.get("/")
    async def numbers() -> StreamingResponse:
        async def count():
            for number in range(300):
                yield f"{number}\n"

        return StreamingResponse(count())

    with client_for(app).stream("GET", "/") as response:
        assert list(response.iter_raw()) == [f"{number}\n".encode() for number in range(300)]


def test_the_source_of_a_stream_is_closed_when_the_client_leaves(client_for):
    app = App()
    closed = []

    @app.get("/")
    async def endless() -> StreamingResponse:
        async def tick():
            try:
                while True:
                    yield b"tick"
            finally:
                closed.append(True)

        return StreamingResponse(tick())

    with client_for(app, grace=60).stream("GET", "/") as response:
        assert next(response.iter_raw()) == b"tick"
    assert closed == [True]


def test_a_stream_that_waits_is_closed_when_the_client_leaves(client_for):
    app = App()
    closed = []

    @app.get("/")
    async def slow() -> StreamingResponse:
        async def wait():
            try:
                yield b"first"
                await asyncio.Event().wait()
            finally:
                closed.append(True)

        return StreamingResponse(wait())

    with client_for(app, grace=60).stream("GET", "/") as response:
        assert next(response.iter_raw()) == b"first"
    assert closed == [True]


def test_leaving_tells_an_asgi_application_that_listens():
    received = []

    async def app(scope, receive, send):
        received.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        received.append((await receive())["type"])

    with TestClient(app, grace=60).stream("GET", "/") as response:
        assert next(response.iter_raw()) == b"first"
    assert received == ["http.request", "http.disconnect"]


def test_a_stubborn_application_is_ended_after_the_grace(client_for):
    app = App()
    ended = []

    @app.get("/")
    async def stubborn(request: Request) -> StreamingResponse:
        async def wait():
            yield b"first"
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(True)

        return StreamingResponse(wait())

    with client_for(app, grace=0.01).stream("GET", "/") as response:
        assert next(response.iter_raw()) == b"first"
    assert ended == [True]


def test_a_client_that_fails_half_way_through_its_body_has_left(client_for):
    app = App()
    seen = []

    @app.post("/")
    async def upload(request: Request) -> None:
        try:
            await request.body()
        except ClientDisconnect:
            seen.append("left")
            raise

    def broken_body():
        yield b"half"
        raise OSError("the line is cut")

    with pytest.raises(OSError, match=r"^the line is cut$"):
        client_for(app).post("/", content=broken_body())
    assert seen == ["left"]


def test_an_answer_that_breaks_off_is_seen_as_one(client_for):
    app = App()

    @app.get("/")
    async def breaks() -> StreamingResponse:
        async def halves():
            yield b"half"
            raise ValueError("broken")

        return StreamingResponse(halves())

    with pytest.raises(ValueError, match=r"^broken$"):
        client_for(app).get("/")
    with pytest.raises(httpx2.RemoteProtocolError, match=r"^The application ended before its answer was complete\.$"):
        client_for(app, raise_server_exceptions=False).get("/")
