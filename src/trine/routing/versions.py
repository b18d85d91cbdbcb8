"""Versions of an API: declared once, and each route says since when, and until when, it exists."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.utils import format_datetime

from trine.errors import SetupError

from .route import FlatRoute

_MAX_ACCEPT = 8192
_PLACE = "{version}"


@dataclass(frozen=True)
class Deprecation:
    """Out of use since a day, and perhaps gone after another: told in `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) headers.

    `deprecated=Deprecation(date(2026, 1, 1), sunset=date(2026, 12, 31), link="https://...")` of a route, a router or a version.
    """

    since: date
    sunset: date | None = None
    link: str | None = None
    """Where the way out is described."""

    def __post_init__(self) -> None:
        if self.sunset is not None and _moment(self.sunset) < _moment(self.since):
            raise SetupError(
                f"The sunset {self.sunset} lies before the deprecation on {self.since}.", hint="Give clients time in between."
            )

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The header lines of every answer."""
        lines = [("deprecation", f"@{int(_moment(self.since).timestamp())}")]
        if self.sunset is not None:
            lines.append(("sunset", format_datetime(_moment(self.sunset), usegmt=True)))
        if self.link is not None:
            lines.append(("link", f'<{self.link}>; rel="deprecation"; type="text/html"'))
        return tuple(lines)


class APIVersions:
    """The versions of an API, oldest first, and where a request names one: in the path, in a header or in its media type.

    `APIVersions("1", "2")` puts routes below `/v1` and `/v2`. With `header="API-Version"` or
    `media_type="application/vnd.shop.v{version}+json"` (in `Accept`) paths stay as they are, and `default`, the newest version
    where it is not given, answers those who name none.
    """

    def __init__(
        self,
        *names: str,
        path: str = "/v{version}",
        header: str | None = None,
        media_type: str | None = None,
        default: str | None = None,
        deprecated: Mapping[str, Deprecation] | None = None,
    ) -> None:
        self.names = names
        self.path = path
        self.header = header
        self.media_type = media_type
        self.default = names[-1] if default is None and names else default
        self.deprecated = dict(deprecated or {})
        self._check(default)
        pattern = re.escape(media_type or "").replace(re.escape(_PLACE), r"([A-Za-z0-9._-]+)")
        self._search = re.compile(rf"(?:^|[,\s]){pattern}(?=[\s;,]|$)", re.IGNORECASE).search

    @property
    def is_in_path(self) -> bool:
        """Whether each version has paths of its own."""
        return self.header is None and self.media_type is None

    @property
    def header_name(self) -> str:
        """The header that names the version, in lower case."""
        return "accept" if self.header is None else self.header.lower()

    def named_in(self, text: str | None) -> str | None:
        """The version that a header names, known or not; None where it names none."""
        if not text:
            return None
        if self.header is not None:
            return text.strip()
        match = self._search(text[:_MAX_ACCEPT])
        return None if match is None else match[1]

    def headers(self, name: str) -> tuple[tuple[str, str], ...]:
        """What every answer of a version says about it."""
        vary = ("vary", self.header or "Accept")
        return (vary,) if self.header is None else ((self.header.lower(), name), vary)

    def expand(self, flat: FlatRoute) -> Iterator[FlatRoute]:
        """Give a route once for each version in which it exists, the newest first; as it is, where it has none."""
        if flat.layer.versioned is False:
            yield flat
            return
        first = self._position(flat.layer.since, "since", flat, 0)
        last = self._position(flat.layer.until, "until", flat, len(self.names) - 1)
        if first > last:
            raise SetupError(
                f"The route '{flat.name}' exists since version {flat.layer.since}, but only until {flat.layer.until}.",
                hint=f"The versions are, oldest first: {', '.join(self.names)}.",
            )
        for name in reversed(self.names[first : last + 1]):
            prefix = self.path.replace(_PLACE, name) if self.is_in_path else ""
            deprecated = self.deprecated.get(name) if flat.layer.deprecated is None else flat.layer.deprecated
            yield replace(flat, path=prefix + flat.path, layer=replace(flat.layer, deprecated=deprecated), version=name)

    def _position(self, name: str | None, word: str, flat: FlatRoute, absent: int) -> int:
        if name is None:
            return absent
        if name not in self.names:
            raise SetupError(
                f"The route '{flat.name}' exists {word} version '{name}', which is not declared.",
                hint=f"The versions are: {', '.join(self.names)}.",
            )
        return self.names.index(name)

    def _check(self, default: str | None) -> None:
        wrong = ""
        if not self.names or len(set(self.names)) < len(self.names):
            wrong, hint = f"names {list(self.names)}", "Name each version once, the oldest first."
        elif not all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in self.names):
            wrong, hint = f"names {list(self.names)}", "Use letters, digits, dots and hyphens."
        elif self.header is not None and self.media_type is not None:
            wrong, hint = "asks both a header and a media type", "Choose one of the two."
        elif _PLACE not in (self.media_type or _PLACE) or (self.is_in_path and not _is_prefix(self.path)):
            wrong, hint = f"has no place for the version in '{self.media_type or self.path}'", "Write /v{version}."
        elif default is not None and self.is_in_path:
            wrong, hint = f"has the default '{default}', but its paths name the version", "Remove the default."
        elif unknown := {self.default, *self.deprecated} - set(self.names):
            wrong, hint = (
                f"speaks of {sorted(map(str, unknown))}, which it does not name",
                f"Choose from {', '.join(self.names)}.",
            )
        if wrong:
            raise SetupError(f"APIVersions {wrong}.", hint=hint)


def expand_routes(flats: Iterable[FlatRoute], versions: APIVersions | None) -> Iterable[tuple[FlatRoute, SetupError | None]]:
    """Give every route of every version, or the mistake in what it says about its versions."""
    if versions is None:
        return [(flat, _unversioned_mistake(flat)) for flat in flats]
    found: list[tuple[FlatRoute, SetupError | None]] = []
    for flat in flats:
        try:
            found += [(one, None) for one in versions.expand(flat)]
        except SetupError as problem:
            found.append((flat, problem))
    # The newest version first: where two routes share a name, it stands for the newer one.
    return sorted(found, key=lambda one: -versions.names.index(one[0].version) if one[0].version else -len(versions.names))


def _unversioned_mistake(flat: FlatRoute) -> SetupError | None:
    if flat.layer.since is None and flat.layer.until is None:
        return None
    return SetupError(
        f"The route '{flat.name}' belongs to API versions, and the application declares none.",
        hint="Declare them: App(versions=APIVersions('1', '2')).",
    )


def _is_prefix(path: str) -> bool:
    return path.startswith("/") and not path.endswith("/") and _PLACE in path


def _moment(day: date) -> datetime:
    moment = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day, tzinfo=UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
