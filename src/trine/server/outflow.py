"""How much of what was written a client has taken, asked of the kernel.

Granian takes every chunk of a stream at once and keeps it, however slow its client: without this, a stream that nobody reads
fills the memory. The kernel knows how many bytes of a connection were acknowledged; a stream that is too far ahead waits.
"""

import asyncio
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

from trine.concurrency import run_in_thread

PIECE = 1024 * 1024
"""Bytes that are written before the client is looked at, and that a stream may then be ahead of it."""

# linux/tcp.h: tcpi_bytes_acked, since Linux 4.1.
_INFO_SIZE = 128
_ACKED = struct.Struct("=Q")
_ACKED_AT = 120
_TCP_INFO = getattr(socket, "TCP_INFO", None)
_CONNECTIONS = Path("/proc/self/fd")


class Outflow:
    """One connection, found among this process's by the address of its client. Where it cannot be found, nothing waits."""

    __slots__ = ("_connection", "_given", "_is_known", "_peer", "_taken_before")

    def __init__(self, peer: str) -> None:
        self._peer = peer
        self._is_known = False
        self._connection: socket.socket | None = None
        self._given = 0
        self._taken_before = 0

    async def wait(self, size: int) -> None:
        """Wait until the client has taken all but a piece of what was written; `size` bytes were written since the last call."""
        if not self._is_known:
            self._is_known = True
            self._connection = await run_in_thread(_find, self._peer)
            self._taken_before = self._acked()
            return
        if self._connection is None:
            return
        self._given += size
        delay = 0.0
        while self._given - self._taken() > PIECE:
            await asyncio.sleep(delay)
            delay = min(delay + 0.001, 0.05)

    def cut(self) -> None:
        """End the connection at once, with everything that still waits in it."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Forget the connection; its owner keeps it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _taken(self) -> int:
        taken = self._acked() - self._taken_before
        if taken > self._given:
            # Frames and encryption are acknowledged too: the client is not ahead of what it was given.
            self._taken_before += taken - self._given
            return self._given
        return taken

    def _acked(self) -> int:
        if self._connection is None or _TCP_INFO is None:
            return 0
        info = self._connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _INFO_SIZE)
        acked: int = _ACKED.unpack_from(info, _ACKED_AT)[0]
        return acked


def _find(peer: str) -> socket.socket | None:
    """Find the one TCP connection to an address among this process's. None where there is none, or more than one."""
    if _TCP_INFO is None or not peer:
        return None
    found: list[socket.socket] = []
    try:
        numbers = [int(entry.name) for entry in _CONNECTIONS.iterdir()]
    except OSError:
        return None
    for number in numbers:
        with suppress(OSError):
            connection = socket.socket(fileno=os.dup(number))
            if _address(connection) == peer and connection.type == socket.SOCK_STREAM:
                found.append(connection)
            else:
                connection.close()
    if len(found) == 1:
        return found[0]
    for connection in found:
        connection.close()
    return None


def _address(connection: socket.socket) -> str:
    """The other side, as Granian writes it."""
    try:
        host, port = connection.getpeername()[:2]
    except (OSError, ValueError, TypeError):
        return ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
