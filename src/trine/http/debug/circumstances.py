"""What surrounded an error: the request, as far as it was read, without its secrets."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..request import Request
from .masking import MASK, is_secret_name, mask_text
from .values import Shown, shorten

_MAX_LINES = 60
_MAX_TEXT = 1000
_MAX_BODY = 4000


@dataclass
class Section:
    """A group of named values on the page."""

    title: str
    values: list[Shown]
    is_open: bool = False


def read_circumstances(request: Request) -> list[Section]:
    """Read the request. Nothing is received for it: a body that nobody has read stays unread."""
    client = request.client
    overview = [
        ("method", request.method),
        ("path", request.path),
        ("query", request.query_string),
        ("HTTP", request.http_version),
        ("scheme", request.scheme),
        ("client", f"{client.host}:{client.port}" if client else "a Unix socket"),
    ]
    sections = [
        Section("Request line", _shown(overview), is_open=True),
        Section("Path parameters", _shown((name, repr(value)) for name, value in request.path_params.items())),
        Section("Query parameters", _shown(_query(request))),
        Section("Headers", _shown(request.headers.multi_items())),
        Section("Cookies", [Shown(name, "", MASK) for name in list(request.cookies)[:_MAX_LINES]]),
    ]
    body = vars(request).get("_body")
    if isinstance(body, bytes) and body:
        text = mask_text(body[: _MAX_BODY * 2].decode("utf-8", "replace"))
        size = f"{len(body):,} bytes" if len(body) != 1 else "1 byte"
        sections.append(Section("Body", [Shown(size, "", shorten(text, _MAX_BODY))]))
    return [section for section in sections if section.values]


def _query(request: Request) -> Iterable[tuple[str, str]]:
    try:
        return request.query_params.multi_items()
    except Exception as error:  # noqa: BLE001 - too many parameters, perhaps: that was the error
        return [("", f"not readable: {error}")]


def _shown(pairs: Iterable[tuple[str, str]]) -> list[Shown]:
    values: list[Shown] = []
    for name, text in pairs:
        if len(values) == _MAX_LINES:
            values.append(Shown("…", "", "more"))
            break
        shown = MASK if is_secret_name(name) else shorten(mask_text(text[: _MAX_TEXT * 2]), _MAX_TEXT)
        values.append(Shown(shorten(name, _MAX_TEXT), "", shown))
    return values
