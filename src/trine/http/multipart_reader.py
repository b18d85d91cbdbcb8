"""Multipart forms (RFC 7578) as bytes come in: parts, their bytes and their ends, within limits."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trine.errors import BadRequest, FormTooLarge

from .headers import Headers
from .parameters import decode_extended, parse_parameters

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartParser


class MultipartError(ValueError):
    """A form that is malformed, or larger than its limits. The message is for the client."""


class FormLimitError(MultipartError):
    """A form that is larger than its limits."""


@contextmanager
def refusing_broken_forms() -> Iterator[None]:
    """Tell the client what is wrong with its form: 400. Perhaps in the middle of it: the rest is not waited for."""
    try:
        yield
    except FormLimitError as error:
        raise FormTooLarge(str(error)) from error
    except MultipartError as error:
        raise BadRequest(str(error), {"connection": "close"}) from error


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


@dataclass(slots=True)
class PartHead:
    """What stands above a part: its name, and the file name where it is a file."""

    lines: list[tuple[bytes, bytes]] = field(default_factory=list)
    name: str = ""
    filename: str | None = None
    codec: str = "utf-8"

    @property
    def headers(self) -> Headers:
        """The header lines."""
        return Headers(raw=self.lines)

    def first(self, name: bytes) -> str:
        """The first value of a header. Browsers write UTF-8 here (WHATWG HTML, multipart/form-data encoding)."""
        return next((value.decode("utf-8", "replace") for key, value in self.lines if key == name), "")


# A part begins, some of its bytes, and its end.
Event = PartHead | bytes | None


class MultipartReader:
    """Takes a form in pieces of any size, and tells what is in them. Raises `MultipartError`.

    python-multipart reads delimiters and headers, line by line. The data between them never reach it: one search goes over
    the bytes of a file, and they are handed on as they came.
    """

    def __init__(self, content_type: str, limits: FormLimits) -> None:
        from python_multipart.multipart import MultipartState

        self._states = MultipartState
        options = _options(content_type)
        self.limits = limits
        self._codec = _codec(options.get("charset", "utf-8"))
        self._parser = _build_parser(self, options.get("boundary", ""), limits)
        self._delimiter = self._parser.boundary
        self._events: list[Event] = []
        self._head = PartHead()
        self._size = 0
        self._header_name = self._header_value = b""
        self._carry = b""
        self._fields = self._files = self._delimiters = 0
        self._has_begun = self._has_ended = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Read a piece. Gives what begins, continues and ends in it."""
        self._has_begun = self._has_begun or bool(chunk)
        if type(chunk) is not bytes:
            # Some servers hand out their own buffers, which they may fill again.
            chunk = bytes(chunk)
        if self._carry:
            chunk, self._carry = self._carry + chunk, b""
        at, end = 0, len(chunk)
        while at < end and not self._has_ended:
            state = self._parser.state
            at = self._read_data(chunk, at) if state == self._states.PART_DATA else self._read_line(chunk, at, state)
        events, self._events = self._events, []
        return events

    def finish(self) -> None:
        """Say that no more comes."""
        if self._has_begun and not self._has_ended:
            raise MultipartError("The form ends before its closing boundary: the upload was cut off.")

    # What the parser calls -------------------------------------------------------------------------------------------

    def on_part_begin(self) -> None:
        """A delimiter was read."""
        self._head = PartHead(codec=self._codec)
        self._size = 0

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """A piece of a header's name."""
        self._header_name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """A piece of a header's value."""
        self._header_value += data[start:end]

    def on_header_end(self) -> None:
        """A header is complete."""
        name, value = self._header_name.lower(), self._header_value.strip(b" \t")
        self._header_name = self._header_value = b""
        if b"\n" in value or b"\0" in value:
            raise MultipartError(f"The header {name.decode('latin-1')!r} of a form part has a line break or a null character.")
        self._head.lines.append((name, value))

    def on_headers_finished(self) -> None:
        """The headers of a part are complete."""
        head = self._head
        if sum(name == b"content-disposition" for name, _ in head.lines) > 1:
            raise MultipartError("A form part has two Content-Disposition headers.")
        disposition = _options(head.first(b"content-disposition"))
        if "name" not in disposition:
            raise MultipartError('A form part has no name. Each needs a header: Content-Disposition: form-data; name="...".')
        head.name = disposition["name"]
        if "filename" in disposition or "filename*" in disposition:
            head.filename = _client_filename(disposition)
            self._files += 1
            if self._files > self.limits.max_files:
                raise too_many("files", self.limits.max_files, "max_files")
        else:
            self._fields += 1
            if self._fields > self.limits.max_fields:
                raise too_many("fields", self.limits.max_fields, "max_fields")
            charset = _options(head.first(b"content-type")).get("charset")
            head.codec = self._codec if charset is None else _codec(charset)
        self._events.append(head)

    def on_part_end(self) -> None:
        """The part is complete."""
        self._events.append(None)

    def on_end(self) -> None:
        """The closing delimiter was read."""
        self._has_ended = True

    # ----------------------------------------------------------------------------------------------------------------

    def _take(self, chunk: bytes, start: int, stop: int) -> None:
        if start == stop:
            return
        head, limits = self._head, self.limits
        self._size += stop - start
        if head.filename is None:
            if self._size > limits.max_part_size:
                raise field_too_large(head.name, limits)
        elif limits.max_file_size is not None and self._size > limits.max_file_size:
            limit = limits.max_file_size
            raise FormLimitError(f"The file {head.name!r} is larger than the {limit} bytes that are accepted (max_file_size).")
        # A whole piece is handed on without a copy.
        self._events.append(chunk if stop - start == len(chunk) else chunk[start:stop])

    def _read_data(self, chunk: bytes, start: int) -> int:
        """Hand on what comes before the next delimiter, and let the parser read the delimiter. Gives where to go on."""
        search, end, delimiter = start, len(chunk), self._delimiter
        while (found := chunk.find(delimiter, search)) >= 0:
            search = found + len(delimiter)
            if search + 2 > end:
                break
            self._count_delimiter()
            following = chunk[search : search + 2]
            if following in (b"\r\n", b"--") or following[0] in b" \t":
                self._take(chunk, start, found)
                self._parse(chunk[found : search + 2])
                return search + 2
            # Anything else after it: it was none, and belongs to the data.
        stop = end if found < 0 else found
        if found < 0:
            # A delimiter has one carriage return, at its start: the last one is the only candidate.
            last = chunk.rfind(b"\r", max(start, end - len(delimiter) + 1))
            stop = last if last >= 0 and delimiter.startswith(chunk[last:]) else end
        self._take(chunk, start, stop)
        self._carry = chunk[stop:]
        return end

    def _read_line(self, chunk: bytes, start: int, state: object) -> int:
        """Let the parser read what is no data, at most a line: the data begin after one. Gives where to go on."""
        if state == self._states.START and chunk[start] in b"\r\n":
            return len(chunk) - len(chunk[start:].lstrip(b"\r\n"))
        stop = chunk.find(b"\n", start, start + _WINDOW) + 1 or min(len(chunk), start + _WINDOW)
        self._parse(chunk[start:stop])
        return stop

    def _count_delimiter(self) -> None:
        """Refuse a body that repeats its delimiter without end: each one costs time, even where it starts no part."""
        self._delimiters += 1
        most = self.limits.max_fields + self.limits.max_files
        if self._delimiters > most + 1:
            raise too_many("parts", most, "max_fields and max_files")

    def _parse(self, window: bytes) -> None:
        from python_multipart.exceptions import FormParserError

        parser, limits = self._parser, self.limits
        was_padding = parser.state == self._states.BOUNDARY_PADDING
        try:
            parser.write(window)
        except FormParserError as error:
            text = str(error)
            if "header size" in text:
                limit = limits.max_header_size
                raise FormLimitError(
                    f"A header of a form part is longer than the {limit} bytes that are accepted (max_header_size)."
                ) from error
            if "header count" in text:
                raise FormLimitError(
                    f"A form part has more than the {limits.max_headers} headers that are accepted (max_headers)."
                ) from error
            raise MultipartError("The form is not valid multipart/form-data (RFC 7578).") from error
        # The parser walks over padding byte by byte, and there is no honest reason for more than a little of it.
        if was_padding and len(window) > 1 and parser.state == self._states.BOUNDARY_PADDING:
            raise MultipartError("The form is not valid multipart/form-data (RFC 7578).")


# What the parser gets at most at a time, where no line ends.
_WINDOW = 1024

# Other codecs of Python are slow on hostile input (idna, punycode) or decode more than text.
_CODECS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "windows-1252", "cp1252"), "cp1252"),
    "iso-8859-15": "iso-8859-15",
    **dict.fromkeys(("windows-1250", "windows-1251", "koi8-r", "iso-8859-2"), ""),
    **dict.fromkeys(("shift_jis", "euc-jp", "gbk", "gb18030", "big5", "euc-kr"), ""),
}


def _build_parser(reader: MultipartReader, boundary: str, limits: FormLimits) -> "MultipartParser":
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


def too_many(what: str, limit: int, setting: str) -> MultipartError:
    """The error for a form with too much of something."""
    return FormLimitError(f"The form has more than the {limit} {what} that are accepted ({setting}).")


def field_too_large(name: str | None, limits: FormLimits) -> MultipartError:
    """The error for a field that is larger than fields may be."""
    which = "A form field" if name is None else f"The form field {name!r}"
    return FormLimitError(
        f"{which} is larger than the {limits.max_part_size} bytes that are accepted (max_part_size). Send large data as a file."
    )
