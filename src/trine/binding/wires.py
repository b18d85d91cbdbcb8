"""The dialects in which a route is compiled: where its function finds the request's parts, and how it answers.

One compiler writes for all of them; only these fragments of source differ. RSGI and ASGI talk to the server directly,
"request" is the form that middleware wraps (`Request` in, `Response` out), "socket" serves WebSockets.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trine.http import ReadyResponse, Request
from trine.server import asgi, rsgi


@dataclass(frozen=True)
class Wire:
    """Fragments of source in terms of the function's own arguments."""

    name: str
    arguments: str
    query: str
    headers: str
    """Makes the object that the header expressions ask; empty where it is one of the arguments."""
    header: Callable[[str], str]
    cookies: str
    """The Cookie header as text; of several lines all, joined."""
    decodes_headers: bool
    """Whether header values arrive as bytes."""
    body: tuple[str, ...]
    """Reads the body, and may wait for it."""
    request: str
    reply: tuple[str, ...]
    """Sends `payload`. `STATUS` and `HEADERS` are constants, or names where a dependency set them."""
    reply_empty: tuple[str, ...]
    """Sends a status and headers alone."""
    respond: tuple[str, ...]
    """Sends a `Response` object named `response`. Both ways set `sent` once a second answer would be one too many."""
    client: str = "request"
    """Where the client can be watched."""
    body_at_hand: tuple[str, ...] = ()
    """An `if` that takes a body which is here already."""
    namespace: dict[str, Any] = field(default_factory=dict)
    headers_as_bytes: bool = False


RSGI = Wire(
    name="rsgi",
    arguments="scope, proto, headers",
    query="scope.query_string",
    headers="",
    header=lambda name: f"headers.get({name!r})",
    cookies="'; '.join(headers.get_all('cookie'))",
    decodes_headers=False,
    body_at_hand=(
        "if type(proto) is ReadAhead and proto.body is not None and len(proto.body) <= LIMIT:",
        "    body = proto.body",
        "    proto = proto.protocol",
    ),
    body=(
        "if (length := headers.get('content-length')) is not None and int(length) <= LIMIT:",
        "    try:",
        "        body = await proto()",
        "    except RuntimeError as problem:",
        "        raise cut_off() from problem",
        "elif length is None and 'transfer-encoding' not in headers and scope.http_version != '2':",
        "    body = b''",
        "else:",
        "    body = await read_body(proto, headers, LIMIT)",
    ),
    request="RSGIRequest(scope, proto, app, {path_params}, headers)",
    reply=("proto.response_bytes({status}, {headers}, payload)", "sent = True"),
    reply_empty=("proto.response_empty({status}, {headers})", "sent = True"),
    respond=(
        "response, lines = make_ready(response, DEFAULT_HEADERS, scope)",
        "sent = True",
        "if (rest := send_ready(response, lines, proto, scope)) is not None:",
        "    await rest",
    ),
    client="proto",
    namespace={
        "RSGIRequest": rsgi.RSGIRequest,
        "ReadAhead": rsgi.ReadAhead,
        "cut_off": rsgi.cut_off,
        "read_body": rsgi.read_body,
        "make_ready": rsgi.make_ready,
        "send_ready": rsgi.send_ready,
    },
)

ASGI = Wire(
    name="asgi",
    arguments="scope, receive, send, headers",
    query="scope['query_string'].decode('utf-8', 'replace')",
    headers="",
    header=lambda name: f"headers.get({name.encode()!r})",
    cookies="headers.get(b'cookie', b'').decode('latin-1')",
    decodes_headers=True,
    body=(
        "message = await receive()",
        "received = message.get('body')",
        "if received and not message.get('more_body') and len(received) <= LIMIT:",
        "    body = received",
        "else:",
        "    body = await read_body(message, receive, LIMIT, headers.get(b'content-length'))",
    ),
    request="ASGIRequest(scope, receive, app, {path_params})",
    reply=(
        "sent = True",
        "await send({{'type': 'http.response.start', 'status': {status}, "
        "'headers': [(b'content-length', b'%d' % len(payload)), *{headers}]}})",
        "await send({{'type': 'http.response.body', 'body': payload}})",
    ),
    reply_empty=(
        "sent = True",
        "await send({{'type': 'http.response.start', 'status': {status}, 'headers': [*{headers}]}})",
        "await send({{'type': 'http.response.body', 'body': b''}})",
    ),
    respond=(
        "response, lines = make_ready(response, DEFAULT_HEADERS, scope)",
        "sent = True",
        "await send_ready(response, lines, send, head=scope['method'] == 'HEAD', receiver={receiver}, scope=scope)",
    ),
    client="receive",
    namespace={
        "ASGIRequest": asgi.ASGIRequest,
        "read_body": asgi.read_body,
        "make_ready": asgi.make_ready,
        "send_ready": asgi.send_ready,
    },
    headers_as_bytes=True,
)


async def whole_body(request: Request, limit: int) -> bytes:
    """Read a request's body up to a route's limit."""
    request.body_limit = limit
    return await request.body()


REQUEST = Wire(
    name="request",
    arguments="request",
    query="request.query_string",
    headers="headers = request.headers",
    header=lambda name: f"headers.get({name!r})",
    cookies="'; '.join(headers.getlist('cookie'))",
    decodes_headers=False,
    body=("body = await whole_body(request, LIMIT)",),
    request="request",
    reply=("response = ReadyResponse(payload, {status}, {headers}, {raw_headers})",),
    reply_empty=("response = ReadyResponse(b'', {status}, {headers}, {raw_headers})",),
    respond=(),
    namespace={"ReadyResponse": ReadyResponse, "whole_body": whole_body},
)

SOCKET = Wire(
    name="socket",
    arguments="request",
    query="request.query_string",
    headers="headers = request.headers",
    header=lambda name: f"headers.get({name!r})",
    cookies="'; '.join(headers.getlist('cookie'))",
    decodes_headers=False,
    body=(),
    request="request",
    reply=(),
    reply_empty=(),
    respond=(),
)
