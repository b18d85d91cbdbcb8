"""Forms as they arrive: what is accepted, what is refused, and that no file is left behind."""

import asyncio
import contextlib
import logging
import tempfile

import pytest

from trine.http import FormLimits, MultipartError, UploadFile
from trine.http.multipart import parse_multipart, parse_urlencoded

CONTENT_TYPE = "multipart/form-data; boundary=bound"


def part(disposition, data=b"", **headers):
    lines = [f"Content-Disposition: {disposition}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return b"--bound\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + data + b"\r\n"


def field(name, value):
    return part(f'form-data; name="{name}"', value)


def file(name, filename, data=b"data"):
    return part(f'form-data; name="{name}"; filename="{filename}"', data)


async def chunks(body, size=65536):
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def parse(*parts, size=65536, content_type=CONTENT_TYPE, end=b"--bound--\r\n", **limits):
    return await parse_multipart(chunks(b"".join(parts) + end, size), content_type, FormLimits(**limits))


@contextlib.asynccontextmanager
async def parsed(*parts, **options):
    form = await parse(*parts, **options)
    try:
        yield form
    finally:
        await form.close()


async def refusal(*parts, **options):
    with pytest.raises(MultipartError) as raised:
        await parse(*parts, **options)
    return str(raised.value)


@pytest.fixture
def opened_files(monkeypatch):
    """Every temporary file that was opened."""
    files = []

    class Watched(tempfile.SpooledTemporaryFile):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            files.append(self)

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", Watched)
    return files


@pytest.mark.parametrize("size", [1, 2, 3, 7, 65536])
async def test_fields_and_files_in_order(size):
    parts = field("a", b"1"), file("f", "x.bin", b"\r\n--boun\r\n\r\n\0"), field("a", "ä\r\n".encode())
    async with parsed(*parts, size=size) as form:
        assert [name for name, _ in form.multi_items()] == ["a", "f", "a"]
        assert form.getlist("a") == ["1", "ä\r\n"]
        upload = form["f"]
        assert isinstance(upload, UploadFile)
        assert (upload.filename, upload.size) == ("x.bin", 13)
        assert await upload.read() == b"\r\n--boun\r\n\r\n\0"


async def test_headers_of_a_file_are_kept():
    async with parsed(part('form-data; name="f"; filename="a"', b"", Content_Type="image/PNG", X_Extra=" 1 ")) as form:
        assert form["f"].content_type == "image/PNG"
        assert form["f"].headers.items() == [
            ("content-disposition", 'form-data; name="f"; filename="a"'),
            ("content-type", "image/PNG"),
            ("x-extra", "1"),
        ]


async def test_empty_form_and_empty_body():
    assert (await parse()).multi_items() == []
    assert (await parse(end=b"")).multi_items() == []


async def test_preamble_and_epilogue_are_passed_over():
    form = await parse(b"\r\n", field("a", b"1"), end=b"--bound--\r\nepilogue --bound\r\n")
    assert form.multi_items() == [("a", "1")]


async def test_a_file_input_without_a_file():
    async with parsed(file("f", "", b"")) as form:
        assert form["f"].filename == ""
        assert form["f"].size == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        (r"C:\\dir\\a.txt", "a.txt"),
        (r"C:\dir\a.txt", "a.txt"),
        (r"..\..\a.txt", "a.txt"),
        ("a/", ""),
        ("..", ""),
        (".", ""),
        ("dir/..", ""),
        (" a b.txt ", "a b.txt"),
        (r"say \"hi\".txt", 'say "hi".txt'),
        ("naïve ☺.txt", "naïve ☺.txt"),
        ("a\x01\x1bb\x7f.txt", "ab.txt"),
        ("exe\u202etxt.doc", "exetxt.doc"),
        ("%2e%2e%2fa", "%2e%2e%2fa"),
        (".htaccess", ".htaccess"),
        ("a;b=c.txt", "a;b=c.txt"),
    ],
)
async def test_filenames_carry_no_folders_and_no_control_characters(sent, kept):
    async with parsed(file("f", sent)) as form:
        assert form["f"].filename == kept


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ("filename*=utf-8''na%C3%AFve.txt", "naïve.txt"),
        ("filename=fallback; filename*=UTF-8'en'na%C3%AFve.txt", "naïve.txt"),
        ("filename*=iso-8859-1''na%EFve.txt; filename=fallback", "naïve.txt"),
        ("filename*=utf-8''..%2F..%2Fa%00%0A.txt", "a.txt"),
        ("filename*=utf-8''%ff.txt", "\ufffd.txt"),
        ("filename*=utf-16''a; filename=fallback", "fallback"),
        ("filename*=broken; filename=fallback", "fallback"),
        ("filename=plain.txt", "plain.txt"),
        ("FILENAME=plain.txt", "plain.txt"),
    ],
)
async def test_extended_filenames(options, kept):
    async with parsed(part(f"form-data; name=f; {options}", b"")) as form:
        assert form["f"].filename == kept


