"""Conditional requests: 304 instead of what the client has already (RFC 9110 §13)."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b

from trine.errors import SetupError
from trine.http import FileResponse, Handler, Request, Response

from .header_lines import line_of, own_copy, set_line

_find_tags = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")').findall
_MAX_LENGTH = 8192
# They describe a body that a 304 does not have.
_OF_THE_BODY = ("content-length", "content-type", "content-encoding", "content-language", "content-range")


class ConditionalGetMiddleware:
    """Tag answers to GET by their content, and answer 304 where the client has the tag, or the date, already.

    The handler still runs: what is saved is the sending. An own `ETag` or `Last-Modified` is used as it is; streams and
    bodies above `max_size` bytes get no tag. Compression goes outside: add it after this one. Costs 6 µs for 1 kB.
    """

    def __init__(self, *, max_size: int = 1024 * 1024) -> None:
        if max_size < 0:
            raise SetupError(f"ConditionalGetMiddleware has max_size={max_size}.", hint="Use a number of bytes.")
        self.max_size = max_size

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""

        async def with_conditions(request: Request) -> Response:
            response = await handler(request)
            if request.method not in ("GET", "HEAD") or response.status_code != 200:
                return response
            response = self._tag(response)
            return _not_modified(response) if _is_known(request, response) else response

        return with_conditions

    def _tag(self, response: Response) -> Response:
        if isinstance(response, FileResponse):
            response.load_stat()
        body = response.body
        if not body or len(body) > self.max_size or line_of(response, "etag") is not None:
            return response
        if "no-store" in (line_of(response, "cache-control") or "") or line_of(response, "content-encoding") is not None:
            return response
        response = own_copy(response)
        set_line(response, "etag", f'"{blake2b(body, digest_size=16).hexdigest()}"')
        return response


def _is_known(request: Request, response: Response) -> bool:
    tags = request.headers.getlist("if-none-match")
    if tags:
        line = ", ".join(tags)[:_MAX_LENGTH]
        # Weak comparison (RFC 9110 §8.8.3.2): what was compressed on its way is still the same.
        etag = (line_of(response, "etag") or "").removeprefix("W/")
        return line.strip() == "*" or (etag != "" and etag in _find_tags(line))
    since, modified = _date(request.headers.get("if-modified-since")), _date(line_of(response, "last-modified"))
    return since is not None and modified is not None and modified <= since


def _date(line: str | None) -> datetime | None:
    if line is None or len(line) > 64:
        return None
    try:
        date = parsedate_to_datetime(line)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else None


def _not_modified(response: Response) -> Response:
    known = Response(None, 304, response.headers, background=response.background)
    for name in _OF_THE_BODY:
        del known.headers[name]
    return known
