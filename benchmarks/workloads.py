"""The workloads: one request each, the answer that it must get, and what every application must refuse."""

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REFUSED = frozenset({400, 401, 403, 404, 405, 415, 422})
"""Statuses that count as a refusal; a 500 never does."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, as the gate and the load generator send it."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Workload:
    """A named request, its only right answer, and the requests that must be refused."""

    name: str
    title: str
    request: Request
    answer: Any
    refusals: Mapping[str, Request] = field(default_factory=dict)
    connections: int | None = None
    """How many the load generator opens; what the run says when absent."""
    is_events: bool = False
    """Whether the answer is a stream of events, of which the data counts."""
    megabytes: float | None = None
    """The size of a request, where its megabytes per second are what counts."""
    is_socket: bool = False
    """Whether the request opens a WebSocket, over which text is echoed."""
    enter: str | None = None
    """A path that is asked for once before: the cookies that it sets go along with every request."""


HOUSE = {
    "title": "Terraced house near the old harbour, two minutes from the tram",
    "area": 118.5,
    "rooms": 5,
    "built": 1934,
    "garden": True,
    "tags": ["balcony", "cellar", "heat pump", "quiet street", "renovated 2019"],
    "address": {
        "street": "Rua da Boavista",
        "number": 117,
        "city": "Porto",
        "postcode": "4050-107",
        "country": "Portugal",
    },
    "note": "Viewing on Saturdays only, please ring twice.",
}
PRICED = {"id": 42, "house": HOUSE, "estimate": (118.5 * 2400.0 + 5 * 9000.0) * 1.02}
FORM_BODY = {"content-type": "application/x-www-form-urlencoded"}
JSON_BODY = {"content-type": "application/json"}
IDENTITY = {"x-tenant": "ACME", "cookie": "theme=dark; session=ada-4711"}


def _post(path: str, body: object) -> Request:
    return Request(path, "POST", JSON_BODY, body if isinstance(body, bytes) else json.dumps(body).encode())


def _typed(name: str, title: str, prefix: str) -> Workload:
    return Workload(
        name,
        title,
        _post(f"{prefix}/42?insured=true", HOUSE),
        PRICED,
        {
            "bad body": _post(f"{prefix}/42?insured=true", HOUSE | {"rooms": "several"}),
            "bad nested body": _post(f"{prefix}/42?insured=true", HOUSE | {"address": {"street": "Rua da Boavista"}}),
            "bad JSON": _post(f"{prefix}/42?insured=true", json.dumps(HOUSE).encode()[:-1]),
            "bad flag": _post(f"{prefix}/42?insured=perhaps", HOUSE),
            "bad path": _post(f"{prefix}/forty-two?insured=true", HOUSE),
        },
    )


def _upload(name: str, title: str) -> Workload:
    boundary = "----FormBoundary7MA4YWxkTrZu0gW"
    # Bytes of any value, and the same ones in every run.
    content = random.Random(7).randbytes(10 * 1024 * 1024)
    lines = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="holiday.bin"\r\n'
    body = f"{lines}Content-Type: application/octet-stream\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    request = Request(f"/{name}", "POST", headers, body)
    return Workload(name, title, request, {"size": len(content)}, connections=4, megabytes=len(body) / 1e6)


PEOPLE = re.compile(rb'.*as Ada Lovelace.*name="csrf_token" value="[^"]{20,}".*(Person \d+ &lt;\d+&gt;.*){20}', re.DOTALL)
SMALL = {"id": 7, "name": "Ada Lovelace", "active": True}

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("plain", "Plain text", Request("/plain"), b"Hello, World!", {"bad path": Request("/plain/none")}),
        Workload("json", "Small JSON", Request("/json"), SMALL, {"bad path": Request("/json/none")}),
        Workload("json-await", "Small JSON, the handler awaits", Request("/json-await"), SMALL),
        _typed("typed", "Typed POST, Pydantic", "/houses"),
        _typed("typed-msgspec", "Typed POST, msgspec", "/houses-msgspec"),
        Workload(
            "many",
            "Many routes",
            Request("/group73/items/42"),
            {"group": "group73", "id": 42},
            {"bad path": Request("/group73/items/none"), "unknown path": Request("/group100/items/42")},
        ),
        Workload(
            "dependencies",
            "Dependencies",
            Request("/account", headers=IDENTITY),
            {"user": "ada-4711", "tenant": "acme", "writer": True},
            {
                "missing header": Request("/account", headers={"cookie": IDENTITY["cookie"]}),
                "missing cookie": Request("/account", headers={"x-tenant": "ACME", "cookie": "theme=dark"}),
            },
        ),
        Workload("sync", "Sync handler, the framework's default", Request("/sync"), {"id": 7, "kind": "sync"}),
        _upload("upload", "Upload of 10 MB, as each framework takes large ones"),
        _upload("upload-file", "Upload of 10 MB as a file object, spooled to disk"),
        Workload(
            "tokens",
            "Token stream: a request is a whole stream of 200 server-sent events, one chunk each",
            Request("/tokens"),
            [{"index": index, "text": "token"} for index in range(200)],
            is_events=True,
        ),
        Workload(
            "page",
            "Page: 20 rows of a template, a session in a signed cookie, a CSRF token",
            Request("/people"),
            re.compile(
                rb'.*Signed in as Ada Lovelace.*name="csrf_token" value="[^"]{20,}".*(Person \d+ &lt;\d+&gt;.*){20}', re.DOTALL
            ),
            {"no token": Request("/people", "POST", FORM_BODY, b"a=b"), "bad path": Request("/people/none")},
            enter="/people/enter",
        ),
        Workload(
            "websocket",
            "WebSocket, 32 bytes echoed, one message in flight on each connection",
            Request("/echo"),
            None,
            {"bad path": Request("/echo/none")},
            connections=50,
            is_socket=True,
        ),
        Workload("sync-inline", "Sync handler, inline", Request("/sync-inline"), {"id": 7, "kind": "sync"}),
    )
}
