"""Messages that are not what was asked for: the client's mistake, and no error of the application."""

import pytest

from trine import App, WebSocket, WebSocketDisconnect
from trine.errors import BrokenMessage


@pytest.fixture
def code(trine_interface):
    """What the client is told: Granian closes without a code."""
    return {"asgi": 1007, "rsgi": 1005}[trine_interface]


@pytest.fixture
def client(client_for):
    app = App()

    @app.websocket("/json")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for message in websocket.iter_json():
            await websocket.send_json(message)

    @app.websocket("/text")
    async def echo_text(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())

    @app.websocket("/patient")
    async def answer_errors(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_json()
        except BrokenMessage as error:
            await websocket.send_text(error.reason)

    return client_for(app)


@pytest.mark.parametrize("message", ['{"a":', "NaN", '"\\ud800"', "[" * 100_000, "9" * 5000])
def test_message_that_is_no_json_closes_the_connection(client, code, message):
    with client.websocket_connect("/json") as websocket:
        websocket.send_text('{"a": 1}')
        assert websocket.receive_json() == {"a": 1}
        websocket.send_text(message)
        with pytest.raises(WebSocketDisconnect) as closed:
            websocket.receive_text()
    assert closed.value.code == code


def test_bytes_that_are_no_text_close_the_connection(client, code):
    with client.websocket_connect("/text") as websocket:
        websocket.send_bytes(b"\xff")
        with pytest.raises(WebSocketDisconnect) as closed:
            websocket.receive_text()
    assert closed.value.code == code


def test_application_may_answer_a_broken_message(client):
    with client.websocket_connect("/patient") as websocket:
        websocket.send_text("{")
        assert websocket.receive_text() == ("Not valid JSON: Expecting property name enclosed in double quotes (character 1)")
