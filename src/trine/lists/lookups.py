"""Django's lookups, for rows in memory: `price__gte=5` is the path `price`, the word `gte` and the value 5."""

from collections.abc import Callable, Mapping
from typing import Any

Test = Callable[[Any, Any], bool]


def _folded(test: Test) -> Test:
    def test_folded(value: Any, wanted: Any) -> bool:
        return test(str(value).casefold(), str(wanted).casefold())

    return test_folded


LOOKUPS: dict[str, Test] = {
    "exact": lambda value, wanted: value == wanted,
    "iexact": _folded(lambda value, wanted: value == wanted),
    "contains": lambda value, wanted: wanted in value,
    "icontains": _folded(lambda value, wanted: wanted in value),
    "startswith": lambda value, wanted: value.startswith(wanted),
    "istartswith": _folded(lambda value, wanted: value.startswith(wanted)),
    "endswith": lambda value, wanted: value.endswith(wanted),
    "iendswith": _folded(lambda value, wanted: value.endswith(wanted)),
    "gt": lambda value, wanted: value > wanted,
    "gte": lambda value, wanted: value >= wanted,
    "lt": lambda value, wanted: value < wanted,
    "lte": lambda value, wanted: value <= wanted,
    "in": lambda value, wanted: value in wanted,
    "range": lambda value, wanted: wanted[0] <= value <= wanted[1],
    "isnull": lambda value, wanted: (value is None) is wanted,
}
"""What each word asks of a value that is not None; `isnull` alone asks it of None too."""


def split_lookup(lookup: str) -> tuple[str, str]:
    """Take a lookup apart: the path of fields, and the word, `exact` where there is none."""
    path, _, word = lookup.rpartition("__")
    return (path, word) if path and word in LOOKUPS else (lookup, "exact")


def read_field(row: Any, path: str) -> Any:
    """The value at a path of fields, of objects or mappings. What lies behind a None is None."""
    for name in path.split("__"):
        if row is None:
            return None
        row = row[name] if isinstance(row, Mapping) else getattr(row, name)
    return row


def fits(row: Any, lookups: Mapping[str, Any]) -> bool:
    """Whether a row fits every lookup. As in SQL, nothing can be said of None but that it is none."""
    for lookup, wanted in lookups.items():
        path, word = split_lookup(lookup)
        value = read_field(row, path)
        if word == "isnull":
            if (value is None) is not wanted:
                return False
        elif value is None or not LOOKUPS[word](value, wanted):
            return False
    return True
