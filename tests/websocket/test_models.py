"""Messages with models: what comes in is validated, what goes out too."""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import pytest
from pydantic import BaseModel, Field

from trine import App, Depends, SetupError, WebSocket, WebSocketDisconnect
from trine.errors import MessageValidationError, ResponseValidationError


class Say(BaseModel):
    type: Literal["say"] = "say"
    text: str = Field(max_length=10)


class Move(BaseModel):
    type: Literal["move"] = "move"
    x: float


Command = Annotated[Say | Move, Field(discriminator="type")]


class Event(BaseModel):
    text: str
    by: str = "server"


@dataclass
class Point:
    x: int
    y: int = 0


class Join(msgspec.Struct, tag=True):
    room: str


class Leave(msgspec.Struct, tag=True):
    room: str


@pytest.fixture
def code(trine_interface):
    """What the client is told: Granian closes without a code."""
    return {"asgi": 1007, "rsgi": 1005}[trine_interface]


def echo_app(model):
    app = App()

    @app.websocket("/")
    async def echo(socket: WebSocket[model, Event]) -> None:
        await socket.accept()
        async for message in socket.iter_models():
            await socket.send_model(Event(text=repr(message)))

    return app


@pytest.mark.parametrize(
    ("model", "sent", "seen"),
    [
        (Say, {"text": "hi"}, "Say(type='say', text='hi')"),
        (Command, {"type": "move", "x": 1}, "Move(type='move', x=1.0)"),
        (Point, {"x": "3"}, "Point(x=3, y=0)"),
        (Join | Leave, {"type": "Leave", "room": "a"}, "Leave(room='a')"),
        (list[int], [1, 2], "[1, 2]"),
    ],
)
def test_messages_become_models(client_for, model, sent, seen):
    with client_for(echo_app(model)).websocket_connect("/") as ws:
        ws.send_json(sent)
        assert ws.receive_json() == {"text": seen, "by": "server"}
        ws.send_json(sent, mode="binary")
        assert ws.receive_json()["text"] == seen


def test_message_that_does_not_fit_is_told_and_ends_the_conversation(client_for, code):
    with client_for(echo_app(Command)).websocket_connect("/") as ws:
        ws.send_json({"type": "say", "text": "much too long"})
        assert ws.receive_json() == {
            "detail": [
                {
                    "type": "string_too_long",
                    "loc": ["message", "say", "text"],
                    "msg": "String should have at most 10 characters",
                    "input": "much too long",
                    "ctx": {"max_length": 10},
                }
            ]
        }
        with pytest.raises(WebSocketDisconnect) as closed:
            ws.receive_text()
    assert closed.value.code == code


@pytest.mark.parametrize("trine_interface", ["asgi"])
def test_the_reason_of_the_close_says_what_did_not_fit(client_for):
    with client_for(echo_app(Say)).websocket_connect("/") as ws:
        ws.send_text("{}")
        assert ws.receive_json()["detail"][0]["msg"] == "Field required"
        with pytest.raises(WebSocketDisconnect) as closed:
            ws.receive_text()
    assert closed.value.reason == "1 validation error: message.text: Field required"


@pytest.mark.parametrize("message", ["{", "NaN", '{"text": "\\ud800"}', "[" * 100_000, '{"text": {"a":' * 30_000])
@pytest.mark.parametrize("model", [Say, Join, dict])
def test_broken_json_is_refused_whatever_the_model(client_for, model, message):
    with client_for(echo_app(model)).websocket_connect("/") as ws:
        ws.send_text(message)
        assert ws.receive_json()["detail"][0]["loc"][0] == "message"
        with pytest.raises(WebSocketDisconnect):
            ws.receive_text()


def test_numbers_that_are_not_finite_are_refused(client_for):
    with client_for(echo_app(Move)).websocket_connect("/") as ws:
        ws.send_text('{"x": 1e999}')
        assert ws.receive_json()["detail"][0]["type"] == "finite_number"


def test_json_nests_as_deep_as_the_application_allows(client_for):
    with client_for(echo_app(dict)).websocket_connect("/") as ws:
        ws.send_text('{"a":' * 63 + "{}" + "}" * 63)
        assert "text" in ws.receive_json()
        ws.send_text('{"a":' * 64 + "{}" + "}" * 64)
        assert ws.receive_json()["detail"][0]["type"] == "json_too_deep"


def test_of_equal_keys_the_last_one_counts(client_for):
    with client_for(echo_app(Join)).websocket_connect("/") as ws:
        ws.send_text('{"type": "Join", "room": 1, "room": "a"}')
        assert ws.receive_json()["text"] == "Join(room='a')"


def test_conversation_may_go_on_after_an_error(client_for):
    app = App()

    @app.websocket("/")
    async def echo(socket: WebSocket[Say, Event]) -> None:
        await socket.accept()
        async for message in socket.iter_models(answer_errors=True):
            await socket.send_model(Event(text=message.text))

    with client_for(app).websocket_connect("/") as ws:
        ws.send_json({"text": 1})
        assert ws.receive_json()["detail"][0]["loc"] == ["message", "text"]
        ws.send_json({"text": "good"})
        assert ws.receive_json() == {"text": "good", "by": "server"}


def test_handler_may_answer_errors_itself(client_for):
    app = App()

    @app.websocket("/")
    async def talk(socket: WebSocket[Say]) -> None:
        await socket.accept()
        try:
            await socket.receive_model()
        except MessageValidationError as error:
            await socket.send_text(f"{error.code} {len(error.errors())}")

    with client_for(app).websocket_connect("/") as ws:
        ws.send_json({})
        assert ws.receive_text() == "1007 1"


def test_what_goes_out_is_validated(client_for):
    app = App()

    @app.websocket("/")
    async def talk(socket: WebSocket[Say, Event]) -> None:
        await socket.accept()
        await socket.send_model({"text": "a dict that fits", "secret": 1})
        await socket.send_model({"by": "nobody"})

    client = client_for(app, raise_server_exceptions=True)
    told = []
    with pytest.raises(ResponseValidationError), client.websocket_connect("/") as ws:
        told.extend(ws.receive_json() for _ in range(2))
    assert told == [{"text": "a dict that fits", "by": "server"}]


def test_dependencies_share_the_models_of_the_handler(client_for):
    app = App()

    async def first(socket: WebSocket[Say, Event]) -> Say:
        await socket.accept()
        return await socket.receive_model()

    @app.websocket("/")
    async def talk(socket: WebSocket, said: Annotated[Say, Depends(first)]) -> None:
        await socket.send_model(Event(text=said.text))

    with client_for(app).websocket_connect("/") as ws:
        ws.send_json({"text": "hi"})
        assert ws.receive_json() == {"text": "hi", "by": "server"}


def test_two_declarations_that_differ_stop_the_start():
    app = App()

    async def first(socket: WebSocket[Move]) -> None: ...

    @app.websocket("/", dependencies=[Depends(first)])
    async def talk(socket: WebSocket[Say]) -> None: ...

    with pytest.raises(SetupError, match="share a WebSocket, but one names"):
        app.prepare()


def test_structs_without_tags_stop_the_start():
    class Left(msgspec.Struct):
        a: int

    class Right(msgspec.Struct):
        a: int

    with pytest.raises(SetupError, match="Give each Struct of a union a tag"):
        echo_app(Left | Right).prepare()


def test_socket_without_models_says_how_to_name_them(client_for):
    app = App()
    told = []

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive_model()
        except RuntimeError as error:
            told.append(str(error))

    with client_for(app).websocket_connect("/"):
        pass
    assert told == ["The handler names no models for its messages: write 'socket: WebSocket[In, Out]'."]
