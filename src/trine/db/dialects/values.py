"""Values of lookups as statements take them, and kinds of columns that lookups tell apart."""

import json
from typing import Any

import sqlalchemy as sa

from ..types import Array


def to_json(value: Any) -> str:
    """JSON of a value. What is not finite is no JSON, whatever a database would take."""
    return json.dumps(value, allow_nan=False)


def escaped(text: Any) -> str:
    """A text as a part of a pattern of LIKE, in which it stands for itself."""
    return str(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def inside(text: Any) -> str:
    """The pattern of LIKE for what has a text inside."""
    return f"%{escaped(text)}%"


def at_start(text: Any) -> str:
    """The pattern of LIKE for what begins with a text."""
    return f"{escaped(text)}%"


def at_end(text: Any) -> str:
    """The pattern of LIKE for what ends with a text."""
    return f"%{escaped(text)}"


def is_json(element: Any) -> bool:
    """Whether a column has JSON. Where arrays are kept as JSON, they are still arrays."""
    return isinstance(getattr(element.type, "impl_instance", element.type), sa.JSON) and not isinstance(element.type, Array)


def as_list(value: Any) -> list[Any]:
    """Several values as a list; one value as a list of it."""
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def json_key(key: Any) -> str:
    """The path to a key of JSON's outermost object, whatever characters the key has."""
    quoted = str(key).replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{quoted}"'
