"""Forms, uploads and bodies of any kind that are broken or too large, and what handlers make of users' text in answers."""

import pytest

from .attack import assert_alive, assert_harmless, assert_refused, attack, peak_memory
from .wire import Wire, get, post

MULTIPART = "multipart/form-data; boundary=B"
URLENCODED = "application/x-www-form-urlencoded"
UPLOAD = b'Content-Disposition: form-data; name="files"; filename="a.txt"'
FIELD = b'Content-Disposition: form-data; name="name"'


@pytest.fixture(params=["granian", "uvicorn", "hypercorn"])
def server(request, doors):
    return doors(request.param)


@pytest.fixture
def port(server):
    return server.port


def form(*heads: bytes, end: bytes = b"--B--\r\n") -> bytes:
    return b"".join(b"--B\r\n" + head + b"\r\n\r\nx\r\n" for head in heads) + end


# Forms ----------------------------------------------------------------------------------------------------------------

BROKEN_FORMS = {
    "no closing boundary": form(UPLOAD, end=b""),
    "half a boundary": form(UPLOAD, end=b"--B"),
    "no name": form(b"Content-Disposition: form-data"),
    "no disposition": form(b"Content-Type: text/plain"),
    "two dispositions": form(UPLOAD + b"\r\n" + UPLOAD),
    "10,000 files": form(*[UPLOAD] * 10_000),
    "10,000 fields": form(*[FIELD] * 10_000),
    "boundaries alone": b"--B\r\n" * 10_000,
    "no form at all": b"\0" * 5000,
    "long header": form(UPLOAD + b"\r\nX-A: " + b"a" * 100_000),
    "many headers": form(UPLOAD + b"\r\nX-A: a" * 1000),
    "line break in a name": form(b'Content-Disposition: form-data; name="files"; filename="a\r\nX: y"'),
    "null in a name": form(b'Content-Disposition: form-data; name="files"; filename="a\0b"'),
    "strange charset": form(b'Content-Disposition: form-data; name="files"\r\nContent-Type: text/plain; charset=punycode'),
    "text where a file is wanted": form(b'Content-Disposition: form-data; name="files"'),
}


def test_broken_form_is_refused(port):
    for name, body in BROKEN_FORMS.items():
        answer = attack(port, post("/upload", body, MULTIPART))
        assert answer is not None, name
        assert answer.status in (400, 422), (name, answer)
        assert answer.json["detail"], name


@pytest.mark.parametrize(
    "parameters",
    ["", "; boundary=", "; boundary=" + "b" * 71, "; boundary=B; boundary=C", '; boundary="\xff"', "; boundary=B; charset=idna"],
)
def test_form_without_a_usable_boundary_is_refused(port, parameters):
    assert_refused(port, post("/upload", form(UPLOAD), f"multipart/form-data{parameters}"))


def test_name_of_an_upload_is_no_path(port):
    for name in (b"../../etc/passwd", b"C:\\\\windows\\\\passwd", b"/etc/passwd"):
        answer = attack(port, post("/upload", form(UPLOAD.replace(b"a.txt", name)), MULTIPART))
        assert answer is not None
        assert answer.json == [{"filename": "passwd", "size": 1}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"&".join(b"a%d=1" % number for number in range(10_000)), 400),
        (b"&" * 100_000, 400),
        (b"name=" + b"a" * 2_000_000, 400),
        (b"=====", 422),
        (b"name=a&count=NaN", 422),
        (b"name=a&count=%", 422),
        (b"name=a&count=" + b"9" * 100_000, 422),
        (b"name=%ff&name=%zz", 200),
    ],
    ids=lambda value: str(value[:20]) if isinstance(value, bytes) else "",
)
def test_broken_fields_are_refused(port, body, status):
    answer = attack(port, post("/form", body, URLENCODED))
    assert answer is not None
    assert answer.status == status


# Size -----------------------------------------------------------------------------------------------------------------

KINDS = {
    "/pydantic": "application/json",
    "/msgspec": "application/json",
    "/any": "application/json",
    "/request-json": "application/json",
    "/count": "text/plain",
    "/form": URLENCODED,
    "/upload": MULTIPART,
    "/small": "application/json",
}
MANY = 400 * 1024 * 1024
PIECE = b"x" * 65536


