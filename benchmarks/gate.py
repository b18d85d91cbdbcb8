"""The gate before the clock: an application is timed only after it gave the right answer and refused wrong requests."""

import http.client
import json
import math
import re
import socket
from dataclasses import replace
from typing import Any

from .sockets import ECHOED, SENT, handshake
from .workloads import REFUSED, Request, Workload

VOLATILE = frozenset({"date", "server", "connection", "keep-alive"})
"""Headers of the server rather than of the application."""


class GateFailed(Exception):
    """The application's answer is not the one that the workload asks for."""


def check(workload: Workload, port: int) -> dict[str, str]:
    """Send the workload's request and its refusals; return the right answer's own headers."""
    if workload.is_socket:
        _check_socket(workload, port)
        return {}
    status, headers, body = send(workload.request, port)
    if status != 200:
        raise GateFailed(f"{workload.name}: status {status} instead of 200: {body[:300]!r}")
    if workload.is_events:
        body = b"[" + b",".join(line[5:] for line in body.splitlines() if line.startswith(b"data:")) + b"]"
    if not _is_answer(workload.answer, body):
        raise GateFailed(f"{workload.name}: wrong body {body[:600]!r}")
    for why, request in workload.refusals.items():
        refused, _, text = send(request, port)
        if refused not in REFUSED:
            raise GateFailed(f"{workload.name}, {why}: status {refused} instead of a refusal: {text[:300]!r}")
    again, _, _ = send(workload.request, port)
    if again != 200:
        raise GateFailed(f"{workload.name}: status {again} after the refusals")
    return {name: value for name, value in headers.items() if name not in VOLATILE}


def entered(workload: Workload, port: int) -> Workload:
    """The workload with the cookies that an application gives to a visitor who comes, and opens the page for the first time."""
    if workload.enter is None:
        return workload
    cookies: dict[str, str] = {}
    for path in (workload.enter, workload.request.path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", path, headers={"cookie": _cookie_line(cookies)} if cookies else {})
            response = connection.getresponse()
            response.read()
        finally:
            connection.close()
        for line in response.headers.get_all("set-cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value

    def with_cookies(request: Request) -> Request:
        return replace(request, headers={**request.headers, "cookie": _cookie_line(cookies)})

    refusals = {why: with_cookies(request) for why, request in workload.refusals.items()}
    return replace(workload, request=with_cookies(workload.request), refusals=refusals)


def _cookie_line(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _check_socket(workload: Workload, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(handshake(port, workload.request.path))
        answer = client.recv(4096)
        if not answer.startswith(b"HTTP/1.1 101"):
            raise GateFailed(f"{workload.name}: {answer[:300]!r} instead of a WebSocket")
        client.sendall(SENT)
        echoed = client.recv(4096)
        if echoed != ECHOED:
            raise GateFailed(f"{workload.name}: {echoed[:300]!r} instead of the message")
    for why, request in workload.refusals.items():
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(handshake(port, request.path))
            answer = client.recv(4096)
            status, _, rest = answer[9:12], *answer.partition(b"\r\n\r\n")[1:]
            if status == b"101":
                # Opened, and closed at once: a refusal too.
                rest = rest or client.recv(4096)
                if rest and not rest.startswith(b"\x88"):
                    raise GateFailed(f"{workload.name}, {why}: {rest[:60]!r} instead of a refusal")
            elif not status.isdigit() or int(status) not in REFUSED:
                raise GateFailed(f"{workload.name}, {why}: status {status!r} instead of a refusal")


def send(request: Request, port: int) -> tuple[int, dict[str, str], bytes]:
    """Send one request on a connection of its own; return status, headers in lower case, and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(request.method, request.path, request.body or None, dict(request.headers))
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, body


def _is_answer(expected: Any, body: bytes) -> bool:
    if isinstance(expected, re.Pattern):
        return expected.match(body) is not None
    if isinstance(expected, bytes):
        return body == expected
    try:
        return _same(expected, json.loads(body))
    except ValueError:
        return False


def _same(expected: Any, found: Any) -> bool:
    if isinstance(expected, dict):
        return isinstance(found, dict) and expected.keys() == found.keys() and all(_same(expected[k], found[k]) for k in expected)
    if isinstance(expected, float):
        return isinstance(found, int | float) and math.isclose(expected, found)
    return bool(expected == found)
