"""The load: clients that each send a request, wait for its answer, and send the next.

A load generator that stops at the bell throws away what is in flight, though the server has computed it: with an answer
that takes a second, a tenth of all work. Here nobody sends after the bell, and everything that was sent is waited for.
"""

import re
import select
import socket
import time
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RIGHT = b"HTTP/1.1 200"
_PATIENCE = 60.0


@dataclass
class Load:
    """What the clients saw."""

    seconds: float = 0.0
    """From the first request to the last answer."""
    latencies: list[float] = field(default_factory=list)
    """Milliseconds of each answer."""
    errors: int = 0
    """Answers other than 200, and connections that were lost."""

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return len(self.latencies) / self.seconds


class _Client:
    """One connection, with at most one request in flight."""

    def __init__(self, port: int, request: bytes) -> None:
        self.request = request
        self.socket = socket.create_connection(("127.0.0.1", port), _PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.missing = 0
        """Bytes of the answer that are still to come, once its head is there."""
        self.usual = 0
        """Bytes of the last whole answer, where it came in one piece and was right."""

    def send(self) -> None:
        self.started = time.perf_counter()
        self.socket.sendall(self.request)

    def read(self) -> bool | None:
        """Take what has come: whether an answer is complete and right, None while it is not complete. Raises OSError."""
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionResetError("The server has hung up.")
        if len(data) == self.usual and not self.buffer and data.startswith(_RIGHT):
            # The same request again: its answer has the same length, and is not taken apart. The load shares the processors.
            return True
        if self.missing:
            self.missing -= len(data)
            return None if self.missing > 0 else self._complete()
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        length = _LENGTH.search(self.buffer, 0, end)
        if length is None:
            raise ConnectionResetError("An answer without a length.")
        self.missing = end + 4 + int(length[1]) - len(self.buffer)
        self.usual = len(data) if self.missing == 0 and len(data) == len(self.buffer) else 0
        return None if self.missing > 0 else self._complete()

    def _complete(self) -> bool:
        is_right = self.buffer.startswith(_RIGHT)
        self.buffer, self.missing = b"", 0
        return is_right


def request_bytes(path: str, body: bytes) -> bytes:
    """A POST of JSON."""
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def generate(port: int, request: bytes, clients: int, seconds: float) -> Load:
    """Keep that many requests in flight for that long, then wait for the last answers."""
    load = Load()
    waiting = select.epoll()
    active = {}
    for _ in range(clients):
        client = _Client(port, request)
        active[client.socket.fileno()] = client
        waiting.register(client.socket, select.EPOLLIN)
    start = time.perf_counter()
    bell = start + seconds
    for client in active.values():
        client.send()
    while active:
        events = waiting.poll(_PATIENCE)
        if not events:
            load.errors += len(active)
            break
        for number, _ in events:
            client = active[number]
            try:
                is_right = client.read()
            except OSError:
                is_right = False
                client.request = b""
            if is_right is None:
                continue
            now = time.perf_counter()
            if is_right:
                load.latencies.append((now - client.started) * 1000)
            else:
                load.errors += 1
            if now < bell and client.request:
                client.send()
            else:
                del active[number]
                waiting.unregister(number)
                client.socket.close()
    load.seconds = time.perf_counter() - start
    waiting.close()
    return load
