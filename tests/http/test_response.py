"""Responses on both wires: bodies, streams, files, cookies, redirects."""

import json
from datetime import UTC, datetime

import pytest

from trine import (
    App,
    BackgroundTasks,
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from trine.http import BackgroundTask


@pytest.fixture
def get(client_for):
    """What a client gets for a response."""

    def send(make, method: str = "GET", **options):
        app = App()

        @app.get("/")
        async def handler():
            return make()

        return client_for(app, follow_redirects=False).request(method, "/", **options)

    return send


@pytest.mark.parametrize(
    ("make", "content_type", "body"),
    [
        (lambda: Response("ä"), None, "ä".encode()),
        (lambda: Response(b"\x00\xff", media_type="application/octet-stream"), "application/octet-stream", b"\x00\xff"),
        (lambda: Response("a", media_type="text/csv"), "text/csv; charset=utf-8", b"a"),
        (lambda: PlainTextResponse("ä"), "text/plain; charset=utf-8", "ä".encode()),
        (lambda: HTMLResponse("<p>"), "text/html; charset=utf-8", b"<p>"),
        (lambda: JSONResponse({"b": 1, "a": [None, "ä"]}), "application/json", '{"b":1,"a":[null,"ä"]}'.encode()),
        (lambda: JSONResponse(1, media_type="application/hal+json"), "application/hal+json", b"1"),
        (lambda: Response("", headers={"content-type": "text/x"}), "text/x", b""),
    ],
    ids=range(8),
)
def test_bodies(get, make, content_type, body):
    answer = get(make)
    assert (answer.status_code, answer.headers.get("content-type"), answer.content) == (200, content_type, body)
    assert answer.headers["content-length"] == str(len(body))


def test_status_and_headers(get):
    answer = get(lambda: Response("a", 418, {"X-Tea": "green"}))
    assert (answer.status_code, answer.headers["x-tea"]) == (418, "green")


def test_headers_can_be_changed_and_repeated(get):
    def make() -> Response:
        response = PlainTextResponse("a")
        response.headers["x-a"] = "1"
        response.headers.append("x-b", "1")
        response.headers.append("x-b", "2")
        return response

    answer = get(make)
    assert (answer.headers["x-a"], answer.headers.get_list("x-b")) == ("1", ["1", "2"])


def test_own_headers_win_over_the_application_s_defaults(get):
    answer = get(lambda: Response("a", headers={"X-Frame-Options": "SAMEORIGIN"}))
    assert answer.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b=1", "a\nb", "a\x00b"])
def test_headers_cannot_smuggle_lines(value):
    with pytest.raises(ValueError, match="x-a"):
        Response("a", headers={"x-a": value})


def test_cookies(get):
    def make() -> Response:
        response = PlainTextResponse("a")
        response.set_cookie("session", "abc", max_age=60, secure=True, httponly=True, samesite="strict")
        response.delete_cookie("old")
        return response

    first, second = get(make).headers.get_list("set-cookie")
    assert first.startswith("session=abc")
    for part in ("Max-Age=60", "Path=/", "Secure", "HttpOnly"):
        assert part.lower() in first.lower()
    assert second.startswith("old=")
    assert "max-age=0" in second.lower()


def test_cookies_that_expire_at_a_moment(get):
    def make() -> Response:
        response = PlainTextResponse("a")
        response.set_cookie("a", "1", expires=datetime(2030, 1, 1, tzinfo=UTC))
        return response

    assert "Tue, 01 Jan 2030 00:00:00 GMT" in get(make).headers["set-cookie"]


@pytest.mark.parametrize(
    ("url", "location"),
    [("/a b", "/a%20b"), ("/ä?q=ü#x", "/%C3%A4?q=%C3%BC#x"), ("https://example.org/x?y=%20", "https://example.org/x?y=%20")],
)
def test_redirects(get, url, location):
    answer = get(lambda: RedirectResponse(url))
    assert (answer.status_code, answer.headers["location"], answer.content) == (307, location, b"")
    assert get(lambda: RedirectResponse(url, 303)).status_code == 303


async def async_pieces():
    yield "a"
    yield b"b"
    yield "ä"


def sync_pieces():
    yield "a"
    yield b"b"
    yield "ä"


@pytest.mark.parametrize("pieces", [async_pieces, sync_pieces, lambda: ["a", b"b", "ä"]])
def test_streams(get, pieces):
    answer = get(lambda: StreamingResponse(pieces(), 201, {"x-a": "1"}, media_type="text/plain"))
    assert (answer.status_code, answer.text, answer.headers["x-a"]) == (201, "abä", "1")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "content-length" not in answer.headers


def test_a_head_request_does_not_run_a_stream(get):
    ran = []

    def pieces():
        ran.append(True)
        yield "a"

    answer = get(lambda: StreamingResponse(pieces(), media_type="text/plain"), "HEAD")
    assert (answer.status_code, answer.content, ran) == (200, b"", [])


def test_files(get, tmp_path):
    file = tmp_path / "ä b.txt"
    file.write_text("hello")
    answer = get(lambda: FileResponse(file, filename=file.name))
    assert (answer.status_code, answer.text, answer.headers["content-length"]) == (200, "hello", "5")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''%C3%A4%20b.txt"
    assert answer.headers["etag"].strip('"')
    assert "GMT" in answer.headers["last-modified"]


def test_a_file_without_a_name_is_shown(get, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<p>")
    answer = get(lambda: FileResponse(file))
    assert "content-disposition" not in answer.headers
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_head_request_for_a_file(get, tmp_path):
    file = tmp_path / "a.bin"
    file.write_bytes(b"12345")
    answer = get(lambda: FileResponse(file), "HEAD")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "5")


def test_large_files_come_whole(get, tmp_path):
    file = tmp_path / "big.bin"
    file.write_bytes(bytes(range(256)) * 4096)
    assert get(lambda: FileResponse(file)).content == file.read_bytes()


def test_a_missing_file_is_the_application_s_mistake(get, tmp_path):
    with pytest.raises(RuntimeError) as raised:
        get(lambda: FileResponse(tmp_path / "missing"))
    assert str(raised.value) == f"File at path {tmp_path / 'missing'} does not exist."


def test_background_work_of_a_response(get):
    done = []
    tasks = BackgroundTasks()
    tasks.add_task(done.append, 1)
    tasks.add_task(done.append, 2)
    get(lambda: PlainTextResponse("a", background=tasks))
    get(lambda: StreamingResponse(["a"], background=BackgroundTask(done.append, 3)))
    assert done == [1, 2, 3]


def test_json_of_many_kinds_of_values(get):
    from dataclasses import dataclass
    from decimal import Decimal
    from uuid import UUID

    from pydantic import BaseModel

    @dataclass
    class Point:
        x: int

    class Model(BaseModel):
        point: Point

    value = {
        "model": Model(point=Point(1)),
        "list": [Point(2)],
        "uuid": UUID(int=0),
        "when": datetime(2026, 1, 1, tzinfo=UTC),
        "sum": Decimal("1.5"),
    }
    answer = json.loads(get(lambda: JSONResponse(value)).content)
    assert answer["model"] == {"point": {"x": 1}}
    assert answer["list"] == [{"x": 2}]
    assert answer["when"] == "2026-01-01T00:00:00Z"
