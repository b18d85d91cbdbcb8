"""WebSockets on both wires: inputs, dependencies, messages, closing, refusing."""

import asyncio
from typing import Annotated

import pytest
from pydantic import BaseModel

from trine import (
    APIRouter,
    App,
    Cookie,
    Depends,
    Header,
    HTTPException,
    Query,
    Settings,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
)
from trine.testing import WebSocketDenied
from trine.websocket import WebSocketState


def test_inputs_of_the_handshake(client_for):
    app = App()

    @app.websocket("/rooms/{room:int}")
    async def join(
        socket: WebSocket,
        room: int,
        name: str,
        x_token: Annotated[str, Header()],
        tags: Annotated[list[str], Query()] = [],  # noqa: B006 - a default is copied
        theme: Annotated[str, Cookie()] = "light",
    ) -> None:
        await socket.accept()
        await socket.send_json([room, name, x_token, tags, theme])

    client = client_for(app, cookies={"theme": "dark"})
    with client.websocket_connect("/rooms/7?name=a&tags=1&tags=2", headers={"x-token": "t"}) as ws:
        assert ws.receive_json() == [7, "a", "t", ["1", "2"], "dark"]


@pytest.mark.parametrize("path", ["/rooms/7", "/rooms/7?limit=x"])
def test_inputs_that_do_not_fit_refuse_the_handshake(client_for, path):
    app = App()
    called = []

    @app.websocket("/rooms/{room:int}")
    async def join(socket: WebSocket, room: int, limit: int) -> None:
        called.append(room)

    with pytest.raises(WebSocketDenied) as denied, client_for(app).websocket_connect(path):
        pass
    assert (denied.value.response.status_code, called) == (403, [])


def test_dependencies_and_their_clean_up(client_for):
    app = App()
    happened = []

    async def session(token: str):
        happened.append(f"open {token}")
        try:
            yield token.upper()
        finally:
            happened.append("close")

    def user(session: Annotated[str, Depends(session)]) -> str:
        return f"user {session}"

    @app.websocket("/")
    async def talk(socket: WebSocket, user: Annotated[str, Depends(user)]) -> None:
        await socket.accept()
        await socket.send_text(user)
        await socket.receive_text()

    with client_for(app).websocket_connect("/?token=a") as ws:
        assert ws.receive_text() == "user A"
        assert happened == ["open a"]
    assert happened == ["open a", "close"]


def test_a_router_s_prefix_and_dependencies_hold_for_sockets(client_for):
    def locked(key: str = "") -> None:
        if key != "secret":
            raise WebSocketException(1008, "locked")

    app, router = App(), APIRouter(prefix="/chat", dependencies=[Depends(locked)])

    @router.websocket("/{room}")
    async def talk(socket: WebSocket, room: str) -> None:
        await socket.accept()
        await socket.send_text(room)

    app.include_router(router, prefix="/v1")
    client = client_for(app)
    with client.websocket_connect("/v1/chat/a?key=secret") as ws:
        assert ws.receive_text() == "a"
    with pytest.raises(WebSocketDenied), client.websocket_connect("/v1/chat/a"):
        pass


def test_a_socket_and_a_route_may_share_a_path(client_for):
    app = App()

    @app.get("/both")
    def read() -> str:
        return "http"

    @app.websocket("/both")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("socket")

    client = client_for(app)
    assert client.get("/both").json() == "http"
    with client.websocket_connect("/both") as ws:
        assert ws.receive_text() == "socket"


def test_a_socket_s_path_is_not_for_requests(client_for):
    app = App()

    @app.websocket("/ws")
    async def talk(socket: WebSocket) -> None: ...

    assert client_for(app).get("/ws").status_code == 404


