"""Frames that no client should send, and clients that no server should wait for: each is refused, and the log says why."""

import time
from pathlib import Path

import httpx2
import pytest

from .frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawSocket, frame

PROGRAM = Path(__file__).with_name("sockets_app.py")
DOORS = {"granian": [], "granian asgi": ["--asgi"], "uvicorn": ["--server", "uvicorn"]}
HAS_CODES = {"granian": False, "granian asgi": True, "uvicorn": True}


@pytest.fixture(params=DOORS)
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def started(serve):
    running = {}

    def start(name: str):
        if name not in running:
            running[name] = serve(PROGRAM, *DOORS[name])
        return running[name]

    return start


@pytest.fixture
def server(started, name):
    return started(name)


def logged(server, *lines: str) -> bool:
    """Wait until one of these lines stands in the server's log."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        text = server.log.read_text()
        if any(line in text for line in lines):
            return True
        time.sleep(0.02)
    return False


BROKEN = {
    "reserved bits": frame(TEXT, b"x", rsv=1),
    "reserved opcode": frame(3, b"x"),
    "reserved control opcode": frame(11),
    "not masked": frame(TEXT, b"x", masked=False),
    "long ping": frame(PING, b"x" * 126),
    "ping in fragments": frame(PING, b"x", final=False),
    "continuation of nothing": frame(CONTINUATION, b"x"),
    "text within a text": frame(TEXT, b"x", final=False) + frame(TEXT, b"y"),
    "invalid UTF-8": frame(TEXT, b"\xff\xfe"),
    "surrogate": frame(TEXT, b"\xed\xa0\x80"),
    "half a character": frame(TEXT, "é".encode()[:1]),
    "close with half a code": frame(CLOSE, b"\x03"),
    "close with a code that is none": frame(CLOSE, b"\x00\x05"),
    "close with a reason that is no text": frame(CLOSE, b"\x03\xe8\xff"),
    "length of 2^63": frame(BINARY, b"", length=1 << 63),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_frame_ends_the_connection(server, kind):
    with RawSocket(server.port, "/echo") as broken, RawSocket(server.port, "/echo") as other:
        assert broken.status == 101
        broken.send(BROKEN[kind])
        broken.end()
        other.send(frame(TEXT, b"still here"))
        assert other.receive().payload == b"still here"


def test_message_beyond_the_limit_is_refused_and_the_log_names_it(server, name):
    with RawSocket(server.port, "/echo") as client:
        client.send(frame(BINARY, bytes(100_000)))
        assert len(client.receive().payload) == 100_000
        client.send(frame(BINARY, bytes(100_001)))
        closed, code = client.end()
    assert (closed, code) == (True, 1009 if HAS_CODES[name] else None)
    assert logged(
        server, "WebSocket /echo closed with 1009: A message has more than 100000 bytes", "WebSocket /echo ended with 1009"
    )


def test_fragments_without_end_are_cut_off_with_bounded_memory(server):
    with httpx2.Client() as client:
        before = client.get(f"{server.url}/memory").json()
        with RawSocket(server.port, "/echo") as endless:
            endless.send(frame(BINARY, bytes(60_000), final=False))
            piece = frame(CONTINUATION, bytes(1_000_000), final=False)
            # Granian collects 64 MB before it refuses; Uvicorn what the application's routes take.
            assert not all(endless.send(piece) for _ in range(200))
        assert client.get(f"{server.url}/memory").json() - before < 250_000


def test_silent_client_is_closed(server, name):
    with RawSocket(server.port, "/idle") as silent:
        closed, code = silent.end()
    assert (closed, code) == (True, 1008 if HAS_CODES[name] else None)
    assert logged(server, "WebSocket /idle closed with 1008: Nothing was received for 0.5 seconds (idle_timeout).")


def test_client_that_reads_nothing_is_closed(server):
    with RawSocket(server.port, "/flood") as deaf:
        assert deaf.status == 101
        assert logged(server, "WebSocket /flood closed with 1008: The client read nothing for 0.5 seconds (send_timeout).")


def test_page_of_another_site_is_refused(server):
    with RawSocket(server.port, "/echo", Origin="https://evil.example") as page:
        assert page.status == 403
    assert logged(server, "WebSocket /echo refused a page of the origin 'https://evil.example'")


def test_pings_are_answered_while_the_handler_waits(server):
    with RawSocket(server.port, "/echo") as client:
        client.send(frame(PING, b"are you there"))
        answer = client.receive()
        assert (answer.opcode, answer.payload) == (PONG, b"are you there")


def test_close_is_answered_with_its_code(server):
    with RawSocket(server.port, "/echo") as client:
        client.send(frame(CLOSE, b"\x0f\xa1tired"))
        closed, code = client.end()
    assert (closed, code) == (True, 4001)


def test_declared_subprotocol_is_spoken_everywhere(serve, tmp_path, name):
    program = tmp_path / "graphql.py"
    program.write_text(
        "from trine import App, WebSocket\n"
        "app = App()\n"
        "@app.websocket('/graphql', subprotocols=['graphql-transport-ws', 'graphql-ws'])\n"
        "async def talk(socket: WebSocket) -> None:\n"
        "    await socket.accept()\n"
        "    await socket.receive_text()\n"
    )
    server = serve(program, *DOORS[name])
    with RawSocket(server.port, "/graphql", Sec_WebSocket_Protocol="other, graphql-ws") as client:
        assert (client.status, client.headers["sec-websocket-protocol"]) == (101, "graphql-ws")


def test_subprotocol_that_cannot_be_sent_is_told(started):
    server = started("granian")
    with RawSocket(server.port, "/graphql", Sec_WebSocket_Protocol="graphql-transport-ws") as client:
        assert "sec-websocket-protocol" not in client.headers
    assert logged(
        server, "WebSocket /graphql speaks the subprotocol 'graphql-transport-ws', which Granian does not send over RSGI"
    )


def test_system_finds_out_about_clients_that_vanished(server):
    with RawSocket(server.port, "/echo") as client:
        port = client.port
        # /proc/net/tcp: the server's end of the connection has a keep-alive timer (02).
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        timers = [row[5] for row in rows if row[1].endswith(f":{server.port:04X}") and row[2].endswith(f":{port:04X}")]
        assert [timer.split(":")[0] for timer in timers] == ["02"]
