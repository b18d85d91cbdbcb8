"""Put what was written by hand on top of what was generated."""

from collections.abc import Mapping
from typing import Any


def merge(generated: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """Join two documents: objects key by key, lists one after the other, anything else as it was written."""
    merged = dict(generated)
    for key, value in written.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            merged[key] = before + value
        else:
            merged[key] = value
    return merged