def test_iterating_ends_when_the_client_leaves(client_for):
    app = App()
    seen = []

    @app.websocket("/text")
    async def text(socket: WebSocket) -> None:
        await socket.accept()
        seen.extend([text async for text in socket.iter_text()])
        seen.append(socket.client_state)

    @app.websocket("/json")
    async def json(socket: WebSocket) -> None:
        await socket.accept()
        async for value in socket.iter_json():
            await socket.send_json(value)

    client = client_for(app)
    with client.websocket_connect("/text") as ws:
        ws.send_text("a")
        ws.send_text("b")
    assert seen == ["a", "b", WebSocketState.DISCONNECTED]
    with client.websocket_connect("/json") as ws:
        ws.send_json({"a": 1})
        assert ws.receive_json() == {"a": 1}


def test_the_end_of_the_handler_closes_the_socket(client_for):
    app = App()

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()

    with client_for(app).websocket_connect("/") as ws, pytest.raises(WebSocketDisconnect):
        ws.receive_text()


@pytest.mark.parametrize("trine_interface", ["asgi"])
@pytest.mark.parametrize(
    ("error", "code"),
    [(WebSocketException(4001, "tired"), 4001), (HTTPException(403), 1008)],
)
def test_exceptions_close_with_a_code_over_asgi(client_for, error, code):
    app = App()

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        raise error

    with client_for(app).websocket_connect("/") as ws, pytest.raises(WebSocketDisconnect) as closed:
        ws.receive_text()
    assert closed.value.code == code


def test_sending_to_a_client_that_has_left_is_a_disconnect(client_for):
    app = App()
    seen = []

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text("tick")
                await asyncio.sleep(0)
        except WebSocketDisconnect as left:
            seen.append(left.code)
            raise

    client = client_for(app, grace=60)
    with client.websocket_connect("/") as ws:
        assert ws.receive_text() == "tick"
    assert seen == [1006]


def test_misuse_is_told(client_for):
    app = App()
    told = []

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        for misuse in (socket.receive_text, lambda: socket.send_text("a")):
            try:
                await misuse()
            except RuntimeError as error:
                told.append(str(error))
        await socket.accept()
        try:
            await socket.accept()
        except RuntimeError as error:
            told.append(str(error))
        await socket.close()
        await socket.close()

    with client_for(app).websocket_connect("/"):
        pass
    assert told == [
        'WebSocket is not connected. Need to call "accept" first.',
        "The WebSocket is not open: accept() comes first, and nothing can be sent after close().",
        "The WebSocket was already accepted or closed.",
    ]


def test_models_in_messages(client_for):
    class Move(BaseModel):
        x: int

    app = App()

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        move = Move.model_validate(await socket.receive_json())
        await socket.send_json(move.model_dump())

    with client_for(app).websocket_connect("/") as ws:
        ws.send_json({"x": "3"})
        assert ws.receive_json() == {"x": 3}


def test_hosts_are_checked_for_sockets_too(client_for):
    app = App(settings=Settings(allowed_hosts=("shop.example",)))

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()

    client = client_for(app)
    with client.websocket_connect("/"):
        pass
    with pytest.raises(WebSocketDenied), client.websocket_connect("/", headers={"host": "evil.example"}):
        pass


def test_context_variables_of_dependencies_reach_the_handler(client_for):
    from contextvars import ContextVar

    word: ContextVar[str] = ContextVar("word", default="unset")
    app = App()

    async def choose() -> None:
        word.set("set")

    @app.websocket("/", dependencies=[Depends(choose)])
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(word.get())

    with client_for(app).websocket_connect("/") as ws:
        assert ws.receive_text() == "set"


@pytest.mark.parametrize("trine_interface", ["asgi"])
def test_a_subprotocol_is_chosen_over_asgi(client_for):
    app = App()

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        wanted = socket.requested_subprotocols
        await socket.accept("v2" if "v2" in wanted else None, {"x-chosen": "v2"})

    with client_for(app).websocket_connect("/", subprotocols=["v1", "v2"]) as ws:
        assert (ws.accepted_subprotocol, ws.headers["x-chosen"]) == ("v2", "v2")
