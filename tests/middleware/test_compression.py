"""Compression: for clients that take it, of what is worth it."""

import gzip
import zlib

import brotli
import pytest
import zstandard

from trine import App, FileResponse, JSONResponse, PlainTextResponse, Response, SetupError, StreamingResponse
from trine.middleware import CompressionMiddleware, GZipMiddleware

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
        ("identity;q=0.1, *", True),
        ("identity, *;q=0.1", False),
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
        ({"compresslevel": 0}, "GZipMiddleware has 0 as the level of gzip. Use 1 (fast) to 9 (small)."),
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


# All codings ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ask_any(client_for):
    """Ask for a response below the middleware for every coding, and give the answer with its body as it was sent."""

    def ask_any(response, accepted, method="GET", headers=None, **options):
        app = App()
        app.add_middleware(CompressionMiddleware, **options)
        app.get("/")(lambda: response)
        lines = {"accept-encoding": accepted, **(headers or {})}
        with client_for(app).stream(method, "/", headers=lines) as answer:
            return answer, b"".join(answer.iter_raw())

    return ask_any


READERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(data),
}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip;q=1, br;q=0.5, zstd;q=0.1", "gzip"),
        ("br;q=0.9, *;q=0.8", "br"),
        ("zstd;q=0, *", "br"),
        ("*", "zstd"),
        ("*;q=0", None),
        ("identity", None),
        ("identity;q=1, br;q=0.9", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_client_chooses_the_coding(ask_any, accepted, coding):
    answer, raw = ask_any(PlainTextResponse(TEXT), accepted)
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert READERS.get(coding, bytes)(raw).decode() == TEXT


@pytest.mark.parametrize("coding", READERS)
@pytest.mark.parametrize("noise", [0, 1, 700])
@pytest.mark.parametrize("text", [TEXT, "x", TEXT * 40])
def test_what_is_read_is_what_was_written(ask_any, coding, noise, text):
    for response in (PlainTextResponse(text), StreamingResponse([text, "", text], media_type="text/plain")):
        answer, raw = ask_any(response, coding, minimum_size=0, noise=noise)
        assert answer.headers["content-encoding"] == coding
        assert READERS[coding](raw).decode() in (text, text * 2)


@pytest.mark.parametrize("coding", READERS)
def test_length_is_blurred_in_every_coding(ask_any, coding):
    lengths = {len(ask_any(PlainTextResponse(TEXT), coding)[1]) for _ in range(30)}
    assert len(lengths) > 5


@pytest.mark.parametrize("coding", READERS)
def test_chunks_can_be_read_as_they_come(client_for, coding):
    app = App()
    app.add_middleware(CompressionMiddleware)
    app.get("/")(lambda: StreamingResponse((f"{number}:{TEXT}" for number in range(3)), media_type="text/plain"))
    reader = {
        "gzip": lambda: zlib.decompressobj(31).decompress,
        "br": lambda: brotli.Decompressor().process,
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress,
    }[coding]()
    with client_for(app).stream("GET", "/", headers={"accept-encoding": coding}) as response:
        texts = [reader(raw).decode() for raw in response.iter_raw()]
    assert [text for text in texts if text] == [f"{number}:{TEXT}" for number in range(3)]


def test_event_streams_are_compressed_where_asked_for(ask_any):
    def events():
        return StreamingResponse((f"data: {number}\n\n" for number in range(100)), media_type="text/event-stream")

    assert "content-encoding" not in ask_any(events(), "gzip")[0].headers
    assert "content-encoding" not in ask_any(events(), "br", event_streams=True)[0].headers
    answer, raw = ask_any(events(), "zstd, br, gzip", event_streams=True)
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw).decode().count("data: ") == 100


def test_brotli_is_for_streams_the_last_choice(ask_any):
    stream = StreamingResponse([TEXT], media_type="text/plain")
    assert ask_any(stream, "br, gzip")[0].headers["content-encoding"] == "gzip"


def test_file_is_sent_in_parts_or_not_at_all_as_before(ask_any, tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    answer, raw = ask_any(FileResponse(path), "zstd", headers={"range": "bytes=0-9"})
    assert (answer.status_code, raw, answer.headers["vary"]) == (206, TEXT[:10].encode(), "Accept-Encoding")
    answer, raw = ask_any(FileResponse(path), "zstd")
    assert READERS["zstd"](raw).decode() == TEXT
    tag = answer.headers["etag"]
    again, raw = ask_any(FileResponse(path), "zstd", headers={"if-none-match": tag})
    assert (again.status_code, raw) == (304, b"")
    resumed, raw = ask_any(FileResponse(path), "zstd", headers={"range": "bytes=0-9", "if-range": tag})
    assert (resumed.status_code, READERS["zstd"](raw).decode()) == (200, TEXT)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"codings": "br"}, "CompressionMiddleware has codings='br', a text. Write codings=['br']."),
        ({"codings": ["lzma"]}, "CompressionMiddleware has the coding 'lzma'. There are zstd, br, gzip."),
        ({"zstd_level": 22}, "CompressionMiddleware has 22 as the level of zstd. Use 1 (fast) to 19 (small)."),
    ],
)
def test_mistakes_with_codings_are_found_at_once(options, message):
    with pytest.raises(SetupError) as caught:
        CompressionMiddleware(**options)
    assert str(caught.value) == message


def test_without_the_libraries_there_is_gzip(monkeypatch):
    monkeypatch.setattr("trine.middleware.codings.find_spec", lambda name: None)
    assert CompressionMiddleware().codings == ("gzip",)
    with pytest.raises(SetupError) as caught:
        CompressionMiddleware(codings=["br"])
    assert str(caught.value) == (
        "CompressionMiddleware needs brotli for 'br'. Install it with: pip install \"trine[compression]\""
    )