async def test_charsets():
    latin = part("form-data; name=a", b"\xe4", Content_Type="text/plain; charset=ISO-8859-1")
    utf8 = part("form-data; name=b", "ä".encode(), Content_Type="text/plain; charset=UTF-8")
    assert (await parse(latin, utf8)).multi_items() == [("a", "ä"), ("b", "ä")]
    form = await parse(field("a", b"\xe4"), content_type=f"{CONTENT_TYPE}; charset=windows-1252")
    assert form["a"] == "ä"
    assert (await parse(field("a", b"\xff")))["a"] == "\ufffd"
    assert (await parse(part("form-data; name=a", "Ж".encode("koi8-r"), Content_Type="text/plain; charset=koi8-r")))["a"] == "Ж"


@pytest.mark.parametrize("charset", ["idna", "punycode", "utf-7", "zlib", "unicode_escape", "nonsense", ""])
async def test_other_codecs_are_refused(charset):
    message = f"The form is written in charset {charset!r}, which is not accepted. Send it as UTF-8."
    assert await refusal(part("form-data; name=a", b"x", Content_Type=f"text/plain; charset={charset}")) == message
    assert await refusal(field("a", b"x"), content_type=f"{CONTENT_TYPE}; charset={charset}") == message


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        'multipart/form-data; boundary="a "',
        "multipart/form-data; boundary=" + "a" * 71,
        'multipart/form-data; boundary="a\r\nb"',
        "multipart/form-data; boundary=ä",
    ],
)
async def test_unusable_boundaries(content_type):
    assert await refusal(field("a", b"1"), content_type=content_type) == (
        "The form's Content-Type has no usable boundary. Send 'multipart/form-data; boundary=...' (70 characters at most)."
    )


async def test_two_boundaries():
    content_type = "multipart/form-data; boundary=bound; boundary=other"
    assert await refusal(content_type=content_type) == (
        "The form cannot be read. The header value 'multipart/form-data; boundary=bound; boundary=other' "
        "has the parameter 'boundary' twice."
    )


async def test_quoted_boundary():
    assert (await parse(field("a", b"1"), content_type='multipart/form-data; boundary="bound"'))["a"] == "1"


@pytest.mark.parametrize("size", [1, 65536])
@pytest.mark.parametrize(
    "body",
    [
        b"no boundary at all",
        b"--other\r\n\r\n\r\n--other--\r\n",
        b"--bound\nContent-Disposition: form-data; name=a\n\n1\n--bound--\n",
        b"--bound\r\nContent Disposition: form-data; name=a\r\n\r\n1\r\n--bound--\r\n",
        b"--bound\r\n: form-data\r\n\r\n1\r\n--bound--\r\n",
        b"--bound\r\nContent-Disposition: form-data; name=a\rX: y\r\n\r\n1\r\n--bound--\r\n",
    ],
)
async def test_malformed_bodies(body, size):
    assert await refusal(body, end=b"", size=size) == "The form is not valid multipart/form-data (RFC 7578)."


