"""A file as an answer: whole, in parts, or the word that the client has it already."""

import logging
import os
import stat as stat_module
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from email.utils import formatdate
from functools import cache
from hashlib import sha256
from mimetypes import MimeTypes
from pathlib import Path
from typing import BinaryIO, ClassVar, Self
from urllib.parse import quote

from trine.concurrency import iterate_in_thread
from trine.errors import HTTPException

from .conditional import check_preconditions, is_not_modified, is_same_version, not_modified
from .headers import Headers, MutableHeaders
from .ranges import MAX_RANGES, UnsatisfiableRange, parse_range
from .response import Background, Response

Span = tuple[int, int]

logger = logging.getLogger("trine")

_CONDITIONS = ("range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since")


class FileResponse(Response):
    """A file from disk, sent by the server without loading it, with size, date and entity tag.

    To a GET it is sent in parts where the client asks for ranges, and as 304 where the client has it already.
    """

    chunk_size: ClassVar[int] = 256 * 1024
    parts: tuple[Span, ...] = ()
    """The ranges that are sent, as (start, stop) pairs; empty for the whole file."""
    _boundary = b""
    _part_type = ""

    def __init__(
        self,
        path: str | os.PathLike[str],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        filename: str | None = None,
        stat_result: os.stat_result | None = None,
        content_disposition_type: str = "attachment",
    ) -> None:
        self.path = os.fspath(path)
        self.status_code = status_code
        self.background = background
        self.body = None
        self.headers = MutableHeaders(headers)
        self.filename = filename
        if filename is not None:
            self.headers.setdefault("content-disposition", _disposition(content_disposition_type, filename))
        self._describe(media_type or media_type_of(filename or self.path))
        self.headers.setdefault("accept-ranges", "bytes")
        self.stat_result = stat_result
        if stat_result is not None:
            self.describe_file(stat_result)

    @property
    def absolute_path(self) -> str:
        """Where the file lies, for a server that opens it itself."""
        return str(Path(self.path).absolute())

    def describe_file(self, stat_result: os.stat_result) -> None:
        """Set length, date and entity tag from what the file system says."""
        self.stat_result = stat_result
        tag = sha256(f"{stat_result.st_mtime}-{stat_result.st_size}".encode()).hexdigest()[:32]
        self.headers.setdefault("content-length", str(stat_result.st_size))
        self.headers.setdefault("last-modified", formatdate(stat_result.st_mtime, usegmt=True))
        self.headers.setdefault("etag", f'"{tag}"')

    def load_stat(self) -> None:
        """Look at the file once. Raises RuntimeError when there is none: answering 404 is the caller's decision."""
        if self.stat_result is None:
            try:
                result = Path(self.path).stat()
            except FileNotFoundError:
                raise RuntimeError(f"File at path {self.path} does not exist.") from None
            if not stat_module.S_ISREG(result.st_mode):
                raise RuntimeError(f"File at path {self.path} is not a file.")
            self.describe_file(result)

    def answer(self, method: str, request: Headers) -> Response:
        """What this request gets: the file, parts of it, or 304. Raises a 412 or 416 where the client's conditions fail."""
        self.load_stat()
        if self.status_code != 200 or method not in ("GET", "HEAD") or not any(name in request for name in _CONDITIONS):
            return self
        etag, modified = self.headers.get("etag"), self.headers.get("last-modified")
        check_preconditions(request, etag, modified)
        if is_not_modified(request, etag, modified):
            return not_modified(self)
        wanted = request.get("range")
        if wanted is None or method == "HEAD" or not is_same_version(request, etag, modified):
            return self
        return self._in_parts(wanted)

    def copy(self) -> Self:
        """The same answer, whose headers may be changed for one request alone."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        copied.headers = self.headers.mutablecopy()
        return copied

    def chunks(self) -> AsyncIterator[bytes]:
        """Read the file, or the parts that are sent, in worker threads."""
        return iterate_in_thread(self._read())

    def _in_parts(self, wanted: str) -> "FileResponse":
        size = 0 if self.stat_result is None else self.stat_result.st_size
        if wanted.count(",") >= MAX_RANGES:
            logger.warning("%s is sent whole: the Range header has more than %d ranges.", self.path, MAX_RANGES)
        try:
            parts = parse_range(wanted, size)
        except UnsatisfiableRange as error:
            raise HTTPException(416, str(error), {"content-range": f"bytes */{size}"}) from error
        if not parts:
            return self
        partial = self.copy()
        partial.limit_to(parts)
        return partial

    def limit_to(self, parts: Sequence[Span]) -> None:
        """Send these parts alone, with status 206."""
        size, headers = 0 if self.stat_result is None else self.stat_result.st_size, self.headers
        self.status_code, self.parts = 206, tuple(parts)
        if len(parts) == 1:
            headers["content-range"] = _content_range(parts[0], size)
            headers["content-length"] = str(parts[0][1] - parts[0][0])
            return
        self._boundary = os.urandom(16).hex().encode()
        self._part_type = headers.get("content-type", "application/octet-stream")
        length = sum(stop - start + len(self._head((start, stop))) for start, stop in parts)
        headers["content-type"] = f"multipart/byteranges; boundary={self._boundary.decode()}"
        headers["content-length"] = str(length + len(self._boundary) + 6)

    def _head(self, part: Span) -> bytes:
        """What stands before one of several parts (RFC 9110 §14.6)."""
        size = 0 if self.stat_result is None else self.stat_result.st_size
        lines = f"\r\nContent-Type: {self._part_type}\r\nContent-Range: {_content_range(part, size)}\r\n\r\n"
        return b"\r\n--" + self._boundary + lines.encode("latin-1")

    def _read(self) -> Iterator[bytes]:
        with Path(self.path).open("rb") as file:
            if not self.parts:
                while chunk := file.read(self.chunk_size):
                    yield chunk
            for start, stop in self.parts:
                if self._boundary:
                    yield self._head((start, stop))
                file.seek(start)
                yield from _read_until(file, stop, self.chunk_size)
            if self._boundary:
                yield b"\r\n--" + self._boundary + b"--"


@cache
def _types() -> MimeTypes:
    types = MimeTypes()
    for ending, media_type in _MODERN_TYPES.items():
        types.add_type(media_type, ending)
    return types


# What mimetypes of the older Pythons, or a system without /etc/mime.types, does not know.
_MODERN_TYPES = {
    ".avif": "image/avif",
    ".js": "text/javascript",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_COMPRESSED_TYPES = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


def media_type_of(name: str) -> str:
    """The media type that a file's name stands for. One that is compressed is what its last ending says."""
    # A name that reads like a URL (`data:text/html,x.txt`) would choose its type itself: as a path it does not.
    media_type, coding = _types().guess_type(f"./{name}")
    if coding is not None:
        return _COMPRESSED_TYPES.get(coding, "application/octet-stream")
    return media_type or "application/octet-stream"


def _read_until(file: BinaryIO, stop: int, chunk_size: int) -> Iterator[bytes]:
    while chunk := file.read(min(stop - file.tell(), chunk_size)):
        yield chunk


def _content_range(part: Span, size: int) -> str:
    return f"bytes {part[0]}-{part[1] - 1}/{size}"


def _disposition(kind: str, filename: str) -> str:
    # RFC 6266 §4.3: the extended form carries what ASCII cannot.
    quoted = quote(filename, safe="")
    if quoted == filename:
        return f'{kind}; filename="{filename}"'
    return f"{kind}; filename*=utf-8''{quoted}"
