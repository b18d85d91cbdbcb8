"""Conditional requests: what the client has already is not sent again."""

import os

import pytest

from trine import App, FileResponse, HTMLResponse, Response, SetupError, StreamingResponse
from trine.middleware import ConditionalGetMiddleware, GZipMiddleware

DATE = "Sat, 21 Nov 2026 03:00:00 GMT"


@pytest.fixture
def ask(client_for):
    def ask(make=lambda: HTMLResponse("hello"), headers=None, method="GET", **options):
        app = App()
        app.add_middleware(ConditionalGetMiddleware, **options)
        app.api_route("/", methods=["GET", "POST"])(make)
        return client_for(app).request(method, "/", headers=headers)

    return ask


def test_content_is_tagged(ask):
    first, second, other = ask(), ask(), ask(lambda: HTMLResponse("other"))
    assert first.headers["etag"] == second.headers["etag"] != other.headers["etag"]


def test_known_content_is_not_sent(ask):
    etag = ask().headers["etag"]
    response = ask(headers={"if-none-match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == etag
    assert "content-length" not in response.headers
    assert "content-type" not in response.headers


@pytest.mark.parametrize("sent", ["*", '"x", {etag}', "W/{etag}", ' "a,b" ,{etag} ', '"x"' * 3 + ",{etag}"])
def test_tag_is_found_in_a_list(sent, ask):
    assert ask(headers={"if-none-match": sent.format(etag=ask().headers["etag"])}).status_code == 304


@pytest.mark.parametrize("sent", ['"x"', "", "{bare}", '"{bare}', "**", '"' * 5000])
def test_other_tags_are_not_taken(sent, ask):
    bare = ask().headers["etag"].strip('"')
    assert ask(headers={"if-none-match": sent.format(bare=bare)}).status_code == 200


def test_values_are_tagged_as_well(ask):
    def index() -> dict[str, int]:
        return {"a": 1}

    etag = ask(index).headers["etag"]
    assert ask(index, {"if-none-match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (DATE, 304),
        ("Sat, 21 Nov 2026 03:00:01 GMT", 304),
        ("Sat, 21 Nov 2026 02:59:59 GMT", 200),
        ("yesterday", 200),
        ("Sat, 21 Nov 99999 03:00:00 GMT", 200),
        ("Sat, 21 Nov 2026 03:00:01", 200),
        ("", 200),
    ],
)
def test_date_is_compared(since, status, ask):
    response = ask(lambda: HTMLResponse("hello", headers={"last-modified": DATE}), {"if-modified-since": since})
    assert response.status_code == status


def test_tag_decides_where_both_are_sent(ask):
    sent = {"if-modified-since": DATE, "if-none-match": '"other"'}
    assert ask(lambda: HTMLResponse("hello", headers={"last-modified": DATE}), sent).status_code == 200


@pytest.mark.parametrize(
    "make",
    [
        lambda: StreamingResponse(iter(["a"])),
        lambda: Response(None, 204),
        lambda: HTMLResponse("a", 404),
        lambda: HTMLResponse("a", headers={"cache-control": "no-store"}),
        lambda: HTMLResponse("a" * 100),
    ],
    ids=["stream", "empty", "error", "no-store", "large"],
)
def test_some_answers_get_no_tag(make, ask):
    assert "etag" not in ask(make, max_size=50).headers


def test_other_methods_are_left_alone(ask):
    response = ask(method="POST", headers={"if-none-match": "*"})
    assert (response.status_code, response.text) == (200, "hello")
    assert "etag" not in response.headers


def test_file_is_not_sent_again(ask, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("hello")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    etag = ask(lambda: FileResponse(path)).headers["etag"]
    assert ask(lambda: FileResponse(path), {"if-none-match": etag}).status_code == 304
    modified = ask(lambda: FileResponse(path)).headers["last-modified"]
    assert ask(lambda: FileResponse(path), {"if-modified-since": modified}).status_code == 304


def test_works_below_compression(client_for):
    app = App()
    app.add_middleware(ConditionalGetMiddleware)
    app.add_middleware(GZipMiddleware)
    app.get("/")(lambda: HTMLResponse("hello " * 500))
    client = client_for(app)
    first = client.get("/")
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["etag"].startswith('W/"')
    again = client.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_mistakes_are_found_at_once():
    with pytest.raises(SetupError) as caught:
        ConditionalGetMiddleware(max_size=-1)
    assert str(caught.value) == "ConditionalGetMiddleware has max_size=-1. Use a number of bytes."
