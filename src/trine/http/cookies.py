"""Cookies (RFC 6265): reading what a browser sent, and writing what it shall keep."""

import re
import time
from datetime import datetime
from typing import Literal

from trine.errors import UnsafeHeader

SameSite = Literal["lax", "strict", "none"]

# RFC 6265 §6.1 asks browsers for 50 cookies of 4096 bytes; none keeps more than 200 for a site.
_MAX_COOKIES = 300
_MAX_LENGTH = 64 * 1024

_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
# RFC 6265 §4.1.1, cookie-octet: what may stand in a value without quotes.
_is_plain = re.compile(r"[!#-+\--:<-\[\]-~]+").fullmatch
# Inside quotes everything visible may stay but the quote, the backslash, and what browsers and proxies split at.
_find_unquotable = re.compile(r"[^ !#-+\--:<-\[\]-~]+")
_find_escapes = re.compile(r"((?:\\[0-3][0-7][0-7])+)|\\(.)", re.DOTALL)
# RFC 6265 §4.1.1, av-octet: any character but control characters and the semicolon.
_is_attribute = re.compile(r"[ -:<-~]*").fullmatch


def parse_cookies(header: str) -> dict[str, str]:
    """Parse a Cookie line into names and values, in time linear in its length.

    The first of two equal names wins: browsers send the cookie with the longer path first (RFC 6265 §5.4). Pieces
    without a name are left out, and so is everything after 300 cookies or 64 KiB. Quoted values are unquoted.
    """
    cookies: dict[str, str] = {}
    pieces = header[:_MAX_LENGTH].split(";", _MAX_COOKIES)
    if len(pieces) > _MAX_COOKIES or len(header) > _MAX_LENGTH:
        pieces.pop()  # The rest that was not split, or a cookie that was cut in two.
    is_ascii = header.isascii()
    for piece in pieces:
        name, equals, value = (piece if is_ascii else _as_utf8(piece)).partition("=")
        # Nothing but spaces and tabs is cut off: with more, a name such as "\xa0__Host-id" would pass for a protected one.
        name = name.strip(" \t")
        if equals and name and name not in cookies:
            value = value.strip(" \t")
            cookies[name] = _unquote(value) if value[:1] == '"' else value
    return cookies


def render_cookie(
    name: str,
    value: str,
    *,
    max_age: int | None = None,
    expires: datetime | int | str | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite | None = "lax",
    partitioned: bool = False,
) -> str:
    """Write the value of a Set-Cookie line. `max_age` and a numeric `expires` are seconds from now.

    Any text that has a UTF-8 form may be a value: `parse_cookies` gives it back. Names, attributes and name prefixes
    that browsers refuse raise `ValueError`. Browsers ignore cookies of more than 4096 bytes.
    """
    if not _is_token(name):
        raise UnsafeHeader(f"Cookie {name!r} cannot be set: a name consists of letters, digits and !#$%&'*+-.^_`|~.")
    _check_prefix(name, path=path, domain=domain, secure=secure)
    if partitioned and not secure:
        raise ValueError(f"Cookie {name!r} cannot be partitioned: browsers accept that with secure=True only.")
    if samesite and samesite.lower() not in ("lax", "strict", "none"):
        raise ValueError(f"Cookie {name!r} has samesite={samesite!r}. Use 'lax', 'strict' or 'none'.")
    parts = [
        f"{name}={_quote(name, value)}",
        domain and f"Domain={_attribute(name, 'domain', domain)}",
        expires is not None and f"expires={_attribute(name, 'expires', _http_date(name, expires))}",
        httponly and "HttpOnly",
        max_age is not None and f"Max-Age={int(max_age)}",
        partitioned and "Partitioned",
        path and f"Path={_attribute(name, 'path', path)}",
        samesite and f"SameSite={samesite}",
        secure and "Secure",
    ]
    return "; ".join(part for part in parts if part)


def _check_prefix(name: str, *, path: str | None, domain: str | None, secure: bool) -> None:
    # Browsers compare the prefixes without regard to case (RFC 6265bis §5.7).
    prefix = name[:9].lower()
    if prefix == "__secure-" and not secure:
        raise ValueError(f"Cookie {name!r} cannot be set: the prefix '__Secure-' asks for secure=True.")
    if prefix.startswith("__host-") and not (secure and path == "/" and not domain):
        raise ValueError(f"Cookie {name!r} cannot be set: the prefix '__Host-' asks for secure=True, path='/' and no domain.")


def _attribute(name: str, attribute: str, text: str) -> str:
    if not _is_attribute(text):
        raise UnsafeHeader(
            f"Cookie {name!r} has {attribute}={text!r}: it may have visible ASCII characters only, and no semicolon."
        )
    return text


def _http_date(name: str, expires: datetime | int | str) -> str:
    if isinstance(expires, str):
        return expires
    from email.utils import formatdate

    if isinstance(expires, datetime):
        if expires.tzinfo is None:
            raise ValueError(f"Cookie {name!r} has expires={expires!r}, which names no time zone. Use datetime.now(UTC).")
        return formatdate(expires.timestamp(), usegmt=True)
    return formatdate(time.time() + expires, usegmt=True)


def _quote(name: str, value: str) -> str:
    if _is_plain(value):
        return value
    try:
        return f'"{_find_unquotable.sub(_escape, value)}"'
    except UnicodeEncodeError:
        raise UnsafeHeader(f"Cookie {name!r} has the value {value!r}, which has no UTF-8 form.") from None


def _escape(found: re.Match[str]) -> str:
    return "".join(f"\\{byte:03o}" for byte in found[0].encode())


def _unquote(value: str) -> str:
    if len(value) < 2 or value[-1] != '"':
        return value
    value = value[1:-1]
    return _find_escapes.sub(_unescape, value) if "\\" in value else value


def _unescape(found: re.Match[str]) -> str:
    octal: str | None = found[1]
    if octal is None:
        return str(found[2])
    data = bytes(int(octal[index + 1 : index + 4], 8) for index in range(0, len(octal), 4))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")  # What other frameworks write.


def _as_utf8(text: str) -> str:
    """Read again as UTF-8 what arrived as Latin-1: a Cookie line is bytes, and browsers write UTF-8 (RFC 6265 §5.4)."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
