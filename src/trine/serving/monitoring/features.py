"""An item taken apart into what can be counted: numbers and words by name."""

from collections.abc import Iterator, Mapping
from typing import Any

Feature = float | str | None
_MAX_FEATURES = 200
_SMALL = 64
"""An array of so many elements is looked at one by one; a larger one, such as an image, by its mean and its spread."""


def features_of(item: Any) -> dict[str, Feature]:
    """Give the features of a record, an array or a text. None is a gap; what cannot be counted is left out."""
    found: dict[str, Feature] = {}
    for name, value in _named(item):
        for inner, feature in _features(name, value):
            if len(found) >= _MAX_FEATURES:
                return found
            found[inner] = feature
    return found


def _named(item: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(item, Mapping):
        yield from ((str(name), value) for name, value in item.items())
    elif hasattr(item, "__struct_fields__"):
        yield from ((name, getattr(item, name)) for name in item.__struct_fields__)
    elif hasattr(item, "model_fields_set") or hasattr(item, "__dataclass_fields__"):
        yield from vars(item).items()
    else:
        yield "", item


def _features(name: str, value: Any) -> Iterator[tuple[str, Feature]]:
    if value is None or isinstance(value, bool):
        yield name or "value", None if value is None else str(value).lower()
    elif isinstance(value, int | float):
        yield name or "value", float(value)
    elif isinstance(value, str):
        yield (name, value) if name else ("length", float(len(value)))
    elif hasattr(value, "dtype") and hasattr(value, "ravel"):
        yield from _array(name, value)


def _array(name: str, array: Any) -> Iterator[tuple[str, Feature]]:
    if array.dtype.kind not in "biuf" or not array.size:
        return
    dotted = f"{name}." if name else ""
    if array.size <= _SMALL:
        yield from ((f"{dotted}{index}", float(value)) for index, value in enumerate(array.ravel().tolist()))
    else:
        yield f"{dotted}mean", float(array.mean())
        yield f"{dotted}std", float(array.std())
