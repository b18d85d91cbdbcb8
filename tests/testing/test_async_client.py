"""The asynchronous twin runs the application on the test's own event loop."""

import asyncio
from contextvars import ContextVar

import pytest

from trine import App, Request, StreamingResponse, WebSocket

pytestmark = pytest.mark.anyio


async def test_requests_and_lifespan(async_client_for):
    app = App()
    happened = []

    @app.on_event("startup")
    async def up() -> None:
        happened.append("up")

    @app.on_event("shutdown")
    async def down() -> None:
        happened.append("down")

    @app.post("/")
    async def length(request: Request) -> int:
        return len(await request.body())

    async def body():
        yield b"ab"
        yield b"c"

    async with async_client_for(app) as client:
        assert (await client.post("/", content=b"abcd")).json() == 4
        assert (await client.post("/", content=body())).json() == 3
        assert happened == ["up"]
    assert happened == ["up", "down"]


async def test_the_test_and_the_application_share_a_loop(async_client_for):
    app = App()
    ready = asyncio.Event()

    @app.get("/")
    async def wait() -> str:
        await ready.wait()
        return "ready"

    async with async_client_for(app) as client:
        asking = asyncio.create_task(client.get("/"))
        await asyncio.sleep(0)
        ready.set()
        assert (await asking).json() == "ready"


async def test_streams_and_leaving(async_client_for):
    app = App()
    closed = asyncio.Event()

    @app.get("/")
    async def ticks() -> StreamingResponse:
        async def tick():
            try:
                yield b"first"
                await asyncio.Event().wait()
            finally:
                closed.set()

        return StreamingResponse(tick())

    async with async_client_for(app, grace=60) as client:
        async with client.stream("GET", "/") as response:
            assert await anext(response.aiter_raw()) == b"first"
        assert closed.is_set()


async def test_websockets(async_client_for):
    app = App()

    @app.websocket("/")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)

    async with async_client_for(app) as client, client.websocket_connect("/") as ws:
        await ws.send_text("hello")
        assert await ws.receive_text() == "hello"


async def test_unexpected_errors_are_raised(async_client_for):
    app = App()

    @app.get("/")
    async def broken() -> None:
        raise ValueError("broken")

    async with async_client_for(app) as client:
        with pytest.raises(ValueError, match=r"^broken$"):
            await client.get("/")


async def test_handlers_see_the_test_s_context_variables(async_client_for):
    app = App()
    tenant: ContextVar[str] = ContextVar("tenant", default="nobody")

    @app.get("/")
    def index() -> str:
        return tenant.get()

    async with async_client_for(app) as client:
        tenant.set("shop")
        assert (await client.get("/")).json() == "shop"
