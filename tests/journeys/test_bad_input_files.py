"""Attacks on files, in and out, against real servers: paths, ranges, floods of parts, uploads that break off."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .attack import attack, peak_memory
from .conftest import Server
from .wire import Wire, get, post

MULTIPART = "multipart/form-data; boundary=B"
HEAD = b'--B\r\nContent-Disposition: form-data; name="file"; filename="../../a.txt"\r\n\r\n'
LARGE = bytes(range(256)) * 4096


@dataclass(frozen=True)
class Files:
    """A server of files, and the folders that it works with."""

    server: Server
    site: Path
    uploads: Path
    temporary: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self.server.log.read_text()


@pytest.fixture(scope="module")
def start(serve, tmp_path_factory) -> Callable[[str], Files]:
    started: dict[str, Files] = {}

    def files(name: str) -> Files:
        if name not in started:
            root = tmp_path_factory.mktemp("files")
            site, uploads, temporary = (root / part for part in ("site", "uploads", "temporary"))
            for folder in (site, uploads, temporary):
                folder.mkdir()
            (root / "secret.txt").write_text("secret")
            (site / "index.html").write_text("<h1>Site</h1>")
            (site / ".env").write_text("secret")
            (site / "out").symlink_to(root)
            (site / "large.bin").write_bytes(LARGE)
            engine, _, interface = name.partition(" ")
            options = ["--server", engine, "--no-access-log", *(["--asgi"] if interface else [])]
            env = {"FILES_SITE": str(site), "FILES_UPLOADS": str(uploads), "TMPDIR": str(temporary)}
            server = serve(Path(__file__).with_name("files_app.py"), *options, env=env)
            started[name] = Files(server, site, uploads, temporary)
        return started[name]

    return files


@pytest.fixture(params=["granian", "granian asgi", "uvicorn", "hypercorn"])
def files(request, start) -> Files:
    return start(request.param)


ESCAPES = [
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/%2e%2e%2fsecret.txt",
    "/%252e%252e%252fsecret.txt",
    "/%25%32%65%25%32%65/secret.txt",
    "/..%5c..%5csecret.txt",
    "/..\\secret.txt",
    "/....//secret.txt",
    "/.%2e/secret.txt",
    "//etc/passwd",
    "/%2fetc%2fpasswd",
    "/C:%5csecret.txt",
    "/out/secret.txt",
    "/.env",
    "/%2eenv",
    "/index.html%00.txt",
    "/%00",
    "/..;/secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/%ef%bc%8e%ef%bc%8e/secret.txt",
    "/" + "../" * 50 + "etc/passwd",
    "/" + "a" * 4000,
]


@pytest.mark.parametrize("prefix", ["/static", "/app", "/static/none", "/none/../static"])
def test_no_path_leads_out_of_a_directory(files, prefix):
    for escape in ESCAPES:
        answer = attack(files.port, get(prefix + escape, "Connection: close"))
        assert answer is None or answer.status in (400, 404, 414), (prefix + escape, answer)
        assert answer is None or b"secret" not in answer.body.replace(escape.encode(), b""), prefix + escape
        assert answer is None or b"root:" not in answer.body


def test_files_and_their_parts_are_sent_as_they_are(files):
    def ask(*lines: str):
        answer = attack(files.port, get("/large", *lines))
        assert answer is not None
        return answer

    whole = ask()
    assert (whole.status, hashlib.sha256(whole.body).digest()) == (200, hashlib.sha256(LARGE).digest())
    part = ask("Range: bytes=1000-200999")
    assert (part.status, part.header("content-length")) == (206, "200000")
    assert part.body == LARGE[1000:201000]
    parts = ask("Range: bytes=0-9,500000-")
    assert (parts.status, parts.header("content-length")) == (206, str(len(parts.body)))
    assert LARGE[500000:] in parts.body
    assert ask(f"If-None-Match: {whole.header('etag')}").status == 304
    assert ask("Range: bytes=99999999-").status == 416


@pytest.mark.parametrize(
    "ranges",
    [
        ",".join(f"{number}-{number + 1}" for number in range(0, 8000, 2)),
        ",".join(["0-"] * 5000),
        ",".join(f"{number}-" for number in range(5000)),
        "0-0," * 5000,
    ],
    ids=["many", "equal", "overlapping", "tiny"],
)
def test_flood_of_ranges_costs_one_file_at_most(files, ranges):
    before = peak_memory(files.server)
    answer = attack(files.port, get("/large", f"Range: bytes={ranges}"))
    assert answer is not None
    assert answer.status in (200, 206, 416, 431)
    assert len(answer.body) <= len(LARGE) + 20_000
    assert answer.status == 431 or "the Range header has more than 100 ranges" in files.log
    assert peak_memory(files.server) - before < 16


@pytest.mark.parametrize("path", ["/save", "/spool"])
def test_hundred_thousand_parts_are_refused_and_the_log_says_why(files, path):
    before = peak_memory(files.server)
    answer = attack(files.port, post(path, (HEAD + b"x\r\n") * 100_000 + b"--B--\r\n", MULTIPART))
    detail = "The form has more than the 1000 files that are accepted (max_files)."
    # A server that closes while the flood goes on may cut its own answer off; the log has it in any case.
    assert answer is None or (answer.status, answer.json) == (400, {"detail": detail})
    assert f"POST {path} is refused: {detail}" in files.log
    assert peak_memory(files.server) - before < 40


@pytest.mark.parametrize("path", ["/save", "/spool"])
@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\n--B", b"\r\n--B-", b"\r\n--C--\r\n"], ids=str)
def test_form_without_its_end_is_refused_and_leaves_nothing(files, path, end):
    answer = attack(files.port, post(path, HEAD + b"x" * 3_000_000 + end, MULTIPART))
    assert answer is not None
    assert (answer.status, answer.json) == (
        400,
        {"detail": "The form ends before its closing boundary: the upload was cut off."},
    )
    assert list(files.uploads.iterdir()) == list(files.temporary.iterdir()) == []


def test_names_of_files_are_no_paths(files):
    for name in (b"../../../etc/passwd", b"C:\\windows\\passwd", b"/etc/passwd", b"..\\passwd", b"a/../passwd"):
        body = HEAD.replace(b"../../a.txt", name.replace(b"\\", b"\\\\")) + b"x\r\n--B--\r\n"
        answer = attack(files.port, post("/save", body, MULTIPART))
        assert answer is not None
        assert answer.json == [{"name": "file", "filename": "passwd", "size": 1}]


@pytest.mark.parametrize("path", ["/save", "/spool"])
def test_uploads_that_break_off_leave_no_file(files, path):
    head = get(path, f"Content-Type: {MULTIPART}", "Content-Length: 50000000", method="POST")
    for _ in range(50):
        with Wire(files.port, head + HEAD + b"x" * 2_000_000) as wire:
            wire.leave()
    # The next upload is answered after those before it were noticed, one after the other.
    for _ in range(200):
        answer = attack(files.port, post(path, HEAD + b"x\r\n--B--\r\n", MULTIPART))
        if answer is not None and answer.status == 200 and not (list(files.uploads.iterdir()) or list(files.temporary.iterdir())):
            break
    assert list(files.uploads.iterdir()) == list(files.temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["granian", "uvicorn"])
@pytest.mark.parametrize("path", ["/save", "/spool"])
def test_open_upload_takes_little_memory(start, name, path):
    files = start(name)
    size = 200_000_000
    piece = os.urandom(1_000_000).replace(b"\r", b"x")
    head = get(path, f"Content-Type: {MULTIPART}", f"Content-Length: {len(HEAD) + size + 9}", method="POST")
    attack(files.port, post(path, HEAD + piece * 20 + b"\r\n--B--\r\n", MULTIPART))
    before = peak_memory(files.server)
    with Wire(files.port, head + HEAD) as wire:
        for _ in range(size // len(piece)):
            assert wire.send(piece)
        wire.send(b"\r\n--B--\r\n")
        answer = wire.receive()
    assert answer is not None
    assert answer.status == 200, answer
    assert peak_memory(files.server) - before < 8
