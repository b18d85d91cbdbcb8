"""What a WebSocket may ask for, and the log line that names the limit."""

import asyncio

import pytest

from trine import App, Settings, SetupError, WebSocket, WebSocketDisconnect


def echo(**options) -> App:
    app = App()

    @app.websocket("/echo", **options)
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_bytes(await socket.receive_bytes())

    return app


@pytest.fixture
def told(trine_interface):
    """The code that the client is told: Granian closes without one."""
    return lambda code: {"asgi": code, "rsgi": 1005}[trine_interface]


def end_of(ws) -> int:
    while True:
        try:
            ws.receive()
        except WebSocketDisconnect as closed:
            return closed.code


@pytest.mark.parametrize("message", [b"x" * 11, "é" * 6])
def test_message_that_is_too_large(client_for, told, caplog, message):
    with client_for(echo(max_message_size=10)).websocket_connect("/echo") as ws:
        ws.send_bytes(b"x" * 10)
        assert ws.receive_bytes() == b"x" * 10
        ws.send_text("é" * 5)
        assert ws.receive_bytes() == ("é" * 5).encode()
        (ws.send_text if isinstance(message, str) else ws.send_bytes)(message)
        assert end_of(ws) == told(1009)
    assert caplog.messages == ["WebSocket /echo closed with 1009: A message has more than 10 bytes (max_message_size)."]


def test_messages_that_come_too_fast(client_for, told, caplog):
    with client_for(echo(max_messages_per_second=3)).websocket_connect("/echo") as ws:
        for _ in range(10):
            ws.send_bytes(b"x")
        assert end_of(ws) == told(1008)
    assert caplog.messages == [
        "WebSocket /echo closed with 1008: More than 3 messages came in a second (max_messages_per_second)."
    ]


def test_client_that_is_silent_for_too_long(client_for, told, caplog):
    with client_for(echo(idle_timeout=0.01)).websocket_connect("/echo") as ws:
        assert end_of(ws) == told(1008)
    assert caplog.messages == ["WebSocket /echo closed with 1008: Nothing was received for 0.01 seconds (idle_timeout)."]


def test_clean_up_runs_when_a_limit_ends_the_handler(client_for):
    app = App()
    happened = []

    @app.websocket("/", idle_timeout=0.01)
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await asyncio.Event().wait()
        finally:
            happened.append("cleaned")

    with client_for(app).websocket_connect("/") as ws:
        end_of(ws)
    assert happened == ["cleaned"]


def test_limit_of_nothing_stops_the_start():
    with pytest.raises(SetupError, match="max_message_size=0"):
        echo(max_message_size=0).prepare()


def test_messages_of_several_tasks_arrive_whole(live_server):
    from websockets.sync.client import connect

    app = App()

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        async with asyncio.TaskGroup() as tasks:
            for number in range(20):
                tasks.create_task(socket.send_text(str(number) * 100_000))

    with connect(live_server(app).url.replace("http", "ws"), max_size=None) as client:
        heard = sorted(len(client.recv(timeout=20)) for _ in range(20))
    assert heard == [100_000] * 10 + [200_000] * 10


def test_mounted_application_has_limits_of_its_own(client_for):
    async def echo(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        message = await receive()
        await send({"type": "websocket.send", "bytes": message["bytes"]})

    app = App()
    app.mount("/other", echo)
    with client_for(app).websocket_connect("/other/echo") as ws:
        ws.send_bytes(bytes(2_000_000))
        assert len(ws.receive_bytes()) == 2_000_000


def test_limit_of_the_settings_holds_where_a_route_says_nothing(client_for, told):
    app = App(settings=Settings(websocket_max_message_size=5))

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()

    with client_for(app).websocket_connect("/") as ws:
        ws.send_text("123456")
        assert end_of(ws) == told(1009)
