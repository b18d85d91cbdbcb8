"""The sockets that all workers accept from: opened once, shared by every generation of workers, closed without losing anyone."""

import ctypes
import errno
import os
import socket
import stat
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from trine.errors import SetupError

# Linux: what socket.h calls them.
_SO_ATTACH_FILTER = 26
_SO_ATTACH_REUSEPORT_CBPF = 51
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
    """Bind an address that nobody listens on. The workers begin to listen once they can answer."""
    if uds is not None:
        _require_free_path(uds)
        return _bind_unix(uds)
    return _bind_tcp(host, port)


def open_successor(listener: socket.socket, uds: str | None) -> socket.socket:
    """Bind a second socket to the address of one that serves: the next generation of workers gets one of its own.

    Where the system cannot do that, both generations share the socket.
    """
    if uds is not None:
        return _bind_unix(f"{uds}.next")
    if sys.platform != "linux":
        return listener.dup()
    successor = socket.socket(listener.family, listener.type, listener.proto)
    _prepare(successor)
    successor.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    successor.bind(listener.getsockname())
    return successor


def steer_to(listener: socket.socket, uds: str | None) -> None:
    """Send all new connections for an address to the socket that listens on it since last. The others keep those they have."""
    if uds is not None:
        Path(f"{uds}.next").rename(uds)
    elif sys.platform == "linux":
        # Classic BPF: the number of the socket, in the order in which they began to listen.
        last = max(0, _listening_at(listener) - 1)
        _attach(listener, _SO_ATTACH_REUSEPORT_CBPF, [(0x06, 0, 0, last)])


def discard(successor: socket.socket, uds: str | None) -> None:
    """Close the socket of a generation that did not start."""
    successor.close()
    if uds is not None:
        Path(f"{uds}.next").unlink(missing_ok=True)


def _listening_at(listener: socket.socket) -> int:
    table = Path("/proc/net/tcp6" if listener.family == socket.AF_INET6 else "/proc/net/tcp")
    port = f":{listener.getsockname()[1]:04X}"
    with suppress(OSError):
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
        return sum(row[1].endswith(port) and row[3] == "0A" for row in rows)
    return 1


def _bind_tcp(host: str, port: int) -> socket.socket:
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror as error:
        raise SetupError(f"There is no address for the host '{host}': {error.strerror}.", hint="Use --host 127.0.0.1.") from None
    # First alone, so that an address that is taken is noticed; then as one of several, which successors join.
    for shared in (False, True) if sys.platform == "linux" else (False,):
        listener = socket.socket(family, kind, protocol)
        try:
            _prepare(listener)
            if shared:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind(address)
        except OSError as error:
            listener.close()
            raise _refused(f"{host}:{port}", error) from None
        address = listener.getsockname()
        if not shared and sys.platform == "linux":
            listener.close()
    return listener


def _prepare(listener: socket.socket) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Connections inherit these: a client that vanished without a word is found out after two minutes of silence.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        for option, value in ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4)):
            listener.setsockopt(socket.IPPROTO_TCP, option, value)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)


def _require_free_path(path: str) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise SetupError(f"{path} is there already, and is no socket.", hint="Name another path with --uds.")
        if _answers(path):
            raise SetupError(f"{path} is taken: another process listens there.", hint="Stop it, or name another path with --uds.")
        Path(path).unlink()


def _bind_unix(path: str) -> socket.socket:
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


def refuse_new(listener: socket.socket, uds: str | None) -> None:
    """Take no new connections, while the workers serve on. Who comes now is refused once the last worker lets go.

    `shutdown` would refuse at once, but workers that accept would spin on the socket.
    """
    if uds is not None:
        with suppress(OSError):
            Path(uds).unlink()
    elif sys.platform == "linux":
        _attach(listener, _SO_ATTACH_FILTER, _DROP_FIRST_PACKETS)


def let_go(listener: socket.socket, *, patience: float = 1.0) -> None:
    """Close a socket that gets no new connections, once the workers have accepted those that the system has taken already.

    Closing at once would reset connections that wait in the system's queue, with a request perhaps already sent.
    """
    if listener.family == socket.AF_UNIX:
        # The system does not tell how many wait at a Unix socket.
        time.sleep(0.05)
    deadline = time.monotonic() + patience
    while _waiting(listener) and time.monotonic() < deadline:
        time.sleep(0.01)
    listener.close()


def _attach(listener: socket.socket, option: int, program: Sequence[tuple[int, int, int, int]]) -> None:
    """Attach a program of classic BPF. A system without it does without."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    held = ctypes.create_string_buffer(code, len(code))
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, option, struct.pack("HL", len(program), ctypes.addressof(held)))


def _waiting(listener: socket.socket) -> int:
    """How many connections wait to be accepted. Where the system does not tell: none."""
    if sys.platform != "linux" or listener.family == socket.AF_UNIX:
        return 0
    try:
        info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_UNACKED + 4)
    except OSError:
        return 0
    return int(struct.unpack_from("I", info, _TCP_UNACKED)[0])
