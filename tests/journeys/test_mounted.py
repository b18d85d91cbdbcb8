"""Mounted applications behind real servers: bodies stream both ways, and what is mounted starts with the rest."""

import json
from pathlib import Path

import pytest

from .wire import Wire

PROGRAM = Path(__file__).with_name("mounted_app.py")
SERVERS = {"granian": (), "granian asgi": ("--asgi",), "uvicorn": ("--server", "uvicorn")}


@pytest.fixture(scope="module", params=SERVERS)
def server(request, serve):
    return serve(PROGRAM, *SERVERS[request.param])


def get(server, path):
    with Wire(server.port, f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()) as wire:
        return wire.receive()


def test_what_is_mounted_starts_after_what_it_is_mounted_in(server):
    assert get(server, "/seen").json[:3] == ["outer", "inner", "asgi"]
    greeting, url = get(server, "/inner/greeting").json
    assert greeting == "hello from the lifespan"
    assert url == "http://127.0.0.1/inner/greeting"
    assert json.loads(get(server, "/inner/openapi.json").body)["servers"] == [{"url": "/inner"}]
    assert "/inner/openapi.json" in get(server, "/inner/docs").text


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_a_body_is_read_while_it_arrives(server, kind):
    half = b"x" * 1_000_000
    head = f"POST /{kind}/up HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {2 * len(half)}\r\n\r\n"
    with Wire(server.port, head.encode() + half) as wire:
        # Half of the body is on its way, and another connection hears of it.
        while not any(told.startswith(f"{kind} ") for told in get(server, "/seen").json):
            pass
        wire.send(half)
        answer = wire.receive()
    assert answer is not None
    wanted = "/wsgi /up 2000000" if kind == "wsgi" else "/asgi /asgi/up 2000000 hello from ASGI"
    assert (answer.status, answer.text) == (200, wanted)
