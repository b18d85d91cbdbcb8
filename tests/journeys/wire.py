"""Bytes on a socket: requests that no HTTP client would send, and answers read as they come."""

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

PATIENCE = 20.0
"""Seconds without a byte after which an answer counts as a hang."""


@dataclass(frozen=True)
class Answer:
    """An answer as it stood on the wire."""

    status: int
    lines: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of the first line with this name."""
        return next((value for key, value in self.lines if key == name), None)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as a value."""
        return json.loads(self.body)


class Wire:
    """One connection. `receive` gives the next answer, or None when the server has closed without one."""

    def __init__(self, port: int, data: bytes = b"", *, patience: float = PATIENCE) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self.send(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._file.close()
        self._socket.close()

    def send(self, data: bytes) -> bool:
        """Send bytes; False once the server has cut the connection."""
        try:
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def finish(self) -> None:
        """Say that nothing more will be sent, and go on reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def read(self, size: int) -> bytes:
        """Read that many bytes as they come, fewer where the server closes."""
        try:
            return self._file.read(size)
        except ConnectionError:
            return b""

    def leave(self) -> None:
        """Close the connection as a crashed client does, with a reset."""
        self._file.close()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()

    def receive(self, *, head: bool = False) -> Answer | None:
        """Read one answer. A hang raises `TimeoutError`."""
        start = self._line()
        if not start:
            return None
        status = int(start.split()[1])
        lines = []
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(":")
            lines.append((name.strip().lower(), value.strip()))
        answer = Answer(status, lines, b"")
        if status == 100:
            return self.receive(head=head)
        return Answer(status, lines, b"" if head or status in (204, 304) else self._body(answer))

    def is_closed(self) -> bool:
        """Whether the server closes the connection now. A connection that stays open is a hang only if it should not."""
        return self.read(1) == b""

    def _line(self) -> bytes:
        try:
            return self._file.readline().rstrip(b"\r\n")
        except ConnectionError:
            return b""

    def _body(self, answer: Answer) -> bytes:
        with suppress(ConnectionError):
            if answer.header("transfer-encoding") == "chunked":
                return self._chunks()
            length = answer.header("content-length")
            return self._file.read() if length is None else self._file.read(int(length))
        return b""

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self._line() or b"0", 16):
            body += self._file.read(size)
            self._line()
        self._line()
        return body


def exchange(port: int, data: bytes, *, patience: float = PATIENCE) -> Answer | None:
    """Send bytes on a connection of their own and read the answer."""
    with Wire(port, data, patience=patience) as wire:
        return wire.receive()


def get(target: str | bytes, *lines: str, method: str = "GET", host: str = "localhost") -> bytes:
    """A request without a body."""
    raw = target if isinstance(target, bytes) else target.encode()
    head = "".join(f"{line}\r\n" for line in (f"Host: {host}", *lines))
    return method.encode() + b" " + raw + b" HTTP/1.1\r\n" + head.encode("latin-1") + b"\r\n"


def post(target: str, body: bytes, content_type: str | None = "application/json", *lines: str) -> bytes:
    """A request with a body and its length."""
    kind = () if content_type is None else (f"Content-Type: {content_type}",)
    return get(target, *kind, f"Content-Length: {len(body)}", *lines, method="POST") + body
