"""Header lines: a case-insensitive, ordered mapping in which a name may stand more than once."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar, overload

from trine.errors import UnsafeHeader

T = TypeVar("T")

# RFC 9110 §5.6.2: what a field name may consist of.
_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
# RFC 9110 §5.5: no control character but the tab; CR, LF and NUL would start another line or end this one.
_find_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search

# Names that were found good once, with their lower case. Bounded: a program may pass names on that it was sent.
_good_names: dict[str, str] = {}
_GOOD_NAMES_LIMIT = 1024
# More digits than this is no length that anybody could send.
_LENGTH_DIGITS = 18


class Headers(Mapping[str, str]):  # noqa: PLW1641 - equal headers may become unequal
    """Header lines as they were received, in order. Looking up a name gives its first value.

    `keys`, `values`, `items` and `len` count lines, so a name that stands twice is there twice.
    """

    __slots__ = ("_pairs", "_raw")

    _pairs: list[tuple[str, str]] | None
    _raw: list[tuple[bytes, bytes]] | None

    def __init__(
        self,
        headers: "Mapping[str, str] | Iterable[tuple[str, str]] | None" = None,
        *,
        raw: Iterable[tuple[bytes, bytes]] | None = None,
    ) -> None:
        if raw is not None:
            if headers is not None:
                raise TypeError("Headers() takes either headers or raw, not both.")
            # Kept as bytes: most requests are asked for two or three of their ten lines.
            self._raw = raw if isinstance(raw, list) else list(raw)
            self._pairs = None
            return
        self._raw = None
        self._pairs = [] if headers is None else [(name.lower(), value) for name, value in _lines(headers)]

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """The lines as bytes with lower-case names, in a new list: what ASGI sends."""
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self._decoded()]

    @property
    def content_length(self) -> int | None:
        """The declared length of the body (RFC 9110 §8.6), or None when there is none, or none that all lines agree on."""
        values = set(self.getlist("content-length"))
        if len(values) != 1:
            return None
        text = values.pop()
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _LENGTH_DIGITS else None

    @property
    def content_type(self) -> str | None:
        """The media type without its parameters, in lower case, or None when the line is missing."""
        value = self.get("content-type")
        return None if value is None else value.partition(";")[0].strip().lower()

    def __getitem__(self, name: str) -> str:
        value = self._find(name)
        if value is None:
            raise KeyError(name)
        return value

    @overload
    def get(self, name: str, default: None = None, /) -> str | None: ...
    @overload
    def get(self, name: str, default: T, /) -> str | T: ...
    def get(self, name: str, default: T | None = None, /) -> str | T | None:
        """Give the first value of a name, or the default."""
        value = self._find(name)
        return default if value is None else value

    def getlist(self, name: str) -> list[str]:
        """Give every value of a name, in order. An empty list when there is none."""
        wanted = name.lower()
        if self._pairs is None:
            key = _encode_name(wanted)
            return [value.decode("latin-1") for existing, value in self._raw or () if existing.lower() == key]
        return [value for existing, value in self._pairs if existing == wanted]

    def multi_items(self) -> list[tuple[str, str]]:
        """Give every line as a pair, in order, names in lower case."""
        return list(self._decoded())

    def items(self) -> list[tuple[str, str]]:  # type: ignore[override]  # a list: lines may be equal, a view's may not
        """Give every line as a pair, in order, names in lower case."""
        return list(self._decoded())

    def keys(self) -> list[str]:  # type: ignore[override]  # a list: names may stand twice
        """Give the name of every line, in order and in lower case."""
        return [name for name, _ in self._decoded()]

    def values(self) -> list[str]:  # type: ignore[override]  # a list, beside keys() and items()
        """Give the value of every line, in order."""
        return [value for _, value in self._decoded()]

    def mutablecopy(self) -> "MutableHeaders":
        """Copy the lines into headers that can be changed."""
        return MutableHeaders(self._decoded())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._raw if self._pairs is None and self._raw is not None else self._decoded())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        # RFC 9110 §5.3: the order of lines matters between equal names only.
        return sorted(self._decoded(), key=_name_of) == sorted(other._decoded(), key=_name_of)

    def __repr__(self) -> str:
        pairs = self._decoded()
        shown = dict(pairs)
        return f"{type(self).__name__}({shown if len(shown) == len(pairs) else pairs!r})"

    def _decoded(self) -> list[tuple[str, str]]:
        if self._pairs is None:
            raw = self._raw or ()
            self._pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw]
        return self._pairs

    def _find(self, name: str) -> str | None:
        wanted = name.lower()
        if self._pairs is not None:
            for existing, value in self._pairs:
                if existing == wanted:
                    return value
            return None
        key = _encode_name(wanted)
        for existing_bytes, value_bytes in self._raw or ():
            # ASGI promises lower case. Where that was broken, equal lengths are worth a second look.
            if existing_bytes == key or (len(existing_bytes) == len(key) and existing_bytes.lower() == key):
                return value_bytes.decode("latin-1")
        return None


class MutableHeaders(Headers):
    """Header lines that are being written. Names and values that would break the message raise `ValueError`."""

    __slots__ = ()

    _pairs: list[tuple[str, str]]

    def __init__(
        self,
        headers: "Mapping[str, str] | Iterable[tuple[str, str]] | None" = None,
        *,
        raw: Iterable[tuple[bytes, bytes]] | None = None,
    ) -> None:
        self._raw = None
        self._pairs = []
        if raw is not None:
            if headers is not None:
                raise TypeError("MutableHeaders() takes either headers or raw, not both.")
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
        if headers:
            self._pairs = [_checked(name, value) for name, value in _lines(headers)]

    def __setitem__(self, name: str, value: str) -> None:
        """Set the one value of a name, in place of its first line; its other lines go."""
        line = _checked(name, value)
        key = line[0]
        pairs = self._pairs
        for index, (existing, _) in enumerate(pairs):
            if existing == key:
                pairs[index] = line
                pairs[index + 1 :] = [pair for pair in pairs[index + 1 :] if pair[0] != key]
                return
        pairs.append(line)

    def __delitem__(self, name: str) -> None:
        """Remove every line of a name. A name that is not there is no error."""
        wanted = name.lower()
        self._pairs[:] = [pair for pair in self._pairs if pair[0] != wanted]

    def append(self, name: str, value: str) -> None:
        """Add a line, keeping those that have the same name."""
        self._pairs.append(_checked(name, value))

    add = append

    def setdefault(self, name: str, value: str) -> str:
        """Give the first value of a name, after setting it when it was missing."""
        existing = self.get(name)
        if existing is not None:
            return existing
        line = _checked(name, value)
        self._pairs.append(line)
        return line[1]

    def update(self, headers: "Mapping[str, str] | Iterable[tuple[str, str]]") -> None:
        """Set every given name. A name that is given twice keeps both values."""
        lines = [_checked(name, value) for name, value in _lines(headers)]
        replaced = {name for name, _ in lines}
        self._pairs[:] = [pair for pair in self._pairs if pair[0] not in replaced] + lines

    def add_vary_header(self, vary: str) -> None:
        """Add names to the Vary line, those that it does not have yet (RFC 9110 §12.5.5)."""
        names = [name.strip() for line in (*self.getlist("vary"), vary) for name in line.split(",")]
        # A dict keeps the first spelling of each name, in order.
        unique: dict[str, str] = {}
        for name in filter(None, names):
            unique.setdefault(name.lower(), name)
        self["vary"] = "*" if "*" in unique else ", ".join(unique.values())

    def __ior__(self, other: Mapping[str, str]) -> Self:
        if not isinstance(other, Mapping):
            return NotImplemented
        self.update(other)
        return self

    def __or__(self, other: Mapping[str, str]) -> "MutableHeaders":
        if not isinstance(other, Mapping):
            return NotImplemented
        together = self.mutablecopy()
        together.update(other)
        return together


def _lines(headers: "Mapping[str, str] | Iterable[tuple[str, str]]") -> Iterable[tuple[str, str]]:
    return headers.items() if isinstance(headers, Mapping) else headers


def _encode_name(name: str) -> bytes:
    # What Latin-1 cannot say becomes a question mark, which no name has.
    return name.encode("latin-1", "replace")


def _name_of(pair: tuple[str, str]) -> str:
    return pair[0]


def _checked(name: str, value: str) -> tuple[str, str]:
    """Give the line with its name in lower case, or refuse it: a line break would let a value write lines of its own."""
    key = _good_names.get(name) or _checked_name(name, value)
    try:
        if not (value.isascii() and value.isprintable()):
            _check_value(name, value)
        # Space around a value is not part of it (RFC 9110 §5.5), and some servers refuse to send it.
        return key, value.strip(" \t")
    except (AttributeError, TypeError):
        raise _wrong_type(name, value) from None


def _checked_name(name: Any, value: Any) -> str:
    if not isinstance(name, str):
        raise _wrong_type(name, value)
    if not _is_token(name):
        raise UnsafeHeader(
            f"Header {name!r} with value {value!r} cannot be sent: a name has letters, digits and !#$%&'*+-.^_`|~."
        )
    lower = name.lower()
    if len(_good_names) < _GOOD_NAMES_LIMIT:
        _good_names[name] = lower
    return lower


def _check_value(name: str, value: str) -> None:
    if _find_control(value):
        raise UnsafeHeader(
            f"Header {name!r} with value {value!r} cannot be sent: it may not have line breaks or control characters."
        )
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise UnsafeHeader(f"Header {name!r} with value {value!r} cannot be sent: it may have Latin-1 characters only.") from None


def _wrong_type(name: Any, value: Any) -> TypeError:
    return TypeError(f"Header {name!r} with value {value!r} cannot be sent: both must be str.")
