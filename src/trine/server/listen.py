"""The sockets that all workers accept from: opened once, shared by every generation of workers, closed without losing anyone."""

import ctypes
import errno
import os
import socket
import stat
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

from trine.errors import SetupError

# Linux: what socket.h calls them.
_SO_ATTACH_FILTER = 26
_TCP_UNACKED = 24  # Offset of tcpi_unacked in struct tcp_info: of a listening socket, connections that nobody has accepted.

# Classic BPF: of the flags in a TCP header, SYN without ACK is the first packet of a connection. Return 0 drops it.
_DROP_FIRST_PACKETS = (
    (0x30, 0, 0, 13),  # load the byte at 13, the flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFF),  # pass
)


def open_listener(host: str, port: int, uds: str | None) -> socket.socket:
    """Bind an address. The workers begin to listen once they can answer."""
    return _open_unix(uds) if uds is not None else _open_tcp(host, port)


def _open_tcp(host: str, port: int) -> socket.socket:
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror as error:
        raise SetupError(f"There is no address for the host '{host}': {error.strerror}.", hint="Use --host 127.0.0.1.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _refused(f"{host}:{port}", error) from None
    return listener


def _open_unix(path: str) -> socket.socket:
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise SetupError(f"{path} is there already, and is no socket.", hint="Name another path with --uds.")
        if _answers(path):
            raise SetupError(f"{path} is taken: another process listens there.", hint="Stop it, or name another path with --uds.")
        Path(path).unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
    except OSError as error:
        listener.close()
        raise _refused(path, error) from None
    return listener


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


def _refused(address: str, error: OSError) -> SetupError:
    if error.errno == errno.EADDRINUSE:
        return SetupError(f"{address} is taken: another process listens there.", hint="Stop it, or use --port with a free one.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return SetupError(f"{address} needs more rights than this user has.", hint="Use --port with a number above 1023.")
    return SetupError(
        f"{address} cannot be listened on: {error.strerror}.", hint="Use --host and --port with an address of this machine."
    )


def close_listener(listener: socket.socket, *, patience: float = 1.0) -> None:
    """Take no new connections, let the workers accept those that the system has taken already, and let go of the socket.

    Closing at once would reset connections that wait in the system's queue, with a request perhaps already sent. Who comes
    now is refused once the last worker has let go, too. `shutdown` would refuse at once, but accepting workers would spin.
    """
    if listener.family == socket.AF_UNIX:
        with suppress(OSError):
            Path(listener.getsockname()).unlink()
        # The system does not tell how many wait at a Unix socket.
        time.sleep(0.05)
    elif sys.platform == "linux":
        _ignore_new(listener)
    deadline = time.monotonic() + patience
    while _waiting(listener) and time.monotonic() < deadline:
        time.sleep(0.01)
    listener.close()


def _ignore_new(listener: socket.socket) -> None:
    """Let the kernel drop the first packet of new connections: clients try again, and are refused then."""
    filters = b"".join(struct.pack("HBBI", *instruction) for instruction in _DROP_FIRST_PACKETS)
    code = ctypes.create_string_buffer(filters, len(filters))
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(_DROP_FIRST_PACKETS), ctypes.addressof(code))
        )


def _waiting(listener: socket.socket) -> int:
    """How many connections wait to be accepted. Where the system does not tell: none."""
    if sys.platform != "linux" or listener.family == socket.AF_UNIX:
        return 0
    try:
        info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_UNACKED + 4)
    except OSError:
        return 0
    return int(struct.unpack_from("I", info, _TCP_UNACKED)[0])
