"""Streams and the clients that do not read them."""

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterable

import pytest

from trine import App, StreamingResponse

CHUNK = b"~" * 65536
CUT = "A stream was cut: its client took nothing of it for 0.05 seconds (send_timeout)."


class Impatient(StreamingResponse):
    send_timeout = 0.05


class Endless:
    """An application with a stream that ends only when it is closed."""

    def __init__(self, chunk: bytes) -> None:
        self.app = App()
        self.produced = 0
        self.is_closed = threading.Event()

        @self.app.get("/", response_class=Impatient)
        async def endless() -> AsyncIterable[bytes]:
            try:
                while True:
                    self.produced += len(chunk)
                    yield chunk
            finally:
                self.is_closed.set()

        @self.app.get("/whole")
        async def whole() -> StreamingResponse:
            async def source():
                for _ in range(64):
                    yield chunk

            return StreamingResponse(source())


def test_a_reader_that_stalls_is_cut(client_for, caplog):
    endless = Endless(b"tick")
    with caplog.at_level(logging.WARNING, "trine.server"), client_for(endless.app).stream("GET", "/"):
        assert endless.is_closed.wait(30)
    assert [record.getMessage() for record in caplog.records] == [CUT]


@pytest.mark.parametrize("chunk", [CHUNK, CHUNK * 64], ids=["many chunks", "large chunks"])
def test_a_reader_that_stalls_costs_little_memory(live_server, caplog, chunk):
    endless = Endless(chunk)
    server = live_server(endless.app)
    with socket.socket() as client, caplog.at_level(logging.WARNING, "trine.server"):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.connect(("127.0.0.1", server.port))
        client.sendall(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        assert endless.is_closed.wait(30)
    assert [record.getMessage() for record in caplog.records] == [CUT]
    # The kernel's buffers hold some megabytes; ours at most three pieces, and a chunk.
    assert endless.produced < 24 * 1024 * 1024


def test_a_reader_that_reads_gets_everything(live_server):
    server = live_server(Endless(CHUNK).app)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /whole HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        received = 0
        while piece := client.recv(1 << 20):
            received += piece.count(b"~")
    assert received == 64 * len(CHUNK)


def test_a_stream_that_waits_before_its_first_byte_is_closed_when_a_real_client_leaves(live_server):
    app = App()
    is_waiting, is_closed = threading.Event(), threading.Event()

    @app.get("/", response_class=StreamingResponse)
    async def wait() -> AsyncIterable[bytes]:
        try:
            is_waiting.set()
            await asyncio.Event().wait()
            yield b"never"
        finally:
            is_closed.set()

    with socket.create_connection(("127.0.0.1", live_server(app).port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        assert is_waiting.wait(30)
    assert is_closed.wait(30)
