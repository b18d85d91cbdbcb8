"""Compressed requests: read where somebody asked for it, refused clearly elsewhere, and never more than the limits allow."""

import gzip
import tracemalloc
import zlib
from contextlib import suppress
from typing import Annotated

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from trine import App, Form, Request, SetupError, UploadFile
from trine.middleware import DecompressionMiddleware
from trine.middleware.codings import DECODERS

WRITERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
JSON = {"content-type": "application/json"}
TEXT = b'{"name": "' + b"Ada " * 500 + b'"}'


class Guest(BaseModel):
    name: str


def guests(**options) -> App:
    app = plain_guests()
    app.add_middleware(DecompressionMiddleware, **options)
    return app


def plain_guests() -> App:
    app = App()

    @app.post("/typed")
    async def typed(guest: Guest) -> int:
        return len(guest.name)

    @app.post("/json")
    async def read_json(request: Request) -> int:
        return len((await request.json())["name"])

    @app.post("/stream", max_body_size=50_000_000)
    async def stream(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @app.post("/form")
    async def form(name: Annotated[str, Form()]) -> str:
        return name

    @app.post("/upload")
    async def upload(file: UploadFile) -> int:
        return len(await file.read())

    @app.post("/headers")
    async def headers(request: Request) -> list[bool]:
        names = ("content-encoding", "content-length")
        scope = dict(request.scope["headers"])
        return [name in request.headers or name.encode() in scope for name in names]

    return app


@pytest.mark.parametrize("coding", WRITERS)
def test_body_is_decompressed(client_for, coding):
    client = client_for(guests())
    headers = {**JSON, "content-encoding": coding}
    body = WRITERS[coding](TEXT)
    assert client.post("/typed", content=body, headers=headers).json() == 2000
    assert client.post("/json", content=body, headers=headers).json() == 2000
    assert client.post("/stream", content=body, headers=headers).json() == len(TEXT)
    assert client.post("/headers", content=body, headers=headers).json() == [False, False]
    large = WRITERS[coding](bytes(range(256)) * 4000)
    assert client.post("/stream", content=large, headers={"content-encoding": coding}).json() == 1_024_000


def test_forms_are_decompressed(client_for):
    client = client_for(guests())
    kind = {"content-type": "application/x-www-form-urlencoded", "content-encoding": "gzip"}
    assert client.post("/form", content=gzip.compress(b"name=Ada"), headers=kind).json() == "Ada"
    part = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello\r\n--B--\r\n'
    kind = {"content-type": "multipart/form-data; boundary=B", "content-encoding": "GZIP"}
    assert client.post("/upload", content=gzip.compress(part), headers=kind).json() == 5


def test_what_is_not_compressed_passes(client_for):
    client = client_for(guests())
    assert client.post("/typed", content=TEXT, headers=JSON).json() == 2000
    assert client.post("/typed", content=TEXT, headers={**JSON, "content-encoding": "identity"}).json() == 2000


@pytest.mark.parametrize("coding", ["lzma", "gzip, gzip", "gzip, br", "compress", "a" * 500])
def test_unknown_codings_are_refused_with_those_that_are_taken(client_for, coding):
    answer = client_for(guests()).post("/typed", content=TEXT, headers={**JSON, "content-encoding": coding})
    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "zstd, br, gzip, deflate"
    assert answer.json() == {"detail": f"The content encoding '{coding[:100]}' is not accepted here."}


@pytest.mark.parametrize("path", ["/typed", "/json", "/form", "/upload"])
def test_without_the_middleware_a_compressed_body_is_refused(client_for, path):
    kind = {
        "/form": "application/x-www-form-urlencoded",
        "/upload": "multipart/form-data; boundary=B",
    }.get(path, "application/json")
    headers = {"content-type": kind, "content-encoding": "gzip"}
    answer = client_for(plain_guests()).post(path, content=gzip.compress(TEXT), headers=headers)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
    assert answer.json() == {"detail": "The content encoding 'gzip' is not accepted here."}


BOMB = 60_000_000


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("path", ["/typed", "/stream"])
def test_bomb_is_refused_before_it_takes_memory(client_for, coding, path):
    body = WRITERS[coding](b"\0" * BOMB)
    client = client_for(guests())
    client.post(path, content=WRITERS[coding](TEXT), headers={**JSON, "content-encoding": coding})
    tracemalloc.start()
    answer = client.post(path, content=body, headers={**JSON, "content-encoding": coding})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status_code == 413
    assert answer.json() == {"detail": "The request body grows to more than 100 times its size, which is not accepted here."}
    assert peak < 8_000_000


def test_what_comes_out_counts_against_the_limit_of_the_body(client_for):
    app = App(max_body_size=100_000)
    app.add_middleware(DecompressionMiddleware)

    @app.post("/")
    async def read(request: Request) -> int:
        return len(await request.body())

    client = client_for(app)
    for coding in ("gzip", "br", "zstd"):
        headers = {"content-encoding": coding}
        assert client.post("/", content=WRITERS[coding](b"a" * 100_000), headers=headers).json() == 100_000
        answer = client.post("/", content=WRITERS[coding](b"a" * 100_001), headers=headers)
        assert answer.status_code == 413
        assert answer.json() == {"detail": "The request body is larger than the 100000 bytes that are accepted here."}
    # Members that hold nothing: what came in counts as well.
    nothing = client.post("/", content=gzip.compress(b"", 0) * 10_000, headers={"content-encoding": "gzip"})
    assert nothing.status_code in (400, 413)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_broken_bodies_are_refused(client_for, coding):
    client = client_for(guests())
    whole = WRITERS[coding](TEXT)
    headers = {**JSON, "content-encoding": coding}
    for broken in (whole[:-1], whole[: len(whole) // 2], whole + b"more", b"nonsense" + whole, b"\0", TEXT):
        answer = client.post("/stream", content=broken, headers=headers)
        assert answer.status_code == 400, broken
        assert answer.json()["detail"].startswith("The request body cannot be decompressed: ")


def test_empty_body_needs_no_decompressing(client_for):
    answer = client_for(guests()).post("/stream", content=b"", headers={"content-encoding": "gzip"})
    assert answer.json() == 0


def test_several_members_are_one_body(client_for):
    client = client_for(guests())
    for coding in ("gzip", "zstd"):
        body = WRITERS[coding](b"a" * 10) + WRITERS[coding](b"b" * 10)
        assert client.post("/stream", content=body, headers={"content-encoding": coding}).json() == 20


def test_mistakes_are_found_at_once():
    with pytest.raises(SetupError) as caught:
        DecompressionMiddleware(max_ratio=1)
    assert str(caught.value) == "DecompressionMiddleware has max_ratio=1. Most bodies shrink to a tenth; 100 is usual."


@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.binary(max_size=5000), st.integers(1, 300), st.integers(0, 3000))
def test_however_it_is_cut_it_is_the_same_body(coding, body, size, repeat):
    data = WRITERS[coding](body * repeat)
    decoder = DECODERS[coding]()
    pieces = [piece for start in range(0, len(data), size) for piece in decoder.read(data[start : start + size])]
    decoder.finish()
    assert b"".join(pieces) == body * repeat


@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.binary(max_size=300), st.integers(0, 60), st.binary(max_size=8))
def test_whatever_comes_ends_in_bytes_or_a_value_error(coding, body, place, noise):
    data = bytearray(WRITERS[coding](body))
    data[place : place + len(noise)] = noise
    decoder = DECODERS[coding]()
    with suppress(ValueError):
        for piece in decoder.read(bytes(data)):
            assert piece
        decoder.finish()
