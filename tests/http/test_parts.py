"""Uploads that go where they belong while they arrive: in pieces, to a file, past what nobody wants."""

import asyncio
import hashlib
import os
import tracemalloc

import pytest

from trine import App, Request
from trine.errors import BadRequest, FormTooLarge
from trine.http import FormLimits
from trine.http.parts import stream_parts

CONTENT_TYPE = "multipart/form-data; boundary=bound"
CONTENT = bytes(range(256)) * 10_000


@pytest.fixture
def client(client_for, tmp_path):
    app = App(max_body_size=20_000_000)

    @app.post("/list")
    async def show(request: Request) -> list:
        found = []
        async for part in request.parts():
            if part.filename is None:
                found.append({part.name: await part.text()})
            else:
                sizes = [len(chunk) async for chunk in part]
                found.append({part.name: part.filename, "type": part.content_type, "size": sum(sizes), "read": part.size})
        return found

    @app.post("/save")
    async def save(request: Request) -> list:
        saved = []
        async for part in request.parts():
            digest = hashlib.sha256()
            size = await part.save(tmp_path / part.name, digest=digest)
            saved.append([size, digest.hexdigest()])
        return saved

    @app.post("/names")
    async def names(request: Request) -> list:
        return [part.name async for part in request.parts()]

    @app.post("/first")
    async def first(request: Request) -> str:
        async for part in request.parts():
            return part.name
        return "none"

    @app.post("/small", form_limits=FormLimits(max_files=2, max_file_size=100))
    async def small(request: Request) -> int:
        return sum([len(await part.read()) async for part in request.parts()])

    return client_for(app)


def test_fields_and_files_come_in_their_order(client):
    answer = client.post(
        "/list", data={"title": "Über"}, files=[("a", ("a.txt", b"one", "text/plain")), ("b", ("b.bin", CONTENT))]
    )
    assert answer.json() == [
        {"title": "Über"},
        {"a": "a.txt", "type": "text/plain", "size": 3, "read": 3},
        {"b": "b.bin", "type": "application/octet-stream", "size": len(CONTENT), "read": len(CONTENT)},
    ]


def test_files_are_saved_and_hashed_on_the_way(client, tmp_path):
    answer = client.post("/save", files=[("a.bin", ("x", CONTENT)), ("empty", ("y", b""))])
    assert answer.json() == [[len(CONTENT), hashlib.sha256(CONTENT).hexdigest()], [0, hashlib.sha256(b"").hexdigest()]]
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert names_in(tmp_path) == ["a.bin", "empty"]


def test_parts_that_nobody_reads_are_passed_over(client):
    assert client.post("/names", files=[("a", ("x", CONTENT)), ("b", ("y", b"1"))]).json() == ["a", "b"]
    assert client.post("/first", files=[("a", ("x", CONTENT)), ("b", ("y", b"1"))]).json() == "a"
    assert client.post("/first", content=b"--bound--\r\n", headers={"content-type": CONTENT_TYPE}).json() == "none"


def test_other_bodies_are_refused(client):
    assert client.post("/names", json={}).json() == {"detail": "Send the form as multipart/form-data."}
    assert client.post("/names", json={}).status_code == 415
    assert client.post("/names", content=b"x", headers={"content-type": "multipart/form-data"}).status_code == 400


def test_limits_hold_and_the_log_names_them(client, caplog):
    assert client.post("/small", files={"a": ("x", b"1" * 100)}).json() == 100
    large = client.post("/small", files={"a": ("x", b"1" * 101)})
    detail = "The file 'a' is larger than the 100 bytes that are accepted (max_file_size)."
    assert (large.status_code, large.json()) == (400, {"detail": detail})
    assert f"POST /small is refused: {detail}" in caplog.text
    assert client.post("/small", files=[("a", ("x", b"1"))] * 3).status_code == 400


def test_a_form_that_is_cut_off_is_refused_and_leaves_no_file(client, tmp_path):
    body = b'--bound\r\nContent-Disposition: form-data; name="a.bin"; filename="x"\r\n\r\n' + CONTENT
    answer = client.post("/save", content=body, headers={"content-type": CONTENT_TYPE})
    assert (answer.status_code, names_in(tmp_path)) == (400, [])


