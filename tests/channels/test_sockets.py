"""Groups behind WebSockets and event streams, on both wires."""

import secrets

import pytest
from pydantic import BaseModel

from trine import App, Header, WebSocket, WebSocketDisconnect
from trine.channels import Channels, Group
from trine.http import EventSourceResponse


class Say(BaseModel):
    text: str


class Said(BaseModel):
    by: str
    text: str


@pytest.fixture(params=["memory", "redis"])
def app(request) -> App:
    url = "memory://" if request.param == "memory" else request.getfixturevalue("redis_url")
    app, channels = App(), Channels(url, key_prefix=f"test:{secrets.token_hex(4)}:")
    app.install(channels)

    def room_of(room: str) -> Group[Said]:
        return channels.group(f"room:{room}", Said)

    @app.websocket("/rooms/{room}")
    async def talk(socket: WebSocket[Say, Said], room: str, name: str, pending: int = 100) -> None:
        group = room_of(room)
        await socket.accept()
        async with group.join(name), group.forward(socket, history=10, max_pending=pending):
            async for say in socket.iter_models(answer_errors=True):
                await group.send(Said(by=name, text=say.text))

    @app.get("/rooms/{room}/members")
    async def members(room: str) -> dict:
        return await room_of(room).members()

    @app.get("/rooms/{room}/events")
    async def events(room: str, last_event_id: str | None = Header(None)) -> EventSourceResponse:
        return EventSourceResponse(room_of(room).subscribe(history=10, after=last_event_id).events())

    return app


def test_a_chat_room(client_for, app):
    client = client_for(app)
    with client.websocket_connect("/rooms/1?name=ada") as ada:
        ada.send_json({"text": "hello"})
        assert ada.receive_json() == {"by": "ada", "text": "hello"}
        with client.websocket_connect("/rooms/1?name=bob") as bob:
            assert bob.receive_json() == {"by": "ada", "text": "hello"}
            assert client.get("/rooms/1/members").json() == {"ada": None, "bob": None}
            ada.send_json({"texts": "no"})
            assert ada.receive_json()["detail"][0]["loc"] == ["message", "text"]
            bob.send_json({"text": "good bye"})
            assert ada.receive_json() == bob.receive_json() == {"by": "bob", "text": "good bye"}
    assert client.get("/rooms/1/members").json() == {}


def test_an_event_stream_goes_on_where_it_was(client_for, app):
    client = client_for(app)
    with client.websocket_connect("/rooms/1?name=ada") as ada:
        for text in "ab":
            ada.send_json({"text": text})
            ada.receive_json()
    with client.stream("GET", "/rooms/1/events") as stream:
        lines = stream.iter_lines()
        first = [next(lines) for _ in range(3)]
    assert first[0] == 'data: {"by":"ada","text":"a"}'
    with client.stream("GET", "/rooms/1/events", headers={"last-event-id": first[1].removeprefix("id: ")}) as stream:
        assert next(stream.iter_lines()) == 'data: {"by":"ada","text":"b"}'


def test_what_a_group_sends_ends_the_handler_where_it_cannot_be_sent(client_for, trine_interface, caplog):
    app, channels = App(), Channels()
    app.install(channels)
    ended = []

    @app.websocket("/")
    async def talk(socket: WebSocket) -> None:
        group = channels.group("flood")
        await socket.accept()
        try:
            async with group.forward(socket, max_pending=3):
                for number in range(10):
                    await group.send(number)
                await socket.receive_text()
        finally:
            ended.append(True)

    with client_for(app).websocket_connect("/") as ws:
        assert [ws.receive_json() for _ in range(3)] == [0, 1, 2]
        with pytest.raises(WebSocketDisconnect) as closed:
            ws.receive_json()
    assert ended == [True]
    assert closed.value.code == {"asgi": 1008, "rsgi": 1005}[trine_interface]
    assert "closed with 1008: More than 3 messages of 'flood' wait to be taken (max_pending)." in caplog.text
