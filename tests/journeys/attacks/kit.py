"""Send bytes, read every answer, and say what must be true of them. A case is one line; what all cases share is here."""

import re
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

PATIENCE = 20.0
"""Seconds until a connection that says nothing counts as a hang. Bodies are given one second by the servers' settings."""
PING = b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
# What no answer may ever show: another's request, a file outside, a field that is nobody's business, our inside.
SECRETS = (b"SMUGGLED", b"TOP-SECRET", b"root:x:", b"hash-of-ada", b"Traceback", b"site-packages", b"fortress.py")


@dataclass(frozen=True)
class Reply:
    """One answer as it stood on the wire."""

    status: int
    lines: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of the first line with this name."""
        return next((value for key, value in self.lines if key == name), None)


@dataclass(frozen=True)
class Outcome:
    """Everything that came back on the case's connection."""

    replies: list[Reply]
    is_hung: bool

    @property
    def first(self) -> Reply | None:
        """The answer to the attack, None where the connection was cut."""
        return self.replies[0] if self.replies else None


Expect = Callable[[Outcome], bool]


@dataclass(frozen=True)
class Case:
    """Bytes on a connection of their own, and what must come back. `on` says it otherwise for one server."""

    kind: str
    name: str
    data: bytes
    expect: Expect
    on: dict[str, Expect] = field(default_factory=dict)
    also: bytes = PING
    """What follows at once: the next request of another client behind the same proxy."""


# Expectations ---------------------------------------------------------------------------------------------------------


def refused(outcome: Outcome) -> bool:
    """A 4xx (or 501, 505: what the protocol has for it), or a connection that was cut."""
    return outcome.first is None or outcome.first.status in (*range(400, 500), 501, 505)


def cut(outcome: Outcome) -> bool:
    """Refused, and nothing behind it is read as a request any more: its framing is not to be trusted."""
    return refused(outcome) and len(outcome.replies) <= 1


def status(*codes: int) -> Expect:
    """One of these statuses."""

    def has_status(outcome: Outcome) -> bool:
        return outcome.first is not None and outcome.first.status in codes

    return has_status


def says(text: str | bytes, *, times: int = 2) -> Expect:
    """A 200 with this in its body, and in all so many answers: the next client's is its own."""
    wanted = text.encode() if isinstance(text, str) else text

    def has_said(outcome: Outcome) -> bool:
        first = outcome.first
        return first is not None and first.status == 200 and wanted in first.body and len(outcome.replies) == times

    return has_said


def without(header: str, text: str = "") -> Expect:
    """Any answer but a failure, whose header, where it has it, does not hold this."""

    def lacks(outcome: Outcome) -> bool:
        value = None if outcome.first is None else outcome.first.header(header)
        return outcome.first is not None and (value is None or (bool(text) and text not in value))

    return lacks


def either(*expectations: Expect) -> Expect:
    """One of them."""
    return lambda outcome: any(expect(outcome) for expect in expectations)


def both(*expectations: Expect) -> Expect:
    """All of them."""
    return lambda outcome: all(expect(outcome) for expect in expectations)


# Sending --------------------------------------------------------------------------------------------------------------


def run(case: Case, port: int) -> Outcome:
    """Send a case and what follows it, and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        # Cut already: what was said before can still be read.
        with suppress(OSError):
            connection.sendall(case.data + case.also)
        return _read(connection)


def _read(connection: socket.socket) -> Outcome:
    data, end = b"", time.monotonic() + PATIENCE
    is_hung = False
    while True:
        connection.settimeout(max(end - time.monotonic(), 0.01))
        try:
            piece = connection.recv(65536)
        except TimeoutError:
            is_hung = True
            break
        except OSError:
            break
        if not piece:
            break
        data += piece
    return Outcome(parse_replies(data), is_hung)


def parse_replies(data: bytes) -> list[Reply]:
    """Every answer of a connection, strictly by the framing that each declares."""
    replies = []
    while data:
        head, separator, data = data.partition(b"\r\n\r\n")
        if not separator:
            break
        start, *rest = head.split(b"\r\n")
        lines = [
            (name.strip().lower(), value.strip()) for name, _, value in (line.decode("latin-1").partition(":") for line in rest)
        ]
        code = int(start.split()[1])
        reply = Reply(code, lines, b"")
        if code < 200:
            continue
        if code in (204, 304):
            body = b""
        elif reply.header("transfer-encoding") == "chunked":
            body, data = _dechunk(data)
        else:
            length = reply.header("content-length")
            size = len(data) if length is None else int(length)
            body, data = data[:size], data[size:]
        replies.append(Reply(code, lines, body))
    return replies


def _dechunk(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        count = int(size, 16)
        body, data = body + data[:count], data[count + 2 :]
        if not count:
            break
    return body, data


# Judging --------------------------------------------------------------------------------------------------------------


def verdict(case: Case, server: str, outcome: Outcome) -> str | None:
    """What is wrong with an outcome; None where the server stood it."""
    if outcome.is_hung:
        return "the connection hangs"
    for reply in outcome.replies:
        if reply.status >= 500 and reply.status not in (501, 505):
            return f"a failure of the server: {reply.status}"
        shown = repr(reply.lines).encode() + reply.body
        leaked = [secret for secret in SECRETS if secret in shown]
        if leaked:
            return f"shows {leaked}"
        names = [name for name, _ in reply.lines]
        if "x-injected" in names or any(_is_planted(value) for name, value in reply.lines if name == "set-cookie"):
            return "a header of the attacker's"
        if any(names.count(name) > 1 for name in ("content-length", "content-type", "location", "transfer-encoding")):
            return "a header twice"
    expect: Expect = case.on.get(server, case.expect)
    return None if expect(outcome) else f"not as expected: {expect.__qualname__}"


# A cookie of the attacker's, or an attribute: what stands in quotes, with its semicolons escaped, is a value.
_is_planted = re.compile(r"(?:[^;]*;)*\s*(?:evil=|domain=evil)", re.IGNORECASE).match


# Writing requests -----------------------------------------------------------------------------------------------------


def get(target: str | bytes, *lines: str | bytes, method: str | bytes = "GET", host: str | bytes = "localhost") -> bytes:
    """A request without a body."""
    return _bytes(method) + b" " + _bytes(target) + b" HTTP/1.1\r\n" + _head([b"Host: " + _bytes(host), *lines])


def post(target: str | bytes, body: str | bytes, *lines: str | bytes, kind: str = "application/json") -> bytes:
    """A request with a body and its length."""
    data = _bytes(body)
    return get(target, f"Content-Type: {kind}", f"Content-Length: {len(data)}", *lines, method="POST") + data


def raw(start: str | bytes, *lines: str | bytes, body: str | bytes = b"") -> bytes:
    """A request whose first line and headers are written as they are."""
    return _bytes(start) + b"\r\n" + _head(lines) + _bytes(body)


def chunked(body: str | bytes, *lines: str | bytes, target: str = "/echo") -> bytes:
    """A request whose body is framed by chunks, written as they are."""
    return get(target, "Transfer-Encoding: chunked", *lines, method="POST") + _bytes(body)


def _head(lines: Sequence[str | bytes]) -> bytes:
    return b"".join(_bytes(line) + b"\r\n" for line in lines) + b"\r\n"


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
