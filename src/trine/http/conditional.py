"""Conditional requests: whether what a client has still holds (RFC 9110 §13)."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from trine.errors import HTTPException

from .headers import Headers
from .response import Response

_find_tags = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"').findall
_MAX_LENGTH = 8192
# They describe a body that a 304 does not have.
_OF_THE_BODY = ("content-length", "content-type", "content-encoding", "content-language", "content-range", "accept-ranges")


def is_not_modified(request: Headers, etag: str | None, last_modified: str | None) -> bool:
    """Whether the client's copy is the current one, by its tag or else its date: answer 304."""
    tags = _line(request, "if-none-match")
    if tags is not None:
        # Weak comparison (RFC 9110 §8.8.3.2): what was compressed on its way is still the same.
        return tags == "*" or (etag is not None and etag.removeprefix("W/") in map(_strong, _find_tags(tags)))
    since, modified = parse_date(request.get("if-modified-since")), parse_date(last_modified)
    return since is not None and modified is not None and modified <= since


def not_modified(response: Response) -> Response:
    """The 304 that stands for a response: the same headers, but for those of a body."""
    known = Response(None, 304, response.headers, background=response.background)
    for name in _OF_THE_BODY:
        del known.headers[name]
    return known


def check_preconditions(request: Headers, etag: str | None, last_modified: str | None) -> None:
    """Raise a 412 where the client asks for another version than there is (`If-Match`, `If-Unmodified-Since`)."""
    tags = _line(request, "if-match")
    if tags is not None:
        # Strong comparison: a weak tag never matches.
        holds = tags == "*" or (etag is not None and etag in _find_tags(tags) and not etag.startswith("W/"))
    else:
        since, modified = parse_date(request.get("if-unmodified-since")), parse_date(last_modified)
        holds = since is None or modified is None or modified <= since
    if not holds:
        raise HTTPException(412)


def is_same_version(request: Headers, etag: str | None, last_modified: str | None) -> bool:
    """Whether a range may be sent: without an `If-Range`, or where it names the present version, exactly (RFC 9110 §13.1.5)."""
    wanted = request.get("if-range")
    if wanted is None:
        return True
    known = etag if wanted.endswith('"') else last_modified
    return known is not None and wanted.strip() == known and not known.startswith("W/")


def parse_date(line: str | None) -> datetime | None:
    """Read a date of HTTP (RFC 9110 §5.6.7). None where there is none."""
    if line is None or len(line) > 64:
        return None
    try:
        date = parsedate_to_datetime(line)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else None


def _line(request: Headers, name: str) -> str | None:
    values = request.getlist(name)
    return ", ".join(values)[:_MAX_LENGTH].strip() if values else None


def _strong(tag: str) -> str:
    return tag.removeprefix("W/")