def send_all(wire: Wire, piece: bytes, total: int) -> int:
    """Send a piece again and again, and tell how many bytes went out before the server had enough."""
    sent = 0
    while sent < total and wire.send(piece):
        sent += len(piece)
    return sent


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("how", ["declared", "chunked"])
def test_body_above_the_limit_is_cut_off(server, path, how):
    # Warm, so that what is measured is the attack alone.
    assert_alive(server.port)
    before = peak_memory(server)
    framing = f"Content-Length: {MANY}" if how == "declared" else "Transfer-Encoding: chunked"
    piece = PIECE if how == "declared" else b"10000\r\n" + PIECE + b"\r\n"
    start = b"" if path != "/upload" else form(UPLOAD, end=b"--B\r\n" + UPLOAD + b"\r\n\r\n")
    if how == "chunked":
        start = b"%x\r\n%s\r\n" % (len(start), start) if start else b""
    with Wire(server.port, get(path, f"Content-Type: {KINDS[path]}", framing, method="POST") + start) as wire:
        sent = send_all(wire, piece, MANY)
        answer = wire.receive()
    # 10 MB are accepted; the rest is what stands between the two sides in the network's buffers.
    assert sent < 40 * 1024 * 1024
    if answer is not None:
        assert_harmless(answer)
        assert answer.status == 413 or (answer.status == 400 and path == "/form")
    assert_alive(server.port)
    assert peak_memory(server) - before < 48


def test_declared_length_is_refused_before_anything_is_sent(doors):
    port = doors("granian").port
    for path, kind in KINDS.items():
        with Wire(port, get(path, f"Content-Type: {kind}", "Content-Length: 99999999", method="POST")) as wire:
            answer = wire.receive()
            assert answer is not None
            assert answer.status == 413
            assert wire.is_closed()
    assert_alive(port)


def test_many_uploads_leave_no_memory_behind(doors):
    server = doors("granian")
    body = form(UPLOAD, end=b"--B\r\n" + UPLOAD + b"\r\n\r\n" + b"x" * 8_000_000 + b"\r\n--B--\r\n")
    assert attack(server.port, post("/upload", body, MULTIPART)) is not None
    before = peak_memory(server)
    for _ in range(10):
        answer = attack(server.port, post("/upload", body, MULTIPART))
        assert answer is not None
        assert answer.json == [{"filename": "a.txt", "size": 1}, {"filename": "a.txt", "size": 8_000_000}]
    assert peak_memory(server) - before < 24


# What users' text may do in answers -----------------------------------------------------------------------------------

INJECTIONS = ["a%0d%0aX-Evil:%201", "a%0aX-Evil:%201", "a%0dX-Evil:%201", "a%00X-Evil", "%0d%0a%0d%0a%3Cscript%3E", "%E2%98%83"]


@pytest.mark.parametrize("path", ["/echo/header", "/echo/reply", "/echo/cookie-name"])
def test_header_with_a_line_break_is_refused(port, path):
    for value in INJECTIONS:
        answer = attack(port, get(f"{path}?value={value}"))
        assert answer is not None
        assert answer.status == 400
        assert answer.header("x-evil") is None
        assert answer.json["detail"].startswith("The request asks for an answer whose headers")


@pytest.mark.parametrize(
    ("path", "status", "header"),
    [
        ("/echo/redirect", 307, "location"),
        ("/echo/cookie", 200, "set-cookie"),
        ("/echo/filename", 200, "content-disposition"),
    ],
)
def test_line_breaks_in_redirects_cookies_and_filenames_are_encoded(port, path, status, header):
    for value in (*INJECTIONS, "%22;%20filename=evil", "a;%20Domain=evil.example"):
        with Wire(port, get(f"{path}?value={value}")) as wire:
            answer = wire.receive()
        assert answer is not None
        assert answer.status == status
        assert answer.header("x-evil") is None
        written = [line for name, line in answer.lines if name == header]
        assert len(written) == 1
        assert written[0].isascii()
        assert "; domain=" not in written[0].lower()
        assert "; filename=evil" not in written[0]
    assert_alive(port)


def test_flood_of_ranges_is_ignored(port):
    ranges = "bytes=" + ",".join(f"{number}-{number + 1}" for number in range(5000))
    whole = attack_file(port)
    for value in (ranges, "bytes=-99999999999999999999", "bytes=9-1", "bytes=a-b", "lines=1-2", "bytes=" + "0-," * 5000):
        answer = attack_file(port, f"Range: {value}")
        assert answer.status in (200, 206, 400, 416)
        assert len(answer.body) <= len(whole.body)


def attack_file(port: int, *lines: str):
    with Wire(port, get("/file", *lines)) as wire:
        answer = wire.receive()
    assert answer is not None
    assert_alive(port)
    return answer
