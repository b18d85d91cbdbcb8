"""The limit on Granian: the workloads written by hand against RSGI, with nothing that a request does not need.

A plain function finds the handler and returns its coroutine, so a request costs one coroutine of ours.
"""

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

TEXT_HEADERS = [("content-type", "text/plain; charset=utf-8"), *extra_headers()]
EVENT_HEADERS = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),
    *extra_headers(),
]
JSON_HEADERS = [("content-type", "application/json"), *extra_headers()]
FLAGS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}

encode = msgspec.json.Encoder().encode
validate_house = pydantic_records.House.__pydantic_validator__.validate_json
decode_house = msgspec.json.Decoder(msgspec_records.House).decode


class Refused(Exception):
    """The request is not what the route wants."""


def flag_in(query: str, name: str) -> bool:
    """Return a boolean from the query string, false when it is not there."""
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if key == name:
            try:
                return FLAGS[value]
            except KeyError:
                raise Refused(name) from None
    return False


def cookie_in(header: str, name: str) -> str:
    """Return one cookie of a Cookie header."""
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        if key == name:
            return value
    raise Refused(name)


def refuse(proto: Any) -> None:
    """Answer 422."""
    proto.response_bytes(422, JSON_HEADERS, b'{"detail":"refused"}')


async def plain(scope: Any, proto: Any) -> None:
    """Answer 13 bytes of text."""
    proto.response_str(200, TEXT_HEADERS, TEXT)


async def small(scope: Any, proto: Any) -> None:
    """Answer three fields."""
    proto.response_bytes(200, JSON_HEADERS, encode(message()))


async def waiting(scope: Any, proto: Any) -> None:
    """Answer three fields after giving up the loop once."""
    await sleep(0)
    proto.response_bytes(200, JSON_HEADERS, encode(message()))


async def sync(scope: Any, proto: Any) -> None:
    """Answer two fields on the loop's own thread."""
    proto.response_bytes(200, JSON_HEADERS, encode(short()))


async def typed(scope: Any, proto: Any) -> None:
    """Validate a record with Pydantic and answer it with an estimate."""
    try:
        house_id = int(scope.path[8:])
        insured = flag_in(scope.query_string, "insured")
        house = validate_house(await proto())
    except (ValueError, Refused, ValidationError):
        refuse(proto)
        return
    proto.response_bytes(200, JSON_HEADERS, to_json(pydantic_records.price(house_id, insured, house)))


async def typed_msgspec(scope: Any, proto: Any) -> None:
    """Validate a record with msgspec and answer it with an estimate."""
    try:
        house_id = int(scope.path[16:])
        insured = flag_in(scope.query_string, "insured")
        house = decode_house(await proto())
    except (ValueError, Refused, msgspec.DecodeError):
        refuse(proto)
        return
    proto.response_bytes(200, JSON_HEADERS, encode(msgspec_records.price(house_id, insured, house)))


async def dependencies(scope: Any, proto: Any) -> None:
    """Answer who asks, from a header and a cookie through three nested providers."""
    headers = scope.headers
    tenant = headers.get("x-tenant")
    cookies = headers.get("cookie")
    try:
        if tenant is None or cookies is None:
            raise Refused
        user = await user_of(cookie_in(cookies, "session"), tenant)
    except Refused:
        refuse(proto)
        return
    proto.response_bytes(200, JSON_HEADERS, encode(describe(user)))


async def tokens(scope: Any, proto: Any) -> None:
    """Send an event for each word."""
    send = proto.response_stream(200, EVENT_HEADERS).send_bytes
    async for index, text in words():
        await send(b"data: " + to_json(Token(index=index, text=text)) + b"\n\n")


async def upload(scope: Any, proto: Any) -> None:
    """Read a body to its end, and parse nothing of it."""
    async for _ in proto:
        continue
    proto.response_bytes(200, JSON_HEADERS, encode(UPLOADED))


async def missing(scope: Any, proto: Any) -> None:
    """Answer 404."""
    proto.response_bytes(404, JSON_HEADERS, b'{"detail":"Not Found"}')


def item_of(group: str) -> Callable[[Any, Any, str], Any]:
    """Return the handler of one group's dynamic route."""

    async def item(scope: Any, proto: Any, rest: str) -> None:
        try:
            item_id = int(rest)
        except ValueError:
            refuse(proto)
            return
        proto.response_bytes(200, JSON_HEADERS, encode({"group": group, "id": item_id}))

    return item


async def echo(scope: Any, proto: Any) -> None:
    """Send every message back."""
    transport = await proto.accept()
    while True:
        message = await transport.receive()
        if message.kind == 0:
            return
        await transport.send_str(message.data)


async def refuse_socket(proto: Any) -> None:
    """Open no WebSocket."""
    proto.close(403)


STATIC: dict[tuple[str, str], Callable[[Any, Any], Any]] = {
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


class App:
    """The application as Granian calls it."""

    def __rsgi__(self, scope: Any, proto: Any) -> Any:
        """Return the coroutine that answers."""
        path = scope.path
        if scope.proto != "http":
            return echo(scope, proto) if path == "/echo" else refuse_socket(proto)
        handler = STATIC.get((scope.method, path))
        if handler is not None:
            return handler(scope, proto)
        return dynamic(scope, proto, path)


def dynamic(scope: Any, proto: Any, path: str) -> Any:
    """Return the coroutine that answers a path with a parameter in it."""
    method = scope.method
    if method == "POST":
        if path.startswith("/houses/"):
            return typed(scope, proto)
        if path.startswith("/houses-msgspec/"):
            return typed_msgspec(scope, proto)
    elif method == "GET":
        parts = path.split("/")
        if len(parts) == 4 and parts[2] == "items" and (item := ITEMS.get(parts[1])):
            return item(scope, proto, parts[3])
    return missing(scope, proto)


app = App()
