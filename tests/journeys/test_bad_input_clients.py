"""Clients that are slow, that leave half-way, and that speak a broken WebSocket: others never notice."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from time import monotonic

import pytest

from .attack import assert_alive, assert_harmless, peak_memory
from .conftest import Server
from .wire import Wire, exchange, get, post

BODY = b'{"name": "a"}'


@pytest.fixture(params=["granian", "uvicorn"])
def server(request, doors):
    return doors(f"{request.param} impatient")


@pytest.fixture
def port(server):
    return server.port


def drip(wire: Wire, data: bytes) -> None:
    """Send byte after byte until the server has enough: on a thread, because its answer is waited for meanwhile."""

    def send() -> None:
        pause = threading.Event()
        for index in range(len(data)):
            if not wire.send(data[index : index + 1]) or pause.wait(0.2):
                return

    threading.Thread(target=send, daemon=True).start()


@contextmanager
def without_a_traceback(server: Server) -> Iterator[None]:
    """Check that what happens inside is nothing that the server's log must explain."""
    before = server.log.stat().st_size
    yield
    assert_alive(server.port)
    assert "Traceback" not in server.log.read_text()[before:]


# Slow clients ---------------------------------------------------------------------------------------------------------


def test_headers_that_drip_are_cut_off(port):
    for data in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: "):
        with Wire(port, data) as wire:
            drip(wire, b"a" * 1000)
            answer = wire.receive()
            assert answer is None or answer.status in (400, 408)
    assert_alive(port)


def test_connection_that_stays_silent_is_closed(server):
    with Wire(server.port) as wire:
        assert wire.is_closed()
    with Wire(server.port, get("/")) as wire:
        assert wire.receive().status == 200
        assert wire.is_closed()
    assert_alive(server.port)


START = b'--B\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
SLOW_BODIES = [
    *((path, "application/json", b'{"name": "') for path in ("/pydantic", "/msgspec", "/sync", "/any", "/two", "/small")),
    ("/request-json", "application/json", b"["),
    ("/wrapped/request-json", "application/json", b"["),
    ("/count", "text/plain", b"a"),
    ("/upload", "multipart/form-data; boundary=B", START),
    ("/form", "application/x-www-form-urlencoded", b"name="),
]


@pytest.mark.parametrize("framing", ["Content-Length: 900", "Transfer-Encoding: chunked"])
def test_body_that_drips_is_cut_off(port, framing):
    with ExitStack() as slow:
        wires = {}
        for path, kind, start in SLOW_BODIES:
            first = start if "Length" in framing else b"%x\r\n%s\r\n" % (len(start), start)
            request = get(path, f"Content-Type: {kind}", framing, method="POST") + first
            wires[path] = slow.enter_context(Wire(port, request))
            drip(wires[path], b"a" * 1000 if "Length" in framing else b"1\r\na\r\n" * 1000)
        for path, wire in wires.items():
            answer = wire.receive()
            assert answer is not None, path
            assert (answer.status, answer.json) == (408, {"detail": "The request was not complete after 1 seconds."}), path
            assert wire.is_closed(), path
    assert_alive(port)


def test_hundreds_of_slow_clients_delay_nobody(server):
    with ExitStack() as slow:
        for number in range(300):
            half = get("/pydantic", "Content-Type: application/json", "Content-Length: 1000", method="POST") + b'{"name'
            slow.enter_context(Wire(server.port, half if number % 2 else b"GET / HT"))
        for _ in range(20):
            assert_alive(server.port)
        assert exchange(server.port, post("/pydantic", BODY)).status == 200
    assert_alive(server.port)


# Clients that leave ---------------------------------------------------------------------------------------------------


def wait_until_idle(port: int) -> None:
    """Ask until no handler of another client runs any more. Fails where one never ends."""
    end = monotonic() + 20
    while (live := exchange(port, get("/live")).json) != {"streams": 0, "uploads": 0}:
        assert monotonic() < end, live


@pytest.mark.parametrize("framing", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_client_that_leaves_during_its_upload_leaves_nothing_behind(server, framing):
    piece = b"x" * 5000 if "Length" in framing else b"1388\r\n" + b"x" * 5000 + b"\r\n"
    with without_a_traceback(server):
        for path in ("/count", "/request-json", "/pydantic", "/upload", "/form"):
            kind = {"/upload": "multipart/form-data; boundary=B", "/form": "application/x-www-form-urlencoded"}.get(
                path, "application/json"
            )
            for leave in (Wire.leave, Wire.__exit__):
                wire = Wire(server.port, get(path, f"Content-Type: {kind}", framing, method="POST") + piece)
                leave(wire) if leave is Wire.leave else leave(wire, None, None, None)
        wait_until_idle(server.port)


def test_client_that_stops_sending_gets_an_answer_to_no_half_body(port):
    for framing, piece in (("Content-Length: 100", BODY), ("Transfer-Encoding: chunked", b"d\r\n" + BODY + b"\r\n")):
        with Wire(port, get("/pydantic", "Content-Type: application/json", framing, method="POST") + piece) as wire:
            wire.finish()
            answer = wire.receive()
            assert answer is None or answer.status in (400, 408)
    assert_alive(port)


def test_client_that_leaves_during_its_download_ends_the_stream(server):
    with without_a_traceback(server):
        for _ in range(5):
            wire = Wire(server.port, get("/stream"))
            assert wire.read(100_000)
            wire.leave()
        wait_until_idle(server.port)


@pytest.mark.parametrize("engine", ["granian", "granian asgi", "uvicorn"])
def test_client_that_reads_nothing_of_a_stream_fills_no_memory(doors, engine):
    server = doors(engine)
    assert_alive(server.port)
    before = peak_memory(server)
    with ExitStack() as idle:
        for _ in range(4):
            wire = idle.enter_context(Wire(server.port, get("/stream")))
            assert wire.read(1000)
        for _ in range(50):
            assert_alive(server.port)
        assert peak_memory(server) - before < 32
    wait_until_idle(server.port)


# WebSockets -----------------------------------------------------------------------------------------------------------

OPENING = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = True) -> bytes:
    """A frame as RFC 6455 §5.2 has it, with a mask of zeros."""
    size, mask = len(payload), 128 if masked else 0
    length = bytes([mask | size]) if size < 126 else bytes([mask | (126 if size < 65536 else 127)])
    if size >= 126:
        length += size.to_bytes(2 if size < 65536 else 8, "big")
    return bytes([(128 if final else 0) | opcode]) + length + (b"\0\0\0\0" if masked else b"") + payload


