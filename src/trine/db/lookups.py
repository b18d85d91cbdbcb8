"""Django's lookups as SQL: what the word behind a path asks of its value."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

from .errors import FieldError, did_you_mean
from .expressions import Built, Expression, Subquery
from .scope import Found, Scope, Shape, json_path
from .types import UTCDateTime

Element = Any


@dataclass(frozen=True, slots=True)
class Leaf:
    """One lookup of a condition: its path, its value, and the number of its first value in the statement."""

    path: str
    names: tuple[str, ...]
    value: Any
    at: int
    home: Scope
    """Where the names of an expression, such as `F("name")`, mean something."""

    def size(self, scope: Scope) -> int:
        """How many values it has."""
        into = Shape(arrays=scope.dialect.arrays)
        shape_of_lookup(self.path, self.value, into)
        return len(into.values)

    def behind(self, count: int) -> "Leaf":
        """The same lookup, seen from the rows that its first names lead to."""
        return Leaf(self.path, self.names[count:] or ("pk",), self.value, self.at, self.home)


_PLURAL = ("in", "range")


def shape_of_lookup(path: str, value: Any, into: Shape) -> Hashable:
    """The kind of a lookup's value; the value itself is noted."""
    word = path.rpartition("__")[2]
    if isinstance(value, Expression):
        return value.shape(into)
    if hasattr(value, "__rows__"):
        return Subquery(value).shape(into)
    if word == "isnull":
        return bool(value)
    if word in _PLURAL and not isinstance(value, str | bytes):
        return _shape_of_several(word, list(value), path, into)
    if value is None:
        return None
    if hasattr(value, "__trine_model__") and not isinstance(value, type):
        value = _key_of(value, path)
    into.values.append(value)
    if isinstance(value, str):
        return (str, value.isascii())
    kind: Hashable = type(value).__name__
    return kind


def _shape_of_several(word: str, values: list[Any], path: str, into: Shape) -> Hashable:
    values = [_key_of(value, path) if hasattr(value, "__trine_model__") else value for value in values]
    if word == "range":
        if len(values) != 2:
            raise FieldError(f"'{path}' takes two values, the least and the greatest, and got {len(values)}.")
        into.values += values
        return "range"
    values = [value for value in values if value is not None]
    if into.arrays:
        into.values.append(values)
        return "array"
    if not values:
        return 0
    # Lists of about the same length share a statement: the last value stands several times.
    length = 1 << (len(values) - 1).bit_length()
    into.values += values + values[-1:] * (length - len(values))
    return length


def _key_of(instance: Any, path: str) -> Any:
    key = instance.pk
    if key is None:
        raise FieldError(f"'{path}' asks for {instance!r}, which was not saved and has no key yet.")
    return key


def build_leaves(leaves: Sequence[Leaf], scope: Scope, *, together: bool) -> list[tuple[Built, bool]]:
    """The conditions of lookups. Those of one AND that lead to the same many rows ask for one row that fits them all."""
    built: list[tuple[Built, bool]] = []
    grouped: dict[Any, list[tuple[Leaf, int]]] = {}
    for leaf in leaves:
        count = scope.first_many(leaf.names)
        if count is None:
            built.append(build_leaf(leaf, scope))
        else:
            is_null = leaf.names[count:] == ("isnull",)
            key = (leaf.names[:count], is_null and leaf.value) if together else leaf
            grouped.setdefault(key, []).append((leaf, count))
    built += [(_build_some(group, scope), False) for group in grouped.values()]
    return built


def _build_some(group: Sequence[tuple[Leaf, int]], scope: Scope) -> Built:
    """Whether one of the many rows fits."""
    first, count = group[0]
    inner, tie = scope.related(first.names[:count])
    if first.names[count:] == ("isnull",):
        some = sa.exists(sa.select(sa.literal_column("1")).select_from(inner.source).where(tie))
        return sa.not_(some) if first.value else some
    if first.value is None and not first.names[count:]:
        return sa.not_(sa.exists(sa.select(sa.literal_column("1")).select_from(inner.source).where(tie)))
    conditions = [element for element, _ in build_leaves([leaf.behind(number) for leaf, number in group], inner, together=True)]
    return sa.exists(sa.select(sa.literal_column("1")).select_from(inner.source).where(tie, *conditions))


def build_leaf(leaf: Leaf, scope: Scope) -> tuple[Built, bool]:
    """The condition of one lookup."""
    found = scope.find(leaf.names, leaf.path)
    element, word = _transformed(found, leaf, scope)
    lookup = LOOKUPS[word]
    return lookup(Asked(element, leaf, scope)), found.has_aggregate


def _transformed(found: Found, leaf: Leaf, scope: Scope) -> tuple[Element, str]:
    """Apply what stands between the field and the last word: `year` of `created__year__gte`, keys of JSON."""
    element, rest = found.element, list(found.rest)
    word = rest.pop() if rest and rest[-1] in LOOKUPS else "exact"
    keys: list[str] = []
    is_json = isinstance(getattr(element.type, "impl_instance", element.type), sa.JSON)
    for name in rest:
        if is_json:
            keys.append(name)
        elif name in TRANSFORMS:
            element = TRANSFORMS[name](element, scope)
        else:
            known = {*LOOKUPS, *TRANSFORMS}
            field = "__".join(leaf.names[: len(leaf.names) - len(found.rest)])
            raise FieldError(f"'{leaf.path}' asks for '{name}' of the field '{field}'. {did_you_mean(name, known)}")
    if keys:
        element = json_path(element, keys, leaf.path)
    return element, word


