"""Query strings, and the multi-value mappings that forms and queries share."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, TypeVar
from urllib.parse import urlencode

K = TypeVar("K")
V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


class TooManyFields(ValueError):
    """A query or form with more fields than are accepted. It is refused before any of them is decoded."""

    def __init__(self, count: int, limit: int, *, what: str = "query") -> None:
        self.count = count
        self.limit = limit
        super().__init__(f"The {what} has {count} fields, more than the {limit} that are accepted.")


def parse_query(query: bytes | str, *, max_fields: int = 1000) -> list[tuple[str, str]]:
    """Parse an `application/x-www-form-urlencoded` text into pairs, in order, blank values kept.

    Only `&` separates, `+` is a space, percent-encoded bytes are UTF-8, and what is not UTF-8 becomes U+FFFD
    (WHATWG URL §5.1). Takes time linear in the length. Raises `TooManyFields`.
    """
    text = query.decode("utf-8", "replace") if isinstance(query, bytes) else query
    if not text:
        return []
    count = text.count("&") + 1
    if count > max_fields:
        raise TooManyFields(count, max_fields)
    if "+" in text:
        text = text.replace("+", " ")
    pieces = [piece.partition("=") for piece in text.split("&") if piece]
    if "%" not in text:
        return [(name, value) for name, _, value in pieces]
    return [(_unquote(name) if "%" in name else name, _unquote(value) if "%" in value else value) for name, _, value in pieces]


# The standard library's unquote() raises and catches an error at each stray percent sign, which is five times slower.
_HEX = "0123456789abcdefABCDEF"
_BYTES = {f"{high}{low}".encode(): bytes.fromhex(high + low) for high in _HEX for low in _HEX}


def _unquote(text: str) -> str:
    first, *rest = text.encode("utf-8", "replace").split(b"%")
    parts = [first]
    for piece in rest:
        byte = _BYTES.get(piece[:2])
        parts += (b"%", piece) if byte is None else (byte, piece[2:])
    return b"".join(parts).decode("utf-8", "replace")


def last_values(query: str) -> dict[str, str]:
    """Parse a query into a dict: of several values with one name the last one. One plain pair costs almost nothing."""
    if "&" in query or "%" in query or "+" in query:
        return dict(parse_query(query))
    name, _, value = query.partition("=")
    return {name: value} if query else {}


class ImmutableMultiDict(Mapping[K, V_co]):  # noqa: PLW1641 - values need not be hashable
    """A mapping in which a key may have several values. Looking up a key gives its last one."""

    _list: list[tuple[Any, Any]]
    _dict: dict[Any, Any]

    def __init__(
        self,
        value: "ImmutableMultiDict[K, V_co] | Mapping[K, V_co] | Iterable[tuple[K, V_co]]" = (),
        /,
        **kwargs: V_co,
    ) -> None:
        self._list = _pairs(value)
        if kwargs:
            self._list += kwargs.items()
        self._dict = dict(self._list)

    def getlist(self, key: Any) -> list[V_co]:
        """Give every value of a key, in order. An empty list when there is none."""
        return [value for existing, value in self._list if existing == key]

    def multi_items(self) -> list[tuple[K, V_co]]:
        """Give every pair, in order, keys that have several values included."""
        return list(self._list)

    def __getitem__(self, key: K) -> V_co:
        value: V_co = self._dict[key]
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._dict

    def __iter__(self) -> Iterator[K]:
        return iter(self._dict)

    def __len__(self) -> int:
        return len(self._dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ImmutableMultiDict):
            return NotImplemented
        # Order counts between values of one key only.
        return self._grouped() == other._grouped()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._list!r})"

    def _grouped(self) -> dict[Any, list[Any]]:
        groups: dict[Any, list[Any]] = {}
        for key, value in self._list:
            groups.setdefault(key, []).append(value)
        return groups


class MultiDict(ImmutableMultiDict[K, V], MutableMapping[K, V]):
    """A multi-value mapping that can be changed."""

    def __setitem__(self, key: K, value: V) -> None:
        """Set the one value of a key, whatever it had before."""
        self.setlist(key, [value])

    def __delitem__(self, key: K) -> None:
        """Remove a key with all its values."""
        del self._dict[key]
        self._list = [pair for pair in self._list if pair[0] != key]

    def append(self, key: K, value: V) -> None:
        """Add a value, keeping those that the key has."""
        self._list.append((key, value))
        self._dict[key] = value

    def setlist(self, key: K, values: Iterable[V]) -> None:
        """Set all values of a key. No values remove it."""
        self._list = [pair for pair in self._list if pair[0] != key]
        self._dict.pop(key, None)
        for value in values:
            self.append(key, value)

    def poplist(self, key: K) -> list[V]:
        """Remove a key and give all its values."""
        values = self.getlist(key)
        self.setlist(key, [])
        return values

    def clear(self) -> None:
        """Remove everything."""
        self._list.clear()
        self._dict.clear()

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set every given key. A key that is given twice keeps both values."""
        given: MultiDict[K, V] = MultiDict(*args, **kwargs)
        self._list = [pair for pair in self._list if pair[0] not in given._dict] + given._list
        self._dict = dict(self._list)


class QueryParams(ImmutableMultiDict[str, str]):
    """The decoded query of a URL. `str()` gives it encoded again. Raises `TooManyFields` above 1000 fields."""

    def __init__(
        self,
        value: "str | bytes | ImmutableMultiDict[str, Any] | Mapping[str, Any] | Iterable[tuple[str, Any]]" = (),
        /,
        **kwargs: Any,
    ) -> None:
        if isinstance(value, str | bytes):
            self._list = parse_query(value)
        else:
            self._list = [(str(key), str(item)) for key, item in _pairs(value)]
        if kwargs:
            self._list += [(key, str(item)) for key, item in kwargs.items()]
        self._dict = dict(self._list)

    def __str__(self) -> str:
        return urlencode(self._list, errors="replace")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __hash__(self) -> int:
        return hash(frozenset((key, *values) for key, values in self._grouped().items()))


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, ImmutableMultiDict):
        return value.multi_items()
    if isinstance(value, Mapping):
        return list(value.items())
    return [(key, item) for key, item in value]
