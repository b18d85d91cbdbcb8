"""What is counted: plain numbers by the values of their labels. An increment is one look-up in a dictionary."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

Labels = tuple[str, ...]
Kind = Literal["counter", "gauge", "histogram"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Limits of the buckets for durations, unless others are given."""
_MAX_SERIES = 2000
_MORE = "(more)"


class Instrument:
    """A named set of numbers. Beyond 2000 combinations of labels, all further ones are counted as one, called `(more)`."""

    kind: ClassVar[Kind]
    is_hidden = False
    """Whether scrapers do not see it: what others are derived from."""

    def __init__(self, name: str, help: str, labels: Sequence[str] = ()) -> None:
        self.name, self.help, self.labels = name, help, tuple(labels)
        self.values: dict[Labels, list[float]] = {}

    def _numbers(self, labels: Labels) -> list[float]:
        found = self.values.get(labels)
        if found is None:
            if len(labels) != len(self.labels):
                raise ValueError(f"{self.name} has the labels {self.labels}, but got {labels}.")
            if len(self.values) >= _MAX_SERIES:
                # A label that a client fills must not fill the memory.
                labels = (_MORE,) * len(self.labels)
                found = self.values.get(labels)
        if found is None:
            found = self.values[labels] = self._zero()
        return found

    def _zero(self) -> list[float]:
        return [0.0]


class Counter(Instrument):
    """Something that only grows."""

    kind = "counter"

    def add(self, labels: Labels = (), amount: float = 1.0) -> None:
        """Count."""
        self._numbers(labels)[0] += amount


class Gauge(Instrument):
    """Something that goes up and down: of several processes, what those that are alive say is added up."""

    kind = "gauge"

    def set(self, labels: Labels = (), value: float = 0.0) -> None:
        """Say how much there is now."""
        self._numbers(labels)[0] = value


class Histogram(Instrument):
    """How values are spread: a count for each bucket, one for what is above them all, and the sum."""

    kind = "histogram"

    def __init__(self, name: str, help: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS) -> None:
        super().__init__(name, help, labels)
        self.buckets = tuple(sorted(buckets))

    def observe(self, value: float, labels: Labels = ()) -> None:
        """Count a value."""
        numbers = self._numbers(labels)
        numbers[bisect_left(self.buckets, value)] += 1
        numbers[-1] += value

    def observe_all(self, values: Iterable[float], labels: Labels = ()) -> None:
        """Count many values."""
        numbers, buckets = self._numbers(labels), self.buckets
        for value in values:
            numbers[bisect_left(buckets, value)] += 1
            numbers[-1] += value

    def _zero(self) -> list[float]:
        return [0.0] * (len(self.buckets) + 2)