@pytest.mark.parametrize(
    "body",
    [
        b"--bou",
        b"--bound\r\nContent-Dispo",
        field("a", b"1")[:-2],
        field("a", b"1") + b"--bound",
        field("a", b"1") + b"--bound-",
        field("a", b"1") + b"--bound\r\n",
        b"\r\n\r\n",
    ],
)
async def test_bodies_that_were_cut_off(body):
    assert await refusal(body, end=b"") == "The form ends before its closing boundary: the upload was cut off."


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (
            part("form-data"),
            'A form part has no name. Each needs a header: Content-Disposition: form-data; name="...".',
        ),
        (
            b"--bound\r\nX: y\r\n\r\n\r\n",
            'A form part has no name. Each needs a header: Content-Disposition: form-data; name="...".',
        ),
        (
            b"--bound\r\n\r\n\r\n",
            'A form part has no name. Each needs a header: Content-Disposition: form-data; name="...".',
        ),
        (
            part("form-data; name=a; name=b"),
            "The form cannot be read. The header value 'form-data; name=a; name=b' has the parameter 'name' twice.",
        ),
        (
            part('form-data; name="a'),
            "The form cannot be read. The header value 'form-data; name=\"a' has malformed parameters.",
        ),
        (
            part("form-data; name=a", b"", content_disposition="form-data; name=b"),
            "A form part has two Content-Disposition headers.",
        ),
        (
            part("form-data; name=a\nX: y"),
            "The header 'content-disposition' of a form part has a line break or a null character.",
        ),
        (
            part("form-data; name=a\0"),
            "The header 'content-disposition' of a form part has a line break or a null character.",
        ),
    ],
)
async def test_parts_that_are_refused(sent, message):
    assert await refusal(sent) == message


async def test_stray_semicolons_do_no_harm():
    assert (await parse(part("form-data;; name=a; ;", b"1")))["a"] == "1"


async def test_limits_are_named():
    assert await refusal(field("a", b"1"), field("b", b"2"), max_fields=1) == (
        "The form has more than the 1 fields that are accepted (max_fields)."
    )
    assert await refusal(file("a", "1"), file("b", "2"), max_files=1) == (
        "The form has more than the 1 files that are accepted (max_files)."
    )
    assert await refusal(field("a", b"12345"), max_part_size=4) == (
        "The form field 'a' is larger than the 4 bytes that are accepted (max_part_size). Send large data as a file."
    )
    assert await refusal(file("a", "x", b"12345"), max_file_size=4) == (
        "The file 'a' is larger than the 4 bytes that are accepted (max_file_size)."
    )
    assert await refusal(part("form-data; name=a", b"", X="y" * 5000)) == (
        "A header of a form part is longer than the 4096 bytes that are accepted (max_header_size)."
    )
    assert await refusal(part("form-data; name=a", b"", A="1", B="2"), max_headers=2) == (
        "A form part has more than the 2 headers that are accepted (max_headers)."
    )


async def test_what_fits_exactly_is_accepted():
    parts = part("form-data; name=a", b"1234", A="1"), file("f", "x", b"12345")
    async with parsed(*parts, max_fields=1, max_files=1, max_part_size=4, max_file_size=5, max_headers=2) as form:
        assert form["a"] == "1234"
        assert form["f"].size == 5


async def test_delimiters_without_parts_are_counted():
    body = b"\r\n--boundX" * 100
    assert await refusal(file("f", "x", body), max_fields=10, max_files=10) == (
        "The form has more than the 20 parts that are accepted (max_fields and max_files)."
    )


async def test_endless_padding_is_refused():
    body = b"\r\n--bound" + b" \t" * 200_000
    assert await refusal(file("f", "x", body)) == "The form is not valid multipart/form-data (RFC 7578)."


async def test_a_little_padding_is_accepted():
    body = field("a", b"1").replace(b"--bound\r\n", b"--bound \t\r\n")
    assert (await parse(field("b", b"2"), body)).multi_items() == [("b", "2"), ("a", "1")]
    assert (await parse(field("b", b"2"), body, size=1)).multi_items() == [("b", "2"), ("a", "1")]


async def test_small_files_stay_in_memory_and_large_ones_go_to_disk():
    data = bytes(range(256)) * 8
    async with parsed(file("small", "a", data[:100]), file("large", "b", data), spool_size=1000, size=100) as form:
        assert form["small"].file._rolled is False
        assert form["large"].file._rolled is True
        assert form["large"].file.read() == data
        await form["large"].seek(2000)
        assert await form["large"].read() == data[2000:]


async def test_large_files_arrive_whole():
    data = bytes(range(256)) * 8192
    async with parsed(file("f", "a", data), field("a", b"1"), size=50_000) as form:
        assert await form["f"].read() == data
        assert form["a"] == "1"


