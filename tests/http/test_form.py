"""Uploaded files and form data."""

import hashlib
import io
import threading
from tempfile import SpooledTemporaryFile

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from trine.http import FormData, Headers, UploadFile


class SlowFile(io.BytesIO):
    """A file that remembers which threads used it, and looks like one on disk."""

    _rolled = True

    def __init__(self):
        super().__init__()
        self.threads = set()

    def read(self, *args):
        self.threads.add(threading.current_thread())
        return super().read(*args)

    def write(self, data):
        self.threads.add(threading.current_thread())
        return super().write(data)

    def seek(self, *args):
        self.threads.add(threading.current_thread())
        return super().seek(*args)


async def test_reading_and_writing():
    upload = UploadFile(io.BytesIO(), size=0, filename="a.txt")
    await upload.write(b"hello ")
    await upload.write(b"world")
    assert upload.size == 11
    await upload.seek(6)
    assert await upload.read(2) == b"wo"
    assert await upload.read() == b"rld"
    await upload.close()
    assert upload.file.closed


async def test_an_unknown_size_stays_unknown():
    upload = UploadFile(io.BytesIO())
    await upload.write(b"abc")
    assert upload.size is None


async def test_files_on_disk_are_used_in_worker_threads():
    upload = UploadFile(SlowFile())
    await upload.write(b"hello")
    await upload.seek(0)
    assert await upload.read() == b"hello"
    assert threading.current_thread() not in upload.file.threads
    assert upload.file.threads
    await upload.close()


async def test_files_in_memory_are_used_in_place():
    class InMemory(SlowFile):
        _rolled = False

    upload = UploadFile(InMemory())
    await upload.write(b"hello")
    await upload.seek(0)
    await upload.read()
    assert upload.file.threads == {threading.current_thread()}


async def test_the_write_that_grows_onto_the_disk_leaves_the_loop():
    rolled_by = []

    class Spooled(SpooledTemporaryFile):
        def rollover(self):
            rolled_by.append(threading.current_thread())
            super().rollover()

    with Spooled(max_size=8) as file:
        upload = UploadFile(file, size=0)
        await upload.write(b"12345678")
        assert rolled_by == []
        await upload.write(b"9")
        assert len(rolled_by) == 1
        assert rolled_by[0] is not threading.current_thread()
        await upload.seek(0)
        assert await upload.read() == b"123456789"


async def test_a_plain_file_on_disk_works_too(tmp_path):
    path = tmp_path / "a"
    with path.open("w+b") as file:
        upload = UploadFile(file)
        await upload.write(b"abc")
        await upload.seek(1)
        assert await upload.read() == b"bc"
        await upload.close()
    assert path.read_bytes() == b"abc"


def test_content_type_is_what_the_client_says():
    assert UploadFile(io.BytesIO(), headers=Headers({"content-type": "image/png"})).content_type == "image/png"
    assert UploadFile(io.BytesIO()).content_type is None


def test_repr():
    upload = UploadFile(io.BytesIO(), size=3, filename="a", headers=Headers({"x": "y"}))
    assert repr(upload) == "UploadFile(filename='a', size=3, headers=Headers({'x': 'y'}))"


def test_as_a_pydantic_field():
    class Form(BaseModel):
        file: UploadFile

    upload = UploadFile(io.BytesIO())
    assert Form(file=upload).file is upload
    with pytest.raises(ValidationError) as raised:
        Form(file="text")
    (error,) = raised.value.errors()
    assert error["type"] == "value_error"
    assert error["loc"] == ("file",)
    assert error["msg"] == "Value error, Expected UploadFile, received: <class 'str'>"


def test_json_schema():
    schema = {"type": "string", "contentMediaType": "application/octet-stream"}
    assert TypeAdapter(UploadFile).json_schema() == schema
    assert TypeAdapter(list[UploadFile]).json_schema() == {"type": "array", "items": schema}


async def test_closing_a_form_closes_its_files():
    files = [UploadFile(io.BytesIO()), UploadFile(io.BytesIO())]
    form = FormData([("a", "text"), ("f", files[0]), ("f", files[1])])
    assert form["f"] is files[1]
    assert form.getlist("f") == files
    await form.close()
    assert [upload.file.closed for upload in files] == [True, True]


async def test_an_upload_is_saved_whole_wherever_it_was_read_to(tmp_path):
    for size in (100, 3_000_000):
        content = bytes(range(256)) * (size // 256)
        with SpooledTemporaryFile(max_size=1000) as file:
            file.write(content)
            file.seek(7)
            upload = UploadFile(file, filename="a.bin")
            digest = hashlib.sha256()
            assert await upload.save(tmp_path / f"{size}", digest=digest) == len(content)
            assert digest.hexdigest() == hashlib.sha256(content).hexdigest()
            assert (tmp_path / f"{size}").read_bytes() == content
            assert await upload.read(2) == content[7:9]
            with pytest.raises(FileExistsError, match="There is a file at"):
                await upload.save(tmp_path / f"{size}")
            await upload.save(tmp_path / f"{size}", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["100", "3000000"]


async def test_an_upload_that_cannot_be_saved_leaves_no_file(tmp_path):
    upload = UploadFile(io.BytesIO(b"content"), filename="a.bin")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        await upload.save(tmp_path / "folder", overwrite=True)
    with pytest.raises(FileNotFoundError):
        await upload.save(tmp_path / "none" / "a.bin")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
