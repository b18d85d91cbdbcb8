"""What training data looks like, in a few numbers, and how far other data is from it."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from statistics import mean, pstdev
from typing import Any

from .features import Feature, features_of

_MAX_WORDS = 30
_MAX_ITEMS = 100_000
_LEAST_SHARE = 1e-4
"""A bin that is empty counts as so much: the index has no value for nothing at all."""


def training_statistics(data: Any, *, names: Sequence[str] = (), bins: int = 10) -> dict[str, Any]:
    """Describe training data for `registry.publish(..., statistics=...)`: nothing of it but shares of bins is kept.

    The data is a list of what `predict` gets one by one, a two-dimensional array with `names` for its columns, a pandas
    `DataFrame` or a pyarrow `Table`. Numbers fall into bins of equal share, words are counted; of more than 100,000 items the
    first ones are looked at.
    """
    columns = _columns(data, names)
    count = max((len(values) for values in columns.values()), default=0)
    features = {name: described for name, values in columns.items() if (described := _describe(values, bins)) is not None}
    return {"count": count, "features": features}


def psi(expected: Sequence[float], found: Sequence[float]) -> float:
    """The population stability index of shares: the sum of (found - expected) * ln(found / expected) over all bins.

    Credit scoring reads below 0.1 as stable and above 0.25 as another population (Siddiqi, Credit Risk Scorecards, 2006).
    """
    total = 0.0
    for left, right in zip(expected, found, strict=True):
        left, right = max(left, _LEAST_SHARE), max(right, _LEAST_SHARE)  # noqa: PLW2901 - the same shares, never nothing
        total += (right - left) * math.log(right / left)
    return total


def bin_of(described: Mapping[str, Any], value: Feature) -> int | None:
    """The number of the bin that a value falls into, the last one for a gap; None for what the training data never had."""
    last = len(described["shares"]) - 1
    if _is_gap(value):
        return last
    if described["kind"] == "number":
        return bisect_right(described["edges"], value) if isinstance(value, float) else None
    try:
        return int(described["values"].index(value))
    except ValueError:
        return last - 1


def _is_gap(value: Feature) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _describe(values: Sequence[Feature], bins: int) -> dict[str, Any] | None:
    present = [value for value in values if not _is_gap(value)]
    if not present:
        return None
    numbers = [value for value in present if isinstance(value, float)]
    if len(numbers) == len(present):
        # JSON, which keeps them, has no infinity. An infinite value falls into the first bin or the last.
        finite = sorted(number for number in numbers if math.isfinite(number))
        described: dict[str, Any] = {"kind": "number", "edges": _edges(finite, bins)}
        described |= {"mean": mean(finite), "std": pstdev(finite)} if finite else {"mean": None, "std": None}
        size = len(described["edges"]) + 2
    elif not numbers:
        words = [str(word) for word, _ in Counter(present).most_common(_MAX_WORDS)]
        described, size = {"kind": "word", "values": words}, len(words) + 2
    else:
        return None
    counts = [0] * size
    described["shares"] = counts
    for value in values:
        place = bin_of(described, value)
        if place is not None:
            counts[place] += 1
    described["shares"] = [count / len(values) for count in counts]
    return described


def _edges(ordered: Sequence[float], bins: int) -> list[float]:
    """Limits between bins that each hold the same part of the values; fewer where many are equal."""
    if not ordered:
        return []
    places = [ordered[len(ordered) * number // bins] for number in range(1, bins)]
    return sorted({place for place in places if place > ordered[0]})


def _columns(data: Any, names: Sequence[str]) -> dict[str, list[Feature]]:
    if hasattr(data, "to_pylist") and hasattr(data, "column_names"):
        data = data.slice(0, _MAX_ITEMS).to_pylist()
    elif hasattr(data, "columns") and hasattr(data, "to_dict"):
        data = data.head(_MAX_ITEMS).to_dict("records")
    elif names and hasattr(data, "ndim") and data.ndim == 2:
        data = [dict(zip(names, row, strict=True)) for row in data[:_MAX_ITEMS].tolist()]
    return _gathered(islice(data, _MAX_ITEMS))


def _gathered(items: Iterable[Any]) -> dict[str, list[Feature]]:
    columns: dict[str, list[Feature]] = {}
    for index, item in enumerate(items):
        features = features_of(item)
        for name in features.keys() - columns.keys():
            columns[name] = [None] * index
        for name, column in columns.items():
            column.append(features.get(name))
    return columns
