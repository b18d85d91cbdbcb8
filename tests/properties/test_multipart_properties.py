"""Forms: what is sent arrives, and nothing else than a form or a refusal comes of any bytes."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from trine.http import FormData, FormLimits, MultipartError, QueryParams, UploadFile
from trine.http.multipart import parse_multipart, parse_urlencoded

CONTENT_TYPE = "multipart/form-data; boundary=XX"
LIMITS = FormLimits(max_files=5, max_fields=5, max_part_size=50, max_file_size=200, spool_size=20)

data = st.one_of(
    st.binary(max_size=100),
    st.lists(st.sampled_from([b"\r", b"\n", b"--", b"XX", b"X", b"\r\n--X", b" "]), max_size=20).map(b"".join),
)
safe_data = data.filter(lambda value: b"\r\n--XX" not in b"\r\n" + value and b"--XX" not in value)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
filenames = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
parts = st.lists(st.tuples(names, st.none() | filenames, safe_data), max_size=10)
cuts = st.lists(st.integers(1, 40), min_size=1)


def quoted(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')


def encode(parts):
    body = b""
    for name, filename, content in parts:
        body += f'--XX\r\nContent-Disposition: form-data; name="{quoted(name)}"'.encode()
        if filename is not None:
            body += f'; filename="{quoted(filename)}"'.encode()
        body += b"\r\n\r\n" + content + b"\r\n"
    return body + b"--XX--\r\n"


async def split(body, cuts):
    position, turn = 0, 0
    while position < len(body):
        size = cuts[turn % len(cuts)]
        yield body[position : position + size]
        position, turn = position + size, turn + 1


async def read(body, cuts, content_type=CONTENT_TYPE, limits=None):
    form = await parse_multipart(split(body, cuts), content_type, limits or FormLimits(spool_size=20))
    items = [
        (name, value.filename, value.file.read()) if isinstance(value, UploadFile) else (name, None, value)
        for name, value in form.multi_items()
    ]
    await form.close()
    return items


def run(work):
    with asyncio.Runner() as runner:
        return runner.run(work)


@given(parts, cuts)
def test_every_part_arrives_however_it_is_cut(parts, cuts):
    sent = [(name, filename, value if filename else value.decode("utf-8", "replace")) for name, filename, value in parts]
    assert run(read(encode(parts), cuts)) == sent


async def read_any(body, cuts, content_type):
    try:
        return await read(body, cuts, content_type, LIMITS)
    except MultipartError:
        return None


hostile_lines = st.sampled_from(
    [
        b"--XX\r\n",
        b"--XX--\r\n",
        b"\r\n",
        b"\r\n--XX",
        b"Content-Disposition: form-data; name=a\r\n",
        b'Content-Disposition: form-data; name="a"; filename="\\".."\r\n\r\n',
        b"Content-Disposition: form-data; name*=b; filename*=utf-8''%2F..%00\r\n\r\n",
        b"Content-Type: text/plain; charset=utf-16\r\n",
        b"Content-Type: text/plain; charset=gb18030\r\n",
        b"X" * 60,
        b" " * 60,
        b":\r\n",
        b"\0",
        b"\xff\xfe",
    ]
)


@given(st.one_of(st.binary(), st.lists(st.one_of(hostile_lines, st.binary(max_size=10))).map(b"".join)), cuts)
def test_any_bytes_are_read_or_refused(body, cuts):
    items = run(read_any(body, cuts, CONTENT_TYPE))
    for _, filename, _ in items or ():
        assert not filename or not set(filename) & {"/", "\\", "\0", "\r", "\n"}
    assert len(items or ()) <= 10


@given(st.text())
def test_any_content_type_is_read_or_refused(text):
    run(read_any(b"--XX--\r\n", [100], f"multipart/form-data; boundary=XX{text}"))
    run(read_any(b"--XX--\r\n", [100], text))


@given(st.lists(st.tuples(names, names), max_size=10), cuts)
def test_urlencoded_fields_arrive(pairs, cuts):
    form = run(parse_urlencoded(split(str(QueryParams(pairs)).encode(), cuts), FormLimits()))
    assert form == FormData(pairs)


@given(st.one_of(st.binary(), st.text(st.sampled_from("&=%+a0")).map(str.encode)), cuts)
def test_any_urlencoded_bytes_are_read_or_refused_however_they_are_cut(body, cuts):
    def outcome(cuts):
        try:
            return run(parse_urlencoded(split(body, cuts), LIMITS)).multi_items()
        except MultipartError:
            return None

    assert outcome(cuts) == outcome([len(body) + 1])