def opened(port: int, target: str = "/socket") -> Wire:
    wire = Wire(port, get(target, *OPENING))
    answer = wire.receive(head=True)
    assert answer is not None
    assert answer.status == 101
    return wire


def read_frame(wire: Wire) -> tuple[int, bytes] | None:
    """The next frame's opcode and payload; None once the server has closed."""
    head = wire.read(2)
    if len(head) < 2:
        return None
    size = head[1] & 127
    if size >= 126:
        size = int.from_bytes(wire.read(2 if size == 126 else 8), "big")
    return head[0] & 15, wire.read(size)


BROKEN_FRAMES = {
    "not masked": frame(1, b"1", masked=False),
    "reserved bits": b"\xf1\x80\0\0\0\0",
    "unknown opcode": frame(3, b""),
    "ping of 200 bytes": frame(9, b"x" * 200),
    "half a ping": frame(9, b"", final=False),
    "continuation of nothing": frame(0, b"x"),
    "endless frame": b"\x81\xff" + b"\x7f" + b"\xff" * 7 + b"\0\0\0\0xx",
    "close without a code": frame(8, b"\x03"),
    "close with a wrong code": frame(8, (999).to_bytes(2, "big")),
    "text that is no UTF-8": frame(1, b'"\xff"'),
    "too large": frame(1, b'"' + b"a" * 70_000_000 + b'"'),
}
BROKEN_MESSAGES = {
    "half an object": b'{"a":',
    "NaN": b"NaN",
    "endless number": b"9" * 100_000,
    "lone surrogate": b'"\\ud800"',
    "open brackets": b"[" * 100_000,
    "deep": b"[" * 50_000 + b"]" * 50_000,
}


@pytest.mark.parametrize("name", [*BROKEN_FRAMES, *BROKEN_MESSAGES])
def test_broken_message_closes_the_websocket(server, name):
    # Uvicorn tells its own log about text that is no UTF-8.
    quiet = nullcontext() if name == "text that is no UTF-8" else without_a_traceback(server)
    with quiet, opened(server.port) as wire:
        wire.send(frame(1, b'{"a": 1}'))
        assert read_frame(wire)[1].replace(b" ", b"") == b'{"a":1}'
        wire.send(BROKEN_FRAMES[name] if name in BROKEN_FRAMES else frame(1, BROKEN_MESSAGES[name]))
        closing = read_frame(wire)
        # Granian tells no code, and Uvicorn's is 1002, 1007 or 1009.
        assert closing is None or (closing[0] == 8 and closing[1][:2] in (b"", b"\x03\xea", b"\x03\xef", b"\x03\xf1"))


def test_bytes_where_text_is_expected_close_the_websocket(server):
    with opened(server.port) as wire:
        wire.send(frame(2, b"\xff\xfe"))
        assert read_frame(wire)[0] == 8
    assert_alive(server.port)


def test_websocket_that_is_dropped_leaves_nothing_behind(server):
    with without_a_traceback(server):
        for _ in range(20):
            wire = opened(server.port)
            wire.send(frame(1, b'"' + b"x" * 1000 + b'"')[:-10])
            wire.leave()


@pytest.mark.parametrize("target", ["/socket?room=abc", "/socket?room=" + "9" * 5000, "/nowhere", "/items/x", "/socket%00"])
def test_handshake_that_does_not_fit_is_refused(port, target):
    answer = exchange(port, get(target, *OPENING))
    assert answer is not None
    assert_harmless(answer)
    assert answer.status == 403
    assert_alive(port)


def test_handshake_without_its_parts_is_no_handshake(port):
    for lines in (OPENING[:2], OPENING[:1], (*OPENING[:2], "Sec-WebSocket-Version: 13")):
        answer = exchange(port, get("/socket", *lines))
        assert answer is not None
        assert_harmless(answer)
        assert answer.status in range(400, 500)
    assert exchange(port, get("/socket", *OPENING, host="evil.example")).status in (400, 403)
    assert_alive(port)