@pytest.mark.parametrize("spool_size", [10, 1024 * 1024])
async def test_every_file_is_closed_after_an_error(opened_files, spool_size):
    await refusal(
        file("a", "1", b"x" * 100_000), file("b", "2", b"x" * 600_000), field("c", b"1"), spool_size=spool_size, max_fields=0
    )
    assert len(opened_files) == 2
    assert all(opened.closed for opened in opened_files)


async def test_every_file_is_closed_when_the_client_leaves(opened_files):
    async def leaving():
        yield file("a", "1", b"x" * 100)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await parse_multipart(leaving(), CONTENT_TYPE, FormLimits())
    assert [opened.closed for opened in opened_files] == [True]


async def test_every_file_is_closed_after_a_cancellation(opened_files):
    waiting = asyncio.Event()

    async def stalled():
        yield file("a", "1", b"x" * 100)
        waiting.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(parse_multipart(stalled(), CONTENT_TYPE, FormLimits()))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [opened.closed for opened in opened_files] == [True]


async def test_a_cancelled_write_ends_before_its_file_is_closed(opened_files, monkeypatch):
    loop = asyncio.get_running_loop()
    writing, go_on, closed = asyncio.Event(), asyncio.Event(), asyncio.Event()
    closed_while_writing = []
    fileno, close = tempfile.SpooledTemporaryFile.fileno, tempfile.SpooledTemporaryFile.close

    def slow_fileno(self):
        # What the worker thread asks for before it writes.
        loop.call_soon_threadsafe(writing.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
        closed_while_writing.append(self.closed)
        return fileno(self)

    def noted_close(self):
        close(self)
        closed.set()

    body = file("a", "1", b"x" * 2_500_000)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "close", noted_close)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "fileno", slow_fileno)
    task = asyncio.create_task(parse_multipart(chunks(body), CONTENT_TYPE, FormLimits(spool_size=10)))
    await writing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not opened_files[0].closed
    go_on.set()
    await closed.wait()
    assert opened_files[0].closed
    assert closed_while_writing
    assert not any(closed_while_writing)


async def test_the_stream_is_closed_after_an_error():
    closed = []

    async def stream():
        try:
            yield b"nonsense"
            yield b"more"
        finally:
            closed.append(True)

    with pytest.raises(MultipartError):
        await parse_multipart(stream(), CONTENT_TYPE, FormLimits())
    assert closed == [True]


async def test_malformed_forms_are_not_logged(caplog):
    with caplog.at_level(logging.DEBUG):
        await refusal(b"no boundary at all", end=b"")
    assert caplog.records == []


async def urlencoded(body, size=65536, **limits):
    return await parse_urlencoded(chunks(body, size), FormLimits(**limits))


@pytest.mark.parametrize("size", [1, 3, 65536])
async def test_urlencoded(size):
    form = await urlencoded("a=1&b=x+y&a=%C3%A4&c=ä".encode(), size)
    assert form.multi_items() == [("a", "1"), ("b", "x y"), ("a", "ä"), ("c", "ä")]
    assert (await urlencoded(b"")).multi_items() == []


@pytest.mark.parametrize("size", [1, 65536])
async def test_urlencoded_limits(size):
    with pytest.raises(MultipartError) as raised:
        await urlencoded(b"a=1&b=2&c=3", size, max_fields=2)
    assert str(raised.value) == "The form has more than the 2 fields that are accepted (max_fields)."
    message = "A form field is larger than the 5 bytes that are accepted (max_part_size). Send large data as a file."
    for body in (b"a=1234", b"a=1&b=1234", b"a=1234&b=1", b"a=1&b=1234&c=1"):
        with pytest.raises(MultipartError) as raised:
            await urlencoded(body, size, max_part_size=5)
        assert str(raised.value) == message
    assert len(await urlencoded(b"a=123&b=123", size, max_part_size=5, max_fields=2)) == 2


async def test_urlencoded_limits_stop_the_reading():
    read = []

    async def endless():
        while True:
            read.append(1)
            yield b"a=1&" * 1000

    with pytest.raises(MultipartError):
        await parse_urlencoded(endless(), FormLimits())
    assert len(read) == 1
