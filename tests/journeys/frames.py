"""WebSocket frames by hand: handshakes and frames that no client library would send."""

import base64
import os
import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0


@dataclass(frozen=True)
class Frame:
    """A frame as the server sent it."""

    opcode: int
    payload: bytes
    final: bool = True
    rsv: int = 0

    @property
    def code(self) -> int | None:
        """The code of a close frame; None where it has none."""
        return struct.unpack("!H", self.payload[:2])[0] if len(self.payload) >= 2 else None


def frame(
    opcode: int, payload: bytes = b"", *, final: bool = True, rsv: int = 0, masked: bool = True, length: int | None = None
) -> bytes:
    """A client's frame; `length` is what it says of itself where that is not the truth."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | rsv << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask_bit | size])
    elif size < 65536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return head + mask + mixed.to_bytes(len(payload), "big")


class RawSocket:
    """One connection that has asked for a WebSocket. `status` is the answer's; 101 where it is open."""

    def __init__(self, port: int, path: str, *, patience: float = 20.0, **headers: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]
        self._file = self._socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        self.send(
            (f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n").encode()
        )
        self.status = int(self._file.readline().split()[1])
        self.headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name.lower()] = value.strip()

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

    def receive(self) -> Frame | None:
        """Wait for a frame; None once the server has closed the connection."""
        try:
            head = self._file.read(2)
            if len(head) < 2:
                return None
            size = head[1] & 0x7F
            if size > 125:
                size = int.from_bytes(self._file.read(2 if size == 126 else 8), "big")
            return Frame(head[0] & 0x0F, self._file.read(size), bool(head[0] & 0x80), head[0] >> 4 & 7)
        except ConnectionResetError:
            return None

    def end(self) -> tuple[bool, int | None]:
        """Read to the end: whether a close frame came, and its code."""
        while (found := self.receive()) is not None:
            if found.opcode == CLOSE:
                self.send(frame(CLOSE, found.payload[:2]))
                return True, found.code
        return False, None
