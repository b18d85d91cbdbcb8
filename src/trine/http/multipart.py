"""Reading the body of an HTML form: `multipart/form-data` (RFC 7578) and `application/x-www-form-urlencoded`."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, cast

from trine.concurrency import run_in_thread

from .form import FormData, UploadFile
from .headers import Headers
from .parameters import decode_extended, parse_parameters
from .query import parse_query

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartParser


class MultipartError(ValueError):
    """A form that is malformed, or larger than its limits. The message is for the client."""


@dataclass(frozen=True, slots=True)
class FormLimits:
    """How much of a form is accepted. Sizes are in bytes; files above `spool_size` wait on disk."""

    max_files: int = 1000
    max_fields: int = 1000
    max_part_size: int = 1024 * 1024
    max_file_size: int | None = None
    max_headers: int = 16
    max_header_size: int = 4096
    spool_size: int = 1024 * 1024


async def parse_multipart(stream: AsyncIterator[bytes], content_type: str, limits: FormLimits) -> FormData:
    """Parse a multipart form while it arrives. Raises `MultipartError`; no temporary file outlives an error or a cancellation."""
    options = _options(content_type)
    reader = _FormReader(limits, _codec(options.get("charset", "utf-8")))
    parser = _build_parser(reader, options.get("boundary", ""), limits)
    delimiter = parser.boundary
    received = False
    try:
        async with _closing(stream):
            async for chunk in stream:
                received = received or bool(chunk)
                for piece in _pieces(chunk):
                    reader.count_delimiters(piece.count(delimiter))
                    _feed(parser, piece, limits)
                    if reader.waiting >= _WRITE_SIZE:
                        await reader.write_files()
        if received and not reader.ended:
            raise MultipartError("The form ends before its closing boundary: the upload was cut off.")
        await reader.write_files(rewind=True)
    except BaseException:
        reader.abandon()
        raise
    return FormData(reader.items)


async def parse_urlencoded(stream: AsyncIterator[bytes], limits: FormLimits) -> FormData:
    """Parse a urlencoded form. Raises `MultipartError` as soon as a limit is passed."""
    body = bytearray()
    fields, last_start = 1, 0
    async with _closing(stream):
        async for chunk in stream:
            fields += chunk.count(b"&")
            if fields > limits.max_fields:
                raise _too_many("fields", limits.max_fields, "max_fields")
            last = chunk.rfind(b"&")
            if last >= 0:
                last_start = len(body) + last + 1
            body += chunk
            if len(body) - last_start > limits.max_part_size:
                raise _field_too_large(None, limits)
    data = bytes(body)
    if len(data) > limits.max_part_size and max(map(len, data.split(b"&"))) > limits.max_part_size:
        raise _field_too_large(None, limits)
    return FormData(parse_query(data, max_fields=limits.max_fields))


# Written to disk in one hop to a worker thread; and the most that is parsed between two looks at the state.
_WRITE_SIZE = 256 * 1024
_PIECE_SIZE = 64 * 1024

# Other codecs of Python are slow on hostile input (idna, punycode) or decode more than text.
_CODECS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "windows-1252", "cp1252"), "cp1252"),
    "iso-8859-15": "iso-8859-15",
    **dict.fromkeys(("windows-1250", "windows-1251", "koi8-r", "iso-8859-2"), ""),
    **dict.fromkeys(("shift_jis", "euc-jp", "gbk", "gb18030", "big5", "euc-kr"), ""),
}


@dataclass(slots=True)
class _Part:
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    name: str = ""
    codec: str = "utf-8"
    data: bytearray = field(default_factory=bytearray)
    upload: UploadFile | None = None
    size: int = 0


class _FormReader:
    """Take what the parser finds, and keep what is waiting for the disk until somebody may await."""

    def __init__(self, limits: FormLimits, codec: str) -> None:
        self.limits = limits
        self.codec = codec
        self.items: list[tuple[str, str | UploadFile]] = []
        self.waiting = 0
        self.ended = False
        self._part = _Part()
        self._header_name = b""
        self._header_value = b""
        self._fields = self._files = self._delimiters = 0
        self._uploads: list[UploadFile] = []
        self._writes: list[tuple[BinaryIO, bytes]] = []
        self._on_disk = False
        self._writing: asyncio.Future[None] | None = None

    def count_delimiters(self, found: int) -> None:
        """Refuse a body that repeats its delimiter without end: each one costs time, even where it starts no part."""
        self._delimiters += found
        most = self.limits.max_fields + self.limits.max_files
        if self._delimiters > most + 1:
            raise _too_many("parts", most, "max_fields and max_files")

    def on_part_begin(self) -> None:
        self._part = _Part(codec=self.codec)

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def on_header_end(self) -> None:
        name, value = self._header_name.lower(), self._header_value.strip(b" \t")
        self._header_name = self._header_value = b""
        if b"\n" in value or b"\0" in value:
            raise MultipartError(f"The header {name.decode('latin-1')!r} of a form part has a line break or a null character.")
        self._part.headers.append((name, value))

    def on_headers_finished(self) -> None:
        part, limits = self._part, self.limits
        if sum(name == b"content-disposition" for name, _ in part.headers) > 1:
            raise MultipartError("A form part has two Content-Disposition headers.")
        disposition = _options(_header(part, b"content-disposition"))
        if "name" not in disposition:
            raise MultipartError('A form part has no name. Each needs a header: Content-Disposition: form-data; name="...".')
        part.name = disposition["name"]
        if "filename" in disposition or "filename*" in disposition:
            self._files += 1
            if self._files > limits.max_files:
                raise _too_many("files", limits.max_files, "max_files")
            part.upload = self._open_upload(part, _client_filename(disposition))
        else:
            self._fields += 1
            if self._fields > limits.max_fields:
                raise _too_many("fields", limits.max_fields, "max_fields")
            charset = _options(_header(part, b"content-type")).get("charset")
            part.codec = self.codec if charset is None else _codec(charset)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part, limits = self._part, self.limits
        part.size += end - start
        if part.upload is None:
            if part.size > limits.max_part_size:
                raise _field_too_large(part.name, limits)
            part.data += data[start:end]
            return
        if limits.max_file_size is not None and part.size > limits.max_file_size:
            limit = limits.max_file_size
            raise MultipartError(f"The file {part.name!r} is larger than the {limit} bytes that are accepted (max_file_size).")
        self._writes.append((part.upload.file, data[start:end]))
        self.waiting += end - start
        self._on_disk = self._on_disk or part.size > limits.spool_size

    def on_part_end(self) -> None:
        part = self._part
        if part.upload is None:
            self.items.append((part.name, part.data.decode(part.codec, "replace")))
        else:
            part.upload.size = part.size
            self.items.append((part.name, part.upload))

    def on_end(self) -> None:
        self.ended = True

    async def write_files(self, *, rewind: bool = False) -> None:
        """Write what is waiting, in a worker thread once a file has grown beyond the memory that it may take."""
        writes, self._writes, self.waiting = self._writes, [], 0
        finished = [upload.file for upload in self._uploads] if rewind else []
        if not self._on_disk:
            _write(writes, finished)
            return
        self._writing = run_in_thread(_write, writes, finished)
        # Shielded: a file must not be closed under the thread that writes to it.
        await asyncio.shield(self._writing)

    def abandon(self) -> None:
        """Close every file, as soon as no thread writes to one."""
        if self._writing is not None and not self._writing.done():
            self._writing.add_done_callback(self._close_files)
        else:
            self._close_files()

    def _open_upload(self, part: _Part, filename: str) -> UploadFile:
        from tempfile import SpooledTemporaryFile

        # Open beyond this block on purpose: it belongs to the UploadFile.
        file = SpooledTemporaryFile(max_size=self.limits.spool_size)  # noqa: SIM115
        upload = UploadFile(cast("BinaryIO", file), size=0, filename=filename, headers=Headers(raw=part.headers))
        self._uploads.append(upload)
        return upload

    def _close_files(self, written: "asyncio.Future[None] | None" = None) -> None:
        if written is not None and not written.cancelled():
            written.exception()  # Looked at, so that nobody reports it: the form was given up before.
        for upload in self._uploads:
            upload.file.close()


def _write(writes: list[tuple[BinaryIO, bytes]], finished: list[BinaryIO]) -> None:
    for file, data in writes:
        file.write(data)
    for file in finished:
        file.seek(0)


def _build_parser(reader: _FormReader, boundary: str, limits: FormLimits) -> "MultipartParser":
    from python_multipart.multipart import MultipartParser

    if not _is_boundary(boundary):
        raise MultipartError(
            "The form's Content-Type has no usable boundary. Send 'multipart/form-data; boundary=...' (70 characters at most)."
        )
    parser = MultipartParser(
        boundary.encode(),
        {
            "on_part_begin": reader.on_part_begin,
            "on_header_field": reader.on_header_field,
            "on_header_value": reader.on_header_value,
            "on_header_end": reader.on_header_end,
            "on_headers_finished": reader.on_headers_finished,
            "on_part_data": reader.on_part_data,
            "on_part_end": reader.on_part_end,
            "on_end": reader.on_end,
        },
        max_header_count=limits.max_headers,
        max_header_size=limits.max_header_size,
    )
    parser.logger = _silent
    return parser


# A malformed form is the client's mistake: the answer says so, and no log needs a line for each.
_silent = logging.Logger("trine.http.multipart", logging.CRITICAL)  # noqa: LOG001 - shared with nobody

# RFC 2046 §5.1.1: bchars, not ending in a space.
_is_boundary = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]").fullmatch


def _feed(parser: "MultipartParser", piece: bytes, limits: FormLimits) -> None:
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartState

    was_padding = parser.state == MultipartState.BOUNDARY_PADDING
    try:
        parser.write(piece)
    except FormParserError as error:
        text = str(error)
        if "header size" in text:
            raise MultipartError(
                f"A header of a form part is longer than the {limits.max_header_size} bytes that are accepted (max_header_size)."
            ) from error
        if "header count" in text:
            raise MultipartError(
                f"A form part has more than the {limits.max_headers} headers that are accepted (max_headers)."
            ) from error
        raise MultipartError("The form is not valid multipart/form-data (RFC 7578).") from error
    # The parser walks over padding byte by byte, and there is no honest reason for more than a little of it.
    if was_padding and len(piece) > 1 and parser.state == MultipartState.BOUNDARY_PADDING:
        raise MultipartError("The form is not valid multipart/form-data (RFC 7578).")


def _pieces(chunk: bytes) -> Iterator[bytes]:
    if len(chunk) <= _PIECE_SIZE:
        yield chunk
        return
    for start in range(0, len(chunk), _PIECE_SIZE):
        yield chunk[start : start + _PIECE_SIZE]


@asynccontextmanager
async def _closing(stream: AsyncIterator[bytes]) -> AsyncIterator[None]:
    """Close an async generator that was not read to its end, as soon as that is known."""
    try:
        yield
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


def _header(part: _Part, name: bytes) -> str:
    # The first one counts. Browsers write UTF-8 here (WHATWG HTML, multipart/form-data encoding).
    return next((value.decode("utf-8", "replace") for key, value in part.headers if key == name), "")


# Control characters, and the marks that make a name read in another direction than it is stored.
_find_unprintable = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def _client_filename(disposition: dict[str, str]) -> str:
    """The last part of the client's path, without control characters; empty when nothing is left of it."""
    extended = decode_extended(disposition.get("filename*", ""))
    name = disposition.get("filename", "") if extended is None else extended
    name = _find_unprintable.sub("", name)
    name = name[max(name.rfind("/"), name.rfind("\\")) + 1 :].strip()
    return "" if name in (".", "..") else name


def _options(value: str) -> dict[str, str]:
    try:
        return parse_parameters(value)
    except ValueError as error:
        raise MultipartError(f"The form cannot be read. {error}") from error


def _codec(charset: str) -> str:
    label = charset.lower()
    codec = _CODECS.get(label)
    if codec is None:
        raise MultipartError(f"The form is written in charset {charset[:40]!r}, which is not accepted. Send it as UTF-8.")
    return codec or label


def _too_many(what: str, limit: int, setting: str) -> MultipartError:
    return MultipartError(f"The form has more than the {limit} {what} that are accepted ({setting}).")


def _field_too_large(name: str | None, limits: FormLimits) -> MultipartError:
    which = "A form field" if name is None else f"The form field {name!r}"
    return MultipartError(
        f"{which} is larger than the {limits.max_part_size} bytes that are accepted (max_part_size). Send large data as a file."
    )
