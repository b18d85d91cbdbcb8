"""Errors after an answer has begun, on real servers: one head on the wire, a line in the log, and the server goes on."""

import socket
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("late_errors_app.py")
SERVERS = {
    "granian": ["-m", "granian", "--interface", "rsgi", "--port", "{port}", "late_errors_app:app"],
    "uvicorn": ["-m", "uvicorn", "--port", "{port}", "late_errors_app:app"],
}


@pytest.fixture(scope="module", params=SERVERS)
def server(request, serve):
    return serve(PROGRAM, command=[sys.executable, *SERVERS[request.param]])


def ask(server, path: str) -> bytes:
    """Everything that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/html\r\nconnection: close\r\n\r\n".encode())
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


@pytest.mark.parametrize(("path", "body"), [("/stream", b"begun"), ("/work", b'"ok"')])
def test_broken_answer_has_one_head(server, path, body):
    for _ in range(2):
        received = ask(server, path)
        assert received.startswith(b"HTTP/1.1 200 ")
        assert received.count(b"HTTP/1.1") == 1
        assert body in received
        assert b"Internal Server Error" not in received
    assert "ValueError: too late" in server.log.read_text()


def test_production_tells_nothing_of_an_error(server):
    received = ask(server, "/secret")
    assert received.startswith(b"HTTP/1.1 500 ")
    assert received.endswith(b"\r\n\r\nInternal Server Error")
    assert b"hunter2" not in received
