"""The load generator of WebSockets, on a core of its own: connections that each have one message in flight, echoed.

`python -m benchmarks.sockets PORT PATH CONNECTIONS SECONDS` prints what it saw as JSON. It reads and writes frames itself: a
client library would need more of the processor than most servers do.
"""

import asyncio
import json
import sys
import time
from typing import cast

import uvloop

MESSAGE = b"0123456789abcdef0123456789abcdef"
MASK = b"\x01\x02\x03\x04"
SENT = b"\x81" + bytes([0x80 | len(MESSAGE)]) + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(MESSAGE))
ECHOED = b"\x81" + bytes([len(MESSAGE)]) + MESSAGE
CLOSE = b"\x88\x80" + MASK


def handshake(port: int, path: str) -> bytes:
    """The opening request of a WebSocket."""
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
    return "\r\n".join(lines).encode()


class Echo(asyncio.Protocol):
    """One connection: as soon as a message has come back, it is sent again."""

    def __init__(self, port: int, path: str, opened: "asyncio.Future[None]") -> None:
        self.opening = handshake(port, path)
        self.opened = opened
        self.is_running = True
        self.count = 0
        self.times: list[float] = []
        self.failure: str | None = None
        self.began = 0.0
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        # uvloop's transports are asyncio's by their methods, not by their class.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self.opening)

    def data_received(self, data: bytes) -> None:
        """Take the answer to the handshake, then echoes."""
        data = self.rest + data
        self.rest = b""
        if not self.opened.done():
            if b"\r\n\r\n" not in data:
                self.rest = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self._fail(f"the handshake was answered with {data[:60]!r}")
                return
            self.opened.set_result(None)
            return
        if data != ECHOED:
            if len(data) < len(ECHOED) and ECHOED.startswith(data):
                self.rest = data
            else:
                self._fail(f"{data[:60]!r} came back")
            return
        self.count += 1
        if self.count % 16 == 0:
            now = time.perf_counter()
            self.times.append((now - self.began) / 16)
            self.began = now
        if self.is_running:
            self.transport.write(SENT)

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody but us may end a connection."""
        if self.is_running:
            self._fail(f"the connection was lost: {error}")

    def start(self) -> None:
        """Send the first message."""
        self.began = time.perf_counter()
        self.transport.write(SENT)

    def _fail(self, why: str) -> None:
        self.failure = self.failure or why
        self.is_running = False
        if not self.opened.done():
            self.opened.set_result(None)


async def load(port: int, path: str, connections: int, seconds: float) -> dict[str, object]:
    """Echo for some seconds, and tell how many came back and how long they took."""
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(lambda: Echo(port, path, loop.create_future()), "127.0.0.1", port)
        clients.append(client)
    async with asyncio.timeout(20):
        await asyncio.gather(*(client.opened for client in clients))
    began = time.perf_counter()
    for client in clients:
        client.start()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    for client in clients:
        client.is_running = False
        client.transport.write(CLOSE)
        client.transport.close()
    times = sorted(each for client in clients for each in client.times) or [0.0]
    count = sum(client.count for client in clients)
    return {
        "messages": count,
        "per_second": count / took,
        "p50_us": times[len(times) // 2] * 1e6,
        "p99_us": times[len(times) * 99 // 100] * 1e6,
        "failure": next((client.failure for client in clients if client.failure), None),
    }


def main() -> None:
    """Load a server, and print what was seen."""
    port, path, connections, seconds = sys.argv[1:]
    print(json.dumps(uvloop.run(load(int(port), path, int(connections), float(seconds)))))


if __name__ == "__main__":
    main()
