"""Files as answers on both wires: parts of them, and the word that the client has them already."""

import email
import os

import pytest

from trine import App, FileResponse
from trine.middleware import GZipMiddleware

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def client(client_for, tmp_path):
    (tmp_path / "data.bin").write_bytes(CONTENT)
    os.utime(tmp_path / "data.bin", (1_700_000_000, 1_700_000_000))
    app = App()

    @app.get("/")
    async def show():
        return FileResponse(tmp_path / "data.bin")

    @app.post("/")
    async def make():
        return FileResponse(tmp_path / "data.bin")

    return client_for(app)


def test_a_file_says_that_it_has_parts(client):
    answer = client.get("/")
    assert (answer.status_code, answer.headers["accept-ranges"], answer.content) == (200, "bytes", CONTENT)


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=1000-", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=1000-9999", 1000, 1024),
        ("bytes=5-5", 5, 6),
    ],
)
def test_a_range_is_sent_alone(client, wanted, start, stop):
    answer = client.get("/", headers={"range": wanted})
    assert (answer.status_code, answer.content) == (206, CONTENT[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/1024"
    assert answer.headers["content-length"] == str(stop - start)


def test_several_ranges_are_sent_as_parts(client):
    answer = client.get("/", headers={"range": "bytes=0-9, 100-109, 105-119, -4"})
    assert answer.status_code == 206
    assert answer.headers["content-length"] == str(len(answer.content))
    document = email.message_from_bytes(b"content-type: " + answer.headers["content-type"].encode() + b"\n\n" + answer.content)
    parts = [(part["content-range"], part["content-type"]) for part in document.get_payload()]
    kind = "application/octet-stream"
    assert parts == [("bytes 0-9/1024", kind), ("bytes 100-119/1024", kind), ("bytes 1020-1023/1024", kind)]
    assert CONTENT[0:10] in answer.content
    assert CONTENT[100:120] in answer.content


def test_a_range_behind_the_end_is_refused_with_the_size(client):
    answer = client.get("/", headers={"range": "bytes=1024-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */1024")
    assert answer.json() == {"detail": "None of the ranges lies within the 1024 bytes of the content."}


@pytest.mark.parametrize("wanted", ["bytes=a-b", "lines=1-2", "bytes=9-1", "bytes=", "bytes=" + ",".join(["0-1"] * 101)])
def test_ranges_that_nobody_honest_sends_give_the_whole_file(client, wanted):
    answer = client.get("/", headers={"range": wanted})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_a_flood_of_ranges_leaves_a_log_line_with_the_limit(client, caplog):
    client.get("/", headers={"range": "bytes=" + ",".join(["0-1"] * 1000)})
    assert "the Range header has more than 100 ranges" in caplog.text


def test_who_has_the_file_already_is_told_so(client):
    first = client.get("/")
    for line in ({"if-none-match": first.headers["etag"]}, {"if-modified-since": first.headers["last-modified"]}):
        answer = client.get("/", headers=line)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == first.headers["etag"]
        assert "content-type" not in answer.headers
    assert client.get("/", headers={"if-none-match": '"other"', "range": "bytes=0-0"}).status_code == 206


def test_a_range_of_another_version_gives_the_whole_file(client):
    first = client.get("/")
    for version in ('"other"', "Wed, 01 Jan 2020 00:00:00 GMT", f"W/{first.headers['etag']}"):
        assert client.get("/", headers={"range": "bytes=0-0", "if-range": version}).status_code == 200
    for version in (first.headers["etag"], first.headers["last-modified"]):
        assert client.get("/", headers={"range": "bytes=0-0", "if-range": version}).status_code == 206


def test_who_wants_another_version_is_refused(client):
    etag = client.get("/").headers["etag"]
    assert client.get("/", headers={"if-match": '"other"'}).status_code == 412
    assert client.get("/", headers={"if-match": f'"other", {etag}'}).status_code == 200
    assert client.get("/", headers={"if-unmodified-since": "Wed, 01 Jan 2020 00:00:00 GMT"}).status_code == 412
    assert client.get("/", headers={"if-unmodified-since": "Wed, 01 Jan 2025 00:00:00 GMT"}).status_code == 200


def test_a_head_request_knows_no_ranges(client):
    answer = client.head("/", headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "1024", b"")


def test_conditions_are_for_reading_alone(client):
    etag = client.get("/").headers["etag"]
    assert client.post("/", headers={"if-none-match": etag, "range": "bytes=0-1"}).status_code == 200


def test_one_response_may_answer_many_requests(client_for, tmp_path):
    (tmp_path / "page.txt").write_text("0123456789")
    shared = FileResponse(tmp_path / "page.txt")
    app = App()

    @app.get("/")
    async def show():
        return shared

    client = client_for(app)
    assert client.get("/", headers={"range": "bytes=2-3"}).text == "23"
    assert client.get("/", headers={"range": "bytes=4-5, 8-9"}).status_code == 206
    assert (client.get("/").status_code, client.get("/").text) == (200, "0123456789")


def test_middleware_sees_the_whole_file_and_ranges_still_work(client_for, tmp_path):
    (tmp_path / "photo.png").write_bytes(CONTENT)
    app = App()
    app.add_middleware(GZipMiddleware)

    @app.get("/")
    async def show():
        return FileResponse(tmp_path / "photo.png")

    answer = client_for(app).get("/", headers={"range": "bytes=1-2"})
    assert (answer.status_code, answer.content) == (206, CONTENT[1:3])


def test_real_server_sends_files_parts_and_nothing(tmp_path):
    import httpx2

    from trine.testing.live import LiveServer

    (tmp_path / "data.bin").write_bytes(CONTENT)
    app = App()

    @app.get("/")
    async def show():
        return FileResponse(tmp_path / "data.bin")

    with LiveServer(app) as server, httpx2.Client(base_url=server.url) as client:
        whole = client.get("/")
        assert (whole.status_code, whole.content) == (200, CONTENT)
        part = client.get("/", headers={"range": "bytes=10-19"})
        assert (part.status_code, part.content, part.headers["content-length"]) == (206, CONTENT[10:20], "10")
        parts = client.get("/", headers={"range": "bytes=0-1, 10-11"})
        assert (parts.status_code, int(parts.headers["content-length"])) == (206, len(parts.content))
        assert client.get("/", headers={"if-none-match": whole.headers["etag"]}).status_code == 304
        assert client.head("/").headers["content-length"] == "1024"
