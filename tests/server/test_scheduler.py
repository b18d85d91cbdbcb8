"""The short way from Granian to a handler: which requests take it, and that slow and broken ones lose nothing by it."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from trine.server import scheduler

PROGRAM = """
import asyncio
import contextvars

from pydantic import BaseModel
from trine import App

app = App()
mark = contextvars.ContextVar("mark", default="none")


class Note(BaseModel):
    text: str


def in_task() -> bool:
    return asyncio.current_task() is not None


@app.get("/steady")
async def steady() -> dict:
    return {"task": in_task()}


@app.get("/waiting")
async def waiting() -> dict:
    await asyncio.sleep(0)
    return {"task": in_task()}


@app.post("/notes")
async def note(note: Note) -> dict:
    return {"task": in_task(), "text": note.text}


@app.get("/mark")
async def marked() -> dict:
    seen = mark.get()
    mark.set("set")
    return {"seen": seen}
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a program that `trine run` serves."""
    program = tmp_path_factory.mktemp("scheduler") / "program.py"
    program.write_text(PROGRAM)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from trine.cli import main; main()", "run", str(program)]
    command += ["--port", str(port), "--no-access-log"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRINE_")}
    server = subprocess.Popen(command, cwd=program.parent, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        ask(port, "/steady")  # The first request compiles the routes.
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise TimeoutError(f"Nothing listens on port {port}.")


def ask(port: int, path: str, body: str | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {"content-type": "application/json"} if body is not None else {}
        connection.request("GET" if body is None else "POST", path, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def open_post(port: int, body: bytes, *, sent: int) -> socket.socket:
    """Send a request's head, and so many bytes of its body."""
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    head = f"POST /notes HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    client.sendall(head.encode() + body[:sent])
    return client


def test_a_handler_that_never_suspends_runs_without_a_task(port: int):
    assert ask(port, "/steady") == (200, {"task": False})


def test_a_handler_that_awaits_runs_in_a_task(port: int):
    assert ask(port, "/waiting") == (200, {"task": True})


def test_a_handler_that_only_waits_for_its_body_runs_without_a_task(port: int):
    assert ask(port, "/notes", '{"text": "milk"}') == (200, {"task": False, "text": "milk"})


def test_invalid_bodies_are_refused_on_the_short_way_too(port: int):
    detail = {"type": "missing", "loc": ["body", "text"], "msg": "Field required", "input": {}}
    assert ask(port, "/notes", "{}") == (422, {"detail": [detail]})
    assert ask(port, "/notes", '{"text": "bread"}')[0] == 200


def test_a_body_that_takes_its_time_is_waited_for_in_a_task(port: int):
    body = b'{"text": "slow"}'
    with open_post(port, body, sent=4) as client:
        # Other requests pass by meanwhile; by the time that they are answered the body counts as slow.
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            assert ask(port, "/steady")[0] == 200
        client.sendall(body[4:])
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b'{"task":true,"text":"slow"}')


def test_a_client_that_leaves_in_the_middle_of_its_body_does_not_disturb_the_next_one(port: int):
    for _ in range(20):
        open_post(port, b'{"text": "half"}', sent=8).close()
    assert ask(port, "/notes", '{"text": "whole"}') == (200, {"task": False, "text": "whole"})


def test_context_variables_of_one_request_are_not_seen_by_the_next(port: int):
    assert [ask(port, "/mark") for _ in range(3)] == [(200, {"seen": "none"})] * 3


def test_requests_in_a_burst_all_get_their_own_answer(port: int):
    requests = b"".join(
        b"POST /notes HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n"
        + b'{"text": "%04d"}' % number
        for number in range(50)
    )
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(requests)
        seen = b""
        while seen.count(b'"text":') < 50:
            seen += client.recv(65536)
    texts = [piece[1:5] for piece in seen.split(b'"text":')[1:]]
    assert texts == [b"%04d" % number for number in range(50)]


def test_another_granian_keeps_its_own_scheduler(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(scheduler.mp, "_new_cbscheduler")
    assert scheduler.install(object()) is False  # type: ignore[arg-type]
