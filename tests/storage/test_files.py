"""Files by name, in every kind of store."""

import asyncio
import io
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from trine import SetupError, UploadFile
from trine.errors import BodyTooLarge
from trine.storage import Storage, StorageError


async def test_what_is_saved_is_read_again(storage):
    info = await storage.save("reports/2026.txt", b"twelve bytes")
    assert (info.name, info.size, info.content_type) == ("reports/2026.txt", 12, "text/plain")
    assert await storage.read("reports/2026.txt") == b"twelve bytes"
    assert b"".join([chunk async for chunk in storage.stream("reports/2026.txt", 7)]) == b"bytes"
    assert b"".join([chunk async for chunk in storage.stream("reports/2026.txt", 0, 6)]) == b"twelve"
    assert (await storage.info("reports/2026.txt")).etag


async def test_a_taken_name_becomes_another(storage):
    await storage.save("cat.png", b"first")
    second = await storage.save("cat.png", b"second")
    assert second.name.startswith("cat-")
    assert second.name.endswith(".png")
    assert await storage.read("cat.png") == b"first"
    assert await storage.read(second.name) == b"second"


async def test_savers_at_once_get_names_of_their_own(storage):
    saved = await asyncio.gather(*(storage.save("same.txt", pieces(str(number).encode())) for number in range(8)))
    assert len({info.name for info in saved}) == 8
    assert sorted([await storage.read(info.name) for info in saved]) == [str(number).encode() for number in range(8)]


async def test_a_file_is_replaced_or_refused_where_that_is_said(storage):
    await storage.save("a.txt", b"old")
    with pytest.raises(FileExistsError, match=r"There is a file 'a\.txt' in storage 'default' already"):
        await storage.save("a.txt", b"new", if_exists="refuse")
    await storage.save("a.txt", b"new", if_exists="replace")
    assert await storage.read("a.txt") == b"new"


async def test_a_missing_file_is_told_by_name(storage):
    with pytest.raises(FileNotFoundError, match=r"There is no file 'nowhere.txt' in storage 'default'\."):
        await storage.read("nowhere.txt")
    assert await storage.exists("nowhere.txt") is False
    await storage.delete("nowhere.txt")


async def test_a_deleted_file_is_gone(storage):
    await storage.save("a.txt", b"x")
    await storage.delete("a.txt")
    assert await storage.exists("a.txt") is False


async def test_files_are_listed_below_a_folder(storage):
    for name in ["a.txt", "one/b.txt", "one/two/c.txt", "other/d.txt"]:
        await storage.save(name, b"x")
    assert sorted([info.name async for info in storage.list("one")]) == ["one/b.txt", "one/two/c.txt"]
    assert len([info async for info in storage.list()]) == 4


async def test_streams_of_every_kind_are_saved(storage, tmp_path):
    big = b"0123456789" * 1_200_000
    (tmp_path / "big.bin").write_bytes(big)
    contents = [io.BytesIO(big), tmp_path / "big.bin", pieces(big), iter([big]), UploadFile(io.BytesIO(big), filename="x")]
    for content in contents:
        info = await storage.save("big.bin", content)
        assert info.size == len(big)
    assert await storage.read(info.name) == big


async def test_nothing_is_left_of_a_stream_that_breaks(storage):
    async def broken() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 3_000_000
        raise ConnectionError("the client left")

    with pytest.raises(ConnectionError, match="the client left"):
        await storage.save("half.bin", broken())
    await storage.save("whole.bin", b"old")
    with pytest.raises(ConnectionError):
        await storage.save("whole.bin", broken(), if_exists="replace")
    assert [info.name async for info in storage.list()] == ["whole.bin"]
    assert await storage.read("whole.bin") == b"old"


async def test_nothing_is_left_of_a_save_that_is_cancelled(storage):
    started = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x"
        started.set()
        await asyncio.Event().wait()

    saving = asyncio.ensure_future(storage.save("half.bin", endless()))
    await started.wait()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert [info.name async for info in storage.list()] == []


async def test_content_beyond_the_limit_is_refused(storage):
    with pytest.raises(BodyTooLarge):
        await storage.save("a.bin", b"123456", max_size=5)
    with pytest.raises(BodyTooLarge):
        await storage.save("a.bin", pieces(b"123456"), max_size=5)
    assert await storage.exists("a.bin") is False


async def test_a_large_stream_needs_little_memory(open_storage):
    storage = open_storage("local")

    async def produced() -> AsyncIterator[bytes]:
        for _ in range(1600):
            yield bytes(64 * 1024)

    await storage.save("warm.bin", b"")
    tracemalloc.start()
    await storage.save("hundred.bin", produced())
    size = 0
    async for chunk in storage.stream("hundred.bin"):
        size += len(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == 1600 * 64 * 1024
    assert peak < 24_000_000  # three parts on their way, and one that is filled


def test_synchronous_code_does_the_same(storage, tmp_path):
    files = storage.sync
    assert files.save("a/b.txt", b"hello").name == "a/b.txt"
    assert files.save("a/b.txt", io.BytesIO(b"again")).name != "a/b.txt"
    assert files.read("a/b.txt") == b"hello"
    assert b"".join(files.stream("a/b.txt", 1, 3)) == b"el"
    assert len(list(files.list("a"))) == 2
    with pytest.raises(BodyTooLarge):
        files.save("c.txt", iter([b"abc", b"def"]), max_size=4)
    with pytest.raises(FileExistsError):
        files.save("a/b.txt", b"x", if_exists="refuse")
    files.save("a/b.txt", b"new", if_exists="replace")
    assert files.info("a/b.txt").size == 3
    files.delete("a/b.txt")
    files.delete("a/b.txt")
    assert not files.exists("a/b.txt")
    assert not files.exists("c.txt")


async def test_stores_keep_what_browsers_are_told(open_storage):
    storage = open_storage("s3")
    await storage.save("report", b"%PDF-", content_type="application/pdf", download="Bericht März.pdf")
    assert (await storage.info("report")).content_type == "application/pdf"


async def test_a_store_that_cannot_be_reached_is_a_storage_error():
    options = {
        "access_key_id": "a",
        "secret_access_key": "b",
        "region": "x",
        "endpoint": "http://127.0.0.1:1",
        "allow_http": "true",
    }
    storage = Storage("s3://bucket", options=options)
    with pytest.raises(StorageError, match=r"'a\.txt' in storage 'default': Generic S3 error"):
        await storage.read("a.txt")


def test_a_url_that_no_store_has_is_refused():
    with pytest.raises(SetupError, match="A storage has the URL 'ftp://host/x'"):
        Storage("ftp://host/x")
    with pytest.raises(SetupError, match=r"cannot be opened: .*wrong_option"):
        Storage("s3://bucket", options={"wrong_option": "1"})


async def test_text_is_refused_with_the_way_out(open_storage):
    with pytest.raises(TypeError, match="Encode the text"):
        await open_storage("memory").save("a.txt", "text")


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 1_000_000):
        yield content[start : start + 1_000_000]