@dataclass(frozen=True, slots=True)
class Asked:
    """An expression, and the value that is asked of it."""

    element: Element
    leaf: Leaf
    scope: Scope

    @property
    def value(self) -> Any:
        """The value: of its kind alone may the statement depend."""
        return self.leaf.value

    @property
    def compared(self) -> Element:
        """The expression as it is compared: a part of JSON as the type of the value."""
        if isinstance(self.element.type, sa.JSON) and isinstance(self.element, sa.sql.elements.BinaryExpression):
            value = self.value
            if isinstance(value, bool):
                return self.element.as_boolean()
            if isinstance(value, int):
                return self.element.as_integer()
            if isinstance(value, float):
                return self.element.as_float()
            if isinstance(value, str):
                return self.element.as_string()
        return self.element

    def param(self, convert: Callable[[Any], Any] | None = None, type_: Any = None) -> Any:
        """The place of the value, or the expression that it is."""
        value, at = self.value, self.leaf.at
        if isinstance(value, Expression):
            return value.build(self.leaf.home, at)
        if hasattr(value, "__rows__"):
            return Subquery(value).build(self.leaf.home, at)
        return self.scope.param(at, type_ or self.compared.type, convert, self.leaf.path)

    def second(self) -> Any:
        """The place of the second value."""
        return self.scope.param(self.leaf.at + 1, self.compared.type, None, self.leaf.path)

    def text(self, convert: Callable[[Any], Any] | None = None) -> Any:
        """The place of a value that is compared as text."""
        return self.param(convert, sa.String())

    @property
    def as_text(self) -> Element:
        """The expression as text."""
        compared = self.compared
        return compared if isinstance(compared.type, sa.String) else sa.cast(compared, sa.Text())


def _exact(asked: Asked) -> Built:
    if isinstance(asked.element.type, TSVECTOR) and asked.value is not None:
        return asked.scope.dialect.search(asked)
    return asked.element.is_(None) if asked.value is None else asked.compared == asked.param()


def _in(asked: Asked) -> Built:
    value, element = asked.value, asked.element
    if hasattr(value, "__rows__"):
        return element.in_(Subquery(value).build_many(asked.leaf.home, asked.leaf.at))
    if isinstance(value, Subquery):
        return element.in_(value.build_many(asked.leaf.home, asked.leaf.at))
    if isinstance(value, str | bytes):
        raise FieldError(f"'{asked.leaf.path}' takes several values. Write a list: [{value!r}].")
    return asked.scope.dialect.is_one_of(asked, element)


def _range(asked: Asked) -> Built:
    return asked.compared.between(asked.param(), asked.second())


def _isnull(asked: Asked) -> Built:
    if not isinstance(asked.value, bool):
        raise FieldError(f"'{asked.leaf.path}' takes True or False, and got {asked.value!r}.")
    return asked.element.is_(None) if asked.value else asked.element.is_not(None)


def _by_dialect(name: str) -> Callable[[Asked], Built]:
    def build(asked: Asked) -> Built:
        condition: Built = getattr(asked.scope.dialect, name)(asked)
        return condition

    return build


def _compare(operator: Callable[[Any, Any], Any]) -> Callable[[Asked], Built]:
    def build(asked: Asked) -> Built:
        if asked.value is None:
            raise FieldError(f"'{asked.leaf.path}' cannot be compared with None. Ask with isnull.")
        condition: Built = operator(asked.compared, asked.param())
        return condition

    return build


LOOKUPS: dict[str, Callable[[Asked], Built]] = {
    "exact": _exact,
    "in": _in,
    "range": _range,
    "isnull": _isnull,
    "gt": _compare(lambda left, right: left > right),
    "gte": _compare(lambda left, right: left >= right),
    "lt": _compare(lambda left, right: left < right),
    "lte": _compare(lambda left, right: left <= right),
    **{
        word: _by_dialect(word)
        for word in (
            "iexact",
            "contains",
            "icontains",
            "startswith",
            "istartswith",
            "endswith",
            "iendswith",
            "regex",
            "iregex",
            "has_key",
            "has_keys",
            "has_any_keys",
            "contained_by",
            "overlap",
            "search",
            "trigram_similar",
        )
    },
}
"""What each word asks."""


def _extract(part: str) -> Callable[[Element, Scope], Element]:
    return lambda element, scope: scope.dialect.part_of(part, _as_time(element, scope))


def _as_time(element: Element, scope: Scope) -> Element:
    # Points in time are read in UTC, whatever the connection's zone is.
    if isinstance(element.type, UTCDateTime) and scope.dialect.name == "postgresql":
        return sa.func.timezone("UTC", element)
    return element


TRANSFORMS: dict[str, Callable[[Element, Scope], Element]] = {
    **{part: _extract(part) for part in ("year", "month", "day", "hour", "minute", "second", "week", "week_day", "quarter")},
    "date": lambda element, scope: scope.dialect.date_of(_as_time(element, scope)),
    "time": lambda element, scope: scope.dialect.time_of(_as_time(element, scope)),
    "length": lambda element, scope: scope.dialect.text_length(element),
    "lower": lambda element, _: sa.func.lower(element, type_=sa.Text()),
    "upper": lambda element, _: sa.func.upper(element, type_=sa.Text()),
    "trim": lambda element, _: sa.func.trim(element, type_=sa.Text()),
    "len": lambda element, scope: scope.dialect.array_length(element),
}
"""What may stand between a field and the word."""
