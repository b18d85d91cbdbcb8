"""Compression: for clients that take it, of what is worth it."""

import gzip
import zlib

import pytest

from trine import App, FileResponse, JSONResponse, PlainTextResponse, Response, SetupError, StreamingResponse
from trine.middleware import GZipMiddleware

TEXT = "compress me " * 500
GZIP = {"accept-encoding": "gzip"}


@pytest.fixture
def ask(client_for):
    """Ask for a response below the middleware."""

    def ask(response, headers=GZIP, method="GET", **options):
        app = App()
        app.add_middleware(GZipMiddleware, **options)
        app.get("/")(lambda: response)
        return client_for(app).request(method, "/", headers=headers)

    return ask


def test_text_is_compressed(ask):
    response = ask(PlainTextResponse(TEXT))
    assert response.text == TEXT
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["vary"] == "Accept-Encoding"
    assert int(response.headers["content-length"]) < len(TEXT) / 10


def test_values_are_compressed(client_for):
    app = App()
    app.add_middleware(GZipMiddleware)

    @app.get("/")
    def index() -> dict[str, str]:
        return {"text": TEXT}

    response = client_for(app).get("/", headers=GZIP)
    assert response.headers["content-encoding"] == "gzip"
    assert response.json() == {"text": TEXT}


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("GZIP", True),
        ("*", True),
        ("identity, *;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("br", False),
        ("identity", False),
        ("", False),
        ("xgzip", False),
        ("gzip;q=abc", False),
        ("," * 5000 + "gzip", False),
    ],
)
def test_client_decides(accepted, compressed, ask):
    response = ask(PlainTextResponse(TEXT), {"accept-encoding": accepted})
    assert ("content-encoding" in response.headers) is compressed
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.text == TEXT


@pytest.mark.parametrize(
    "response",
    [
        PlainTextResponse("short"),
        Response(TEXT, media_type="image/png"),
        Response(TEXT, media_type="video/mp4"),
        Response(TEXT, media_type="application/zip"),
        Response(TEXT, media_type="font/woff2"),
        Response(TEXT, media_type="text/plain", headers={"cache-control": "public, no-transform"}),
        Response(TEXT, media_type="text/plain", status_code=206),
        Response(None, status_code=204),
        StreamingResponse(iter([TEXT]), media_type="text/event-stream"),
        Response(zlib.compress(TEXT.encode()), media_type="text/plain", headers={"content-encoding": "deflate"}),
    ],
    ids=["short", "png", "mp4", "zip", "woff2", "no-transform", "partial", "empty", "events", "encoded"],
)
def test_some_answers_are_left_alone(response, ask):
    answer = ask(response)
    assert answer.headers.get("content-encoding") in (None, "deflate")
    assert "vary" not in answer.headers


@pytest.mark.parametrize("media_type", ["image/svg+xml", "application/json", "application/problem+json", "text/css", "font/ttf"])
def test_text_like_types_are_compressed(media_type, ask):
    assert ask(Response(TEXT, media_type=media_type)).headers["content-encoding"] == "gzip"


def test_stream_is_compressed_chunk_by_chunk(client_for):
    app = App()
    app.add_middleware(GZipMiddleware)
    reached = []

    async def chunks():
        for number in range(3):
            reached.append(number)
            yield f"{number}:{TEXT}"

    app.get("/")(lambda: StreamingResponse(chunks(), media_type="text/plain"))
    reader = zlib.decompressobj(wbits=31)
    with client_for(app).stream("GET", "/", headers=GZIP) as response:
        assert "content-length" not in response.headers
        texts = [reader.decompress(raw).decode() for raw in response.iter_raw()]
    assert [text for text in texts if text] == [f"{number}:{TEXT}" for number in range(3)]
    assert reader.eof


def test_stream_is_closed_with_its_source(client_for):
    app = App()
    app.add_middleware(GZipMiddleware)
    closed = []

    async def chunks():
        try:
            while True:
                yield TEXT
        finally:
            closed.append(True)

    app.get("/")(lambda: StreamingResponse(chunks(), media_type="text/plain"))
    with client_for(app).stream("GET", "/", headers=GZIP) as response:
        next(response.iter_raw())
    assert closed == [True]


def test_large_body_is_compressed_as_well(ask):
    assert ask(PlainTextResponse(TEXT * 100)).text == TEXT * 100


def test_file_is_compressed(ask, tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    response = ask(FileResponse(path))
    assert response.text == TEXT
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["etag"].startswith('W/"')


def test_strong_tag_becomes_weak(ask):
    assert ask(PlainTextResponse(TEXT, headers={"etag": '"1"'})).headers["etag"] == 'W/"1"'
    assert ask(PlainTextResponse(TEXT, headers={"etag": 'W/"1"'})).headers["etag"] == 'W/"1"'


def test_shared_answer_is_not_compressed_for_everybody(client_for):
    app = App()
    app.add_middleware(GZipMiddleware)
    shared = PlainTextResponse(TEXT)
    app.get("/")(lambda: shared)
    client = client_for(app)
    assert client.get("/", headers=GZIP).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/", headers={"accept-encoding": "identity"}).headers


def test_head_has_the_headers_of_get(ask):
    response = ask(PlainTextResponse(TEXT), method="HEAD")
    assert (response.headers["content-encoding"], response.content) == ("gzip", b"")


def test_length_is_blurred(ask):
    lengths = {ask(PlainTextResponse(TEXT)).headers["content-length"] for _ in range(30)}
    assert len(lengths) > 5
    exact = {ask(PlainTextResponse(TEXT), noise=0).headers["content-length"] for _ in range(5)}
    assert exact == {str(len(gzip.compress(TEXT.encode(), 6)))}


def test_background_work_still_runs(client_for):
    app = App()
    app.add_middleware(GZipMiddleware)
    done = []

    async def work() -> None:
        done.append(True)

    app.get("/")(lambda: StreamingResponse(iter([TEXT]), media_type="text/plain", background=work))
    app.get("/json")(lambda: JSONResponse({"text": TEXT}, background=work))
    client = client_for(app)
    client.get("/", headers=GZIP)
    client.get("/json", headers=GZIP)
    assert done == [True, True]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 0}, "GZipMiddleware has level=0. Use 1 (fast) to 9 (small); 6 is usual."),
        (
            {"minimum_size": -1},
            "GZipMiddleware has minimum_size=-1 and noise=100. Neither may be negative, and noise is at most 1000.",
        ),
    ],
)
def test_mistakes_are_found_at_once(options, message):
    with pytest.raises(SetupError) as caught:
        GZipMiddleware(**options)
    assert str(caught.value) == message
