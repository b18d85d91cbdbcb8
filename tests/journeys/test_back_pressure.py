"""How much memory those take who send without an end, or read nothing: `trine run` as it is shipped."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .attack import assert_alive, peak_memory
from .conftest import Server
from .wire import Answer, Wire, get

MOST = 8
"""MB that one of them may take."""
TOTAL = 40_000_000
PIECE = b'{"name": "oak", "height": 2.0},' * 2000


@pytest.fixture
def server(serve) -> Server:
    """A fresh server that has answered one request."""
    started = serve(Path(__file__).with_name("bad_input_app.py"), "--no-access-log")
    assert_alive(started.port)
    return started


@pytest.fixture
def many_connections() -> Iterator[None]:
    """As many open files as this test and its server need, where the system allows them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def send_without_end(port: int, path: str, *lines: str) -> tuple[int, Answer | None]:
    """Send pieces until the server has had enough; tell how much it took, and what it said."""
    is_chunked = "Transfer-Encoding: chunked" in lines
    piece = b"%x\r\n%s\r\n" % (len(PIECE), PIECE) if is_chunked else PIECE
    with Wire(port, get(path, *lines, method="POST")) as wire:
        sent = 0
        while sent < TOTAL and wire.send(piece):
            sent += len(PIECE)
        return sent, wire.receive()


def test_streams_that_nobody_reads(server):
    before = peak_memory(server)
    with ExitStack() as idle:
        for _ in range(4):
            wire = idle.enter_context(Wire(server.port, get("/stream")))
            assert wire.read(1000)
        for _ in range(50):
            assert_alive(server.port)
        assert peak_memory(server) - before < 4 * MOST


def test_an_upload_without_an_end(server):
    before = peak_memory(server)
    sent, answer = send_without_end(server.port, "/count", "Transfer-Encoding: chunked")
    assert sent < TOTAL
    assert answer is None or answer.status == 413
    assert_alive(server.port)
    assert peak_memory(server) - before < MOST


@pytest.mark.parametrize("framing", [f"Content-Length: {TOTAL}", "Transfer-Encoding: chunked"], ids=["declared", "chunked"])
def test_a_document_of_40_mb(server, framing):
    before = peak_memory(server)
    sent, answer = send_without_end(server.port, "/doors", "Content-Type: application/json", framing)
    assert sent < TOTAL
    assert answer is None or answer.status == 413
    assert_alive(server.port)
    assert peak_memory(server) - before < MOST


def test_thousands_of_half_open_connections(many_connections, server):
    before = peak_memory(server)
    with ExitStack() as slow:
        for number in range(2000):
            half = get("/pydantic", "Content-Type: application/json", "Content-Length: 1000", method="POST") + b'{"name'
            slow.enter_context(Wire(server.port, half if number % 2 else b"GET / HT"))
        for _ in range(50):
            assert_alive(server.port)
        # 32 kB each: what a header may be is not set aside for those who have not sent it.
        assert peak_memory(server) - before < 64
    assert_alive(server.port)
