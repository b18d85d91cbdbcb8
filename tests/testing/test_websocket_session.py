"""WebSockets without sockets: what the client sends and sees."""

import pytest

from trine import App, HTTPException, WebSocket, WebSocketDisconnect
from trine.testing import WebSocketDenied


@pytest.fixture
def chat() -> App:
    app = App()

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text.upper())

    return app


def test_text_bytes_and_json(client_for):
    app = App()

    @app.websocket("/")
    async def mixed(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text((await socket.receive_text()) + "!")
        await socket.send_bytes((await socket.receive_bytes()) + b"!")
        await socket.send_json([await socket.receive_json()])
        await socket.send_json([await socket.receive_json(mode="binary")], mode="binary")

    with client_for(app).websocket_connect("/") as ws:
        ws.send_text("a")
        assert ws.receive_text() == "a!"
        ws.send_bytes(b"a")
        assert ws.receive_bytes() == b"a!"
        ws.send_json({"a": "ä"})
        assert ws.receive_json() == [{"a": "ä"}]
        ws.send_json(1, mode="binary")
        assert ws.receive_json(mode="binary") == [1]


def test_the_wrong_kind_of_message_is_told(chat, client_for):
    with client_for(chat).websocket_connect("/echo") as ws:
        ws.send_text("a")
        with pytest.raises(AssertionError) as raised:
            ws.receive_bytes()
    assert str(raised.value) == "A binary message was expected, but the application sent the text 'A'."


def test_leaving_is_seen_by_the_application(client_for):
    app = App()
    seen = []

    @app.websocket("/")
    async def wait(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive_text()
        except WebSocketDisconnect:
            seen.append("left")

    with client_for(app, grace=60).websocket_connect("/"):
        pass
    assert seen == ["left"]


def test_the_application_s_close_is_seen_by_the_client(client_for):
    app = App()

    @app.websocket("/")
    async def bye(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("bye")
        await socket.close(4000, "enough")

    with client_for(app).websocket_connect("/") as ws:
        assert ws.receive_text() == "bye"
        with pytest.raises(WebSocketDisconnect):
            ws.receive_text()


@pytest.mark.parametrize("trine_interface", ["asgi"])
def test_close_codes_travel_both_ways_over_asgi(client_for):
    app = App()
    seen = []

    @app.websocket("/client")
    async def client_closes(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive_text()
        except WebSocketDisconnect as left:
            seen.append((left.code, left.reason))

    @app.websocket("/app")
    async def app_closes(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close(4000, "enough")

    client = client_for(app)
    with client.websocket_connect("/client") as ws:
        ws.close(4001, "tired")
    assert seen == [(4001, "tired")]
    with client.websocket_connect("/app") as ws, pytest.raises(WebSocketDisconnect) as closed:
        ws.receive()
    assert (closed.value.code, closed.value.reason) == (4000, "enough")


@pytest.mark.parametrize("trine_interface", ["asgi"])
def test_subprotocols_and_headers_over_asgi(client_for):
    app = App()

    @app.websocket("/")
    async def choose(socket: WebSocket) -> None:
        await socket.accept(socket.requested_subprotocols[1], headers={"x-node": "7"})

    with client_for(app).websocket_connect("/", subprotocols=["v1", "v2"]) as ws:
        assert ws.accepted_subprotocol == "v2"
        assert ws.headers["x-node"] == "7"


def test_the_handshake_carries_headers_cookies_and_query(client_for):
    app = App()

    @app.websocket("/{room}")
    async def tell(socket: WebSocket, room: str) -> None:
        await socket.accept()
        await socket.send_json([room, socket.query_params["q"], socket.headers["x-a"], socket.cookies["theme"], str(socket.url)])

    client = client_for(app, cookies={"theme": "dark"})
    with client.websocket_connect("/lobby", params={"q": "1"}, headers={"x-a": "2"}) as ws:
        assert ws.receive_json() == ["lobby", "1", "2", "dark", "ws://testserver/lobby?q=1"]


def test_a_refused_handshake_is_an_answer(client_for):
    app = App()

    @app.websocket("/closed")
    async def closed(socket: WebSocket) -> None:
        await socket.close()

    @app.websocket("/forbidden")
    async def forbidden(socket: WebSocket) -> None:
        raise HTTPException(403)

    client = client_for(app)
    for path in ("/closed", "/forbidden", "/nowhere"):
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(path):
            pass
        assert denied.value.response.status_code == 403


def test_unexpected_errors_are_raised_at_the_client(client_for):
    app = App()

    @app.websocket("/early")
    async def early(socket: WebSocket) -> None:
        raise ValueError("early")

    @app.websocket("/late")
    async def late(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        raise ValueError("late")

    client = client_for(app)
    with pytest.raises(ValueError, match=r"^early$"), client.websocket_connect("/early"):
        pass
    with pytest.raises(ValueError, match=r"^late$"), client.websocket_connect("/late") as ws:
        ws.send_text("go")


def test_nothing_can_be_sent_after_closing(chat, client_for):
    with client_for(chat).websocket_connect("/echo") as ws:
        ws.close()
        with pytest.raises(RuntimeError, match=r"^The WebSocket is closed: nothing can be sent any more\.$"):
            ws.send_text("late")


def test_several_sockets_at_once(client_for):
    app = App()
    rooms: list[WebSocket] = []

    @app.websocket("/")
    async def join(socket: WebSocket) -> None:
        await socket.accept()
        rooms.append(socket)
        await socket.send_text("joined")
        async for text in socket.iter_text():
            for other in rooms:
                await other.send_text(text)

    client = client_for(app)
    with client.websocket_connect("/") as one, client.websocket_connect("/") as two:
        assert (one.receive_text(), two.receive_text()) == ("joined", "joined")
        one.send_text("hello")
        assert (one.receive_text(), two.receive_text()) == ("hello", "hello")
