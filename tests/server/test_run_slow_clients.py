"""Clients that send one byte at a time are cut off, and nobody else notices them."""

import select
import socket
from contextlib import suppress

import httpx2
import pytest

HEAD = b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n"
LONGEST = 400
"""Bytes after which a server that still listens would never have cut the client off."""


class Dripping:
    """A client that sends a byte every twentieth of a second until it is cut off."""

    def __init__(self, port: int, start: bytes = b"") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(start)

    def drip(self, data: bytes) -> bytes:
        """Send byte by byte. Gives what the server says before it closes."""
        with self.socket:
            for position in range(min(len(data), LONGEST)):
                readable, _, _ = select.select([self.socket], [], [], 0.05)
                if readable:
                    return self.rest()
                with suppress(ConnectionError):
                    self.socket.sendall(data[position : position + 1])
        pytest.fail(f"The server still listened after {LONGEST} bytes.")

    def rest(self) -> bytes:
        """Everything until the connection is closed."""
        received = b""
        with self.socket, suppress(ConnectionError):
            while chunk := self.socket.recv(65536):
                received += chunk
        return received


@pytest.fixture
def hasty(serve, tmp_path):
    """A server with little patience."""
    program = tmp_path / "hasty.py"
    program.write_text(
        "from trine import App, Request\n"
        "app = App()\n\n"
        "@app.post('/echo')\n"
        "async def echo(request: Request) -> int:\n"
        "    return len(await request.body())\n\n"
        "@app.post('/typed')\n"
        "async def typed(body: dict[str, int]) -> int:\n"
        "    return len(body)\n\n"
        "@app.get('/')\n"
        "async def index() -> str:\n"
        "    return 'here'\n"
    )

    def start(*options):
        return serve("--header-timeout", "1", *options, program=program, TRINE_BODY_TIMEOUT="1", TRINE_TIMEOUT="2")

    return start


def test_headers_that_drip_are_cut_off(hasty):
    process = hasty()
    client = Dripping(process.port)
    assert client.drip(b"GET / HTTP/1.1\r\nhost: localhost\r\nx-long: " + b"a" * LONGEST) == b""
    assert httpx2.get(process.url).json() == "here"


def test_client_that_says_nothing_is_cut_off(hasty):
    process = hasty()
    assert Dripping(process.port).rest() == b""


def test_idle_connection_is_closed(hasty):
    process = hasty()
    client = Dripping(process.port, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert client.rest().startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("path", ["/echo", "/typed"])
@pytest.mark.parametrize("options", [(), ("--asgi",), ("--server", "uvicorn")], ids=["granian", "granian-asgi", "uvicorn"])
def test_body_that_drips_is_cut_off_and_told_why(hasty, path, options):
    process = hasty(*options)
    client = Dripping(
        process.port, HEAD.replace(b"/echo", path.encode()).replace(b"\r\n\r\n", b"\r\ncontent-type: application/json\r\n\r\n")
    )
    answer = client.drip(b'{"a": ' + b" " * LONGEST)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert httpx2.get(process.url).json() == "here"


def test_headers_that_are_too_large_are_refused(hasty):
    process = hasty()
    start = b"GET / HTTP/1.1\r\nhost: localhost\r\nx: "
    # The server waits for no end of more than its buffer; what is complete, the application counts.
    client = Dripping(process.port, start + b"a" * 600_000)
    # What it has not read when it closes may take the answer with it.
    assert client.rest()[:12] in (b"", b"HTTP/1.1 431")
    client = Dripping(process.port, start + b"a" * 65_528 + b"\r\n\r\n")
    answer = client.rest()
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b'{"detail":"The request has more than 65536 bytes of headers."}' in answer
    client = Dripping(process.port, start + b"a" * 65_500 + b"\r\n\r\n")
    assert client.rest().startswith(b"HTTP/1.1 200 OK\r\n")
