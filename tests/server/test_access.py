"""The access log: one safe line for each answer, the same from every server."""

import io
import json
import re

import pytest

from trine import App, Settings, SetupError, WebSocket
from trine.server.access import AccessLog, check_template
from trine.server.proxy import TrustedProxies
from trine.testing import TestClient


class Logged:
    """An application with an access log around it, as a worker puts it."""

    def __init__(self, app: App, log: AccessLog) -> None:
        self.app = app
        self.rsgi = log.rsgi(app.__rsgi__)
        self.asgi = log.asgi(app)
        self.allow_tests = app.allow_tests

    def __rsgi__(self, scope, proto):
        return self.rsgi(scope, proto)

    def __rsgi_init__(self, loop):
        self.app.__rsgi_init__(loop)

    def __rsgi_del__(self, loop):
        self.app.__rsgi_del__(loop)

    async def __call__(self, scope, receive, send):
        await self.asgi(scope, receive, send)


@pytest.fixture(params=["asgi", "rsgi"])
def lines(request):
    """Ask for something; give the lines of the log."""

    def ask(path="/", template="text", *, proxies=None, act=None, **options):
        stream = io.StringIO()
        app = App(settings=Settings())
        app.get("/")(lambda: "hello")
        app.get("/fails")(fails)
        app.websocket("/socket")(talk)
        logged = Logged(app, AccessLog(template, stream, proxies))
        with TestClient(logged, interface=request.param, client=("192.0.2.7", 9), raise_server_exceptions=False) as client:
            if act is None:
                client.get(path, **options)
            else:
                act(client)
        return stream.getvalue().splitlines()

    return ask


def fails() -> None:
    raise RuntimeError("on purpose")


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


def test_line_says_who_asked_for_what_and_what_came(lines):
    (line,) = lines("/?secret=1")
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d 192\.0\.2\.7 "GET / HTTP/1\.1" 200 \d+\.\dms', line)


@pytest.mark.parametrize(("path", "status"), [("/", "200"), ("/nowhere", "404"), ("/fails", "500")])
def test_status_is_the_answers(lines, path, status):
    assert lines(path, "{method} {path} {status}") == [f"GET {path} {status}"]


def test_websocket_is_one_line(lines):
    def converse(client):
        with client.websocket_connect("/socket"):
            pass

    assert lines("/socket", "{path} {status}", act=converse) == ["/socket 101"]


def test_client_cannot_write_lines_of_its_own(lines):
    assert lines("/a%0A1.2.3.4%20%22GET%20/%22%1b[2J", "{path}") == [r"/a\u000a1.2.3.4 \u0022GET /\u0022\u001b[2J"]


def test_headers_can_be_logged(lines):
    found = lines("/", "{header:User-Agent} {header:x-none}", headers={"user-agent": 'x" evil'})
    assert found == [r"x\u0022 evil -"]


def test_combined_is_what_log_analysers_read(lines):
    (line,) = lines("/", "combined", headers={"referer": "https://example.org/"})
    when = r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"
    assert re.fullmatch(rf'192\.0\.2\.7 - - {when} "GET / HTTP/1\.1" 200 - "https://example\.org/" "testclient"', line)


def test_json_is_one_object_for_each_line(lines):
    (line,) = lines("/a%0Ab", "json")
    record = json.loads(line)
    assert {name: record[name] for name in ("client", "method", "path", "status", "host", "scheme")} == {
        "client": "192.0.2.7",
        "method": "GET",
        "path": "/a\nb",
        "status": 404,
        "host": "testserver",
        "scheme": "http",
    }
    assert "query" not in record


def test_client_behind_a_trusted_proxy_is_named(lines):
    proxies = TrustedProxies(["192.0.2.0/24"])
    assert lines("/", "{client}", proxies=proxies, headers={"x-forwarded-for": "198.51.100.4"}) == ["198.51.100.4"]


def test_unknown_field_is_refused():
    with pytest.raises(SetupError) as refused:
        check_template("{client} {user}")
    assert str(refused.value) == (
        "The access log has no field {user}. "
        "There are clf_time, client, host, method, ms, path, protocol, query, scheme, status, time, and header:name."
    )


def test_template_without_fields_is_refused():
    with pytest.raises(SetupError) as refused:
        check_template("apache")
    assert str(refused.value) == (
        "The access log format 'apache' has no field. Use text, combined, json, or {status} and others."
    )
