"""A Flask application behind real servers, under the name that it imports."""

from pathlib import Path

import pytest

from .wire import Wire

PROGRAM = Path(__file__).with_name("flask_app.py")
SERVERS = {"granian": (), "granian asgi": ("--asgi",), "uvicorn": ("--server", "uvicorn")}


@pytest.fixture(scope="module", params=SERVERS)
def server(request, serve):
    return serve(PROGRAM, "--alias", "flask", *SERVERS[request.param])


def ask(server, head, body=b""):
    with Wire(server.port, head.replace(" HTTP/1.1", " HTTP/1.1\r\nhost: 127.0.0.1").encode() + b"\r\n\r\n" + body) as wire:
        return wire.receive()


def test_a_visitor_is_known_again(server):
    first = ask(server, "GET /visits HTTP/1.1")
    cookie = first.header("set-cookie").partition(";")[0]
    again = ask(server, f"GET /visits HTTP/1.1\r\ncookie: {cookie}")
    forged = ask(server, f"GET /visits HTTP/1.1\r\ncookie: {cookie}x")
    assert (first.text, again.text, forged.text) == ("1", "2", "1")


def test_async_views_share_the_loop_of_their_worker(server):
    assert [ask(server, "GET /loops HTTP/1.1").json["loops"] for _ in range(3)] == [1, 1, 1]


def test_bodies_stream_both_ways(server):
    body = b"x" * 3_000_000
    assert ask(server, f"POST /up HTTP/1.1\r\ncontent-length: {len(body)}", body).text == str(len(body))
    assert ask(server, "GET /stream?word=a HTTP/1.1").text == "a0\na1\na2\n"


def test_an_error_tells_nothing(server):
    answer = ask(server, "GET /boom HTTP/1.1")
    assert answer.status == 500
    assert "secret detail" not in answer.text
