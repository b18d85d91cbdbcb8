"""The limit on Uvicorn: the workloads written by hand against ASGI, with nothing that a request does not need."""

from asyncio import sleep
from collections.abc import Callable
from typing import Any

import msgspec
from pydantic import ValidationError
from pydantic_core import to_json

from . import msgspec_records, pydantic_records
from .answers import GROUPS, TEXT, UPLOADED, describe, message, short, user_of
from .mirror import extra_headers
from .tokens import Token, words

EXTRA = [(name.encode(), value.encode()) for name, value in extra_headers()]
TEXT_HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), *EXTRA]
EVENT_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
    *EXTRA,
]
JSON_HEADERS = [(b"content-type", b"application/json"), *EXTRA]
FLAGS = {
    b"true": True,
    b"1": True,
    b"on": True,
    b"yes": True,
    b"false": False,
    b"0": False,
    b"off": False,
    b"no": False,
}

encode = msgspec.json.Encoder().encode
validate_house = pydantic_records.House.__pydantic_validator__.validate_json
decode_house = msgspec.json.Decoder(msgspec_records.House).decode


class Refused(Exception):
    """The request is not what the route wants."""


async def answer(send: Any, body: bytes, headers: Any = JSON_HEADERS, status: int = 200) -> None:
    """Send a whole response."""
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [(b"content-length", b"%d" % len(body)), *headers],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def body_of(receive: Any) -> bytes:
    """Read the whole body."""
    event = await receive()
    if not event.get("more_body"):
        return event["body"]
    body = bytearray(event["body"])
    while event.get("more_body"):
        event = await receive()
        body += event["body"]
    return bytes(body)


def flag_in(query: bytes, name: bytes) -> bool:
    """Return a boolean from the query string, false when it is not there."""
    for pair in query.split(b"&"):
        key, _, value = pair.partition(b"=")
        if key == name:
            try:
                return FLAGS[value]
            except KeyError:
                raise Refused(name) from None
    return False


def header_in(scope: Any, name: bytes) -> str:
    """Return one header."""
    for key, value in scope["headers"]:
        if key == name:
            return value.decode("latin-1")
    raise Refused(name)


def cookie_in(header: str, name: str) -> str:
    """Return one cookie of a Cookie header."""
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value
    raise Refused(name)


async def refuse(send: Any) -> None:
    """Answer 422."""
    await answer(send, b'{"detail":"refused"}', status=422)


async def plain(scope: Any, receive: Any, send: Any) -> None:
    """Answer 13 bytes of text."""
    await answer(send, TEXT.encode(), TEXT_HEADERS)


async def small(scope: Any, receive: Any, send: Any) -> None:
    """Answer three fields."""
    await answer(send, encode(message()))


async def waiting(scope: Any, receive: Any, send: Any) -> None:
    """Answer three fields after giving up the loop once."""
    await sleep(0)
    await answer(send, encode(message()))


async def sync(scope: Any, receive: Any, send: Any) -> None:
    """Answer two fields on the loop's own thread."""
    await answer(send, encode(short()))


async def typed(scope: Any, receive: Any, send: Any) -> None:
    """Validate a record with Pydantic and answer it with an estimate."""
    try:
        house_id = int(scope["path"][8:])
        insured = flag_in(scope["query_string"], b"insured")
        house = validate_house(await body_of(receive))
    except (ValueError, Refused, ValidationError):
        await refuse(send)
        return
    await answer(send, to_json(pydantic_records.price(house_id, insured, house)))


async def typed_msgspec(scope: Any, receive: Any, send: Any) -> None:
    """Validate a record with msgspec and answer it with an estimate."""
    try:
        house_id = int(scope["path"][16:])
        insured = flag_in(scope["query_string"], b"insured")
        house = decode_house(await body_of(receive))
    except (ValueError, Refused, msgspec.DecodeError):
        await refuse(send)
        return
    await answer(send, encode(msgspec_records.price(house_id, insured, house)))


async def dependencies(scope: Any, receive: Any, send: Any) -> None:
    """Answer who asks, from a header and a cookie through three nested providers."""
    try:
        tenant = header_in(scope, b"x-tenant")
        user = await user_of(cookie_in(header_in(scope, b"cookie"), "session"), tenant)
    except Refused:
        await refuse(send)
        return
    await answer(send, encode(describe(user)))


async def tokens(scope: Any, receive: Any, send: Any) -> None:
    """Send an event for each word."""
    await send({"type": "http.response.start", "status": 200, "headers": EVENT_HEADERS})
    async for index, text in words():
        body = b"data: " + to_json(Token(index=index, text=text)) + b"\n\n"
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def upload(scope: Any, receive: Any, send: Any) -> None:
    """Read a body to its end, and parse nothing of it."""
    while (await receive()).get("more_body"):
        continue
    await answer(send, encode(UPLOADED))


async def missing(scope: Any, receive: Any, send: Any) -> None:
    """Answer 404."""
    await answer(send, b'{"detail":"Not Found"}', status=404)


def item_of(group: str) -> Callable[[Any, str], Any]:
    """Return the handler of one group's dynamic route."""

    async def item(send: Any, rest: str) -> None:
        try:
            item_id = int(rest)
        except ValueError:
            await refuse(send)
            return
        await answer(send, encode({"group": group, "id": item_id}))

    return item


STATIC: dict[tuple[str, str], Callable[[Any, Any, Any], Any]] = {
    ("GET", "/plain"): plain,
    ("GET", "/json"): small,
    ("GET", "/json-await"): waiting,
    ("GET", "/sync"): sync,
    ("GET", "/sync-inline"): sync,
    ("GET", "/account"): dependencies,
    ("GET", "/tokens"): tokens,
    ("POST", "/upload"): upload,
    ("POST", "/upload-file"): upload,
    **{("GET", f"/group{n}/about"): small for n in GROUPS},
}
ITEMS = {f"group{n}": item_of(f"group{n}") for n in GROUPS}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request, or the server's lifespan."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    path = scope["path"]
    if scope["type"] == "websocket":
        await (echo(receive, send) if path == "/echo" else send({"type": "websocket.close"}))
        return
    handler = STATIC.get((scope["method"], path))
    if handler is not None:
        await handler(scope, receive, send)
    else:
        await dynamic(scope, receive, send, path)


async def echo(receive: Any, send: Any) -> None:
    """Send every message back."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def live(receive: Any, send: Any) -> None:
    """Confirm start and stop."""
    for word in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{word}.complete"})


def dynamic(scope: Any, receive: Any, send: Any, path: str) -> Any:
    """Return the coroutine that answers a path with a parameter in it."""
    method = scope["method"]
    if method == "POST":
        if path.startswith("/houses/"):
            return typed(scope, receive, send)
        if path.startswith("/houses-msgspec/"):
            return typed_msgspec(scope, receive, send)
    elif method == "GET":
        parts = path.split("/")
        if len(parts) == 4 and parts[2] == "items" and (item := ITEMS.get(parts[1])):
            return item(send, parts[3])
    return missing(scope, receive, send)