def test_a_file_that_is_there_is_kept(client_for, tmp_path):
    app = App()

    @app.post("/")
    async def save(request: Request, overwrite: bool = False) -> str:
        async for part in request.parts():
            try:
                await part.save(tmp_path / "a", overwrite=overwrite)
            except FileExistsError:
                return "kept"
        return "saved"

    client = client_for(app)
    (tmp_path / "a").write_text("old")
    assert client.post("/", files={"a": ("x", b"new")}).json() == "kept"
    assert (tmp_path / "a").read_text() == "old"
    assert client.post("/?overwrite=true", files={"a": ("x", b"new")}).json() == "saved"
    assert (tmp_path / "a").read_text() == "new"
    assert names_in(tmp_path) == ["a"]


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


async def save_to(stream, path):
    """Save every part of a form to one path."""
    async for part in stream_parts(stream, CONTENT_TYPE, FormLimits()):
        await part.save(path)


def head(name: str = "a") -> bytes:
    return f'--bound\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'.encode()


async def test_a_client_that_leaves_leaves_no_file(tmp_path):
    async def leaving():
        yield head() + CONTENT
        raise ConnectionResetError

    for _ in range(100):
        with pytest.raises(ConnectionResetError):
            await save_to(leaving(), tmp_path / "a")
    assert names_in(tmp_path) == []


async def test_a_cancelled_upload_leaves_no_file(tmp_path):
    stalled = asyncio.Event()

    async def stalling():
        yield head() + CONTENT
        stalled.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(save_to(stalling(), tmp_path / "a"))
    await stalled.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names_in(tmp_path) == []


async def test_no_more_is_asked_for_than_is_read():
    asked = 0

    async def counted():
        nonlocal asked
        yield head()
        while True:
            asked += 1
            yield b"x" * 1000

    async for part in stream_parts(counted(), CONTENT_TYPE, FormLimits()):
        chunks = part.__aiter__()
        for _ in range(5):
            await anext(chunks)
        break
    assert asked <= 6


async def test_a_large_file_takes_little_memory(tmp_path):
    piece = os.urandom(65536)

    async def large():
        yield head()
        for _ in range(640):
            # New objects, as a server makes them.
            yield bytes(bytearray(piece))
        yield b"\r\n--bound--\r\n"

    tracemalloc.start()
    async for part in stream_parts(large(), CONTENT_TYPE, FormLimits()):
        assert await part.save(tmp_path / "a") == 640 * 65536
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


async def test_a_part_that_has_passed_is_not_read():
    async def two():
        yield head() + b"1\r\n" + head("b") + b"2\r\n--bound--\r\n"

    first, _ = [part async for part in stream_parts(two(), CONTENT_TYPE, FormLimits())]
    with pytest.raises(RuntimeError, match="The part 'a' has passed"):
        await first.read()


@pytest.mark.parametrize("size", [1, 2, 7, 65536])
async def test_data_may_look_like_delimiters(size):
    content = b"\r\n--boun\r\r\n--boundX\r\n--bound\r\r\n--bound-\r\n\r\n--"
    body = head() + content + b"\r\n--bound--\r\nepilogue"

    async def cut():
        for start in range(0, len(body), size):
            yield body[start : start + size]

    assert [await part.read() async for part in stream_parts(cut(), CONTENT_TYPE, FormLimits())] == [content]


async def test_a_server_may_hand_out_buffers_of_its_own():
    async def buffers():
        buffer = bytearray(head() + b"first")
        yield buffer
        buffer[:] = b" second\r\n--bound--\r\n"
        yield memoryview(buffer)

    assert [await part.read() async for part in stream_parts(buffers(), CONTENT_TYPE, FormLimits())] == [b"first second"]


async def test_errors_are_those_of_requests():
    async def broken():
        yield b"nonsense"

    async def flood():
        yield (head() + b"\r\n") * 2000

    with pytest.raises(BadRequest):
        [part async for part in stream_parts(broken(), CONTENT_TYPE, FormLimits())]
    with pytest.raises(FormTooLarge, match="1000 files"):
        [part async for part in stream_parts(flood(), CONTENT_TYPE, FormLimits())]
