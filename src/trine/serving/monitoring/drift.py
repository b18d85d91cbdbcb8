"""Inputs against training data: what came lately is counted in the bins of the training data, and older inputs fade."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from trine.metrics import Collected, Gauge, MetricStore
from trine.metrics import Labels as LabelValues

from .features import features_of
from .statistics import bin_of, psi

SAMPLE = 100
"""Of the inputs between two looks, so many are counted: the last ones."""
LEAST = 50.0
"""Of fewer inputs nothing is said."""


class DriftWatch:
    """Counts the inputs of models. Keeping one costs a request nothing but an append; the counting is done between requests."""

    def __init__(self, store: MetricStore, *, half_life: float = 600.0) -> None:
        self.half_life = half_life
        self.window = store.gauge(
            "trine_model_inputs_lately", "Inputs in each bin of the training data", ["model", "version", "feature", "bin"]
        )
        self.window.is_hidden = True
        self.index = Gauge("trine_model_input_drift", "Population stability index of inputs", ["model", "version", "feature"])
        self.expected: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._waiting: dict[tuple[str, str], deque[Any]] = {}
        self._counts: dict[tuple[str, str, str], list[float]] = {}
        store.derive(self._indexes)

    def expect(self, model: str, version: str, statistics: Mapping[str, Any]) -> None:
        """Compare the inputs of a version with what its training data looked like."""
        features = statistics.get("features")
        if features:
            self.expected[model, version] = features
            self._waiting.setdefault((model, version), deque(maxlen=SAMPLE))

    def note(self, model: str, version: str, item: Any) -> None:
        """Keep an input until the next look."""
        waiting = self._waiting.get((model, version))
        if waiting is not None:
            waiting.append(item)

    def look(self, seconds: float) -> None:
        """Count what came in the last seconds, and let the rest fade."""
        faded = 0.5 ** (seconds / self.half_life)
        for (model, version), waiting in self._waiting.items():
            expected = self.expected[model, version]
            items = [waiting.popleft() for _ in range(len(waiting))]
            features = [features_of(item) for item in items]
            for name, described in expected.items():
                key = (model, version, name)
                counts = [count * faded for count in self._counts.get(key, [0.0] * len(described["shares"]))]
                for found in features:
                    place = bin_of(described, found.get(name))
                    if place is not None:
                        counts[place] += 1
                self._counts[key] = counts
                for place, count in enumerate(counts):
                    self.window.set((*key, str(place)), round(count, 3))

    def _indexes(self, collected: Mapping[str, Collected]) -> Iterator[Collected]:
        found: dict[LabelValues, dict[int, float]] = {}
        for (*key, place), numbers in collected[self.window.name].values.items():
            found.setdefault(tuple(key), {})[int(place)] = numbers[0]
        indexes: dict[LabelValues, list[float]] = {}
        for labels, counts in found.items():
            model, version, name = labels
            expected = self.expected.get((model, version), {}).get(name)
            total = sum(counts.values())
            if expected is not None and total >= LEAST:
                shares = [counts.get(place, 0.0) / total for place in range(len(expected["shares"]))]
                indexes[labels] = [round(psi(expected["shares"], shares), 4)]
        yield Collected(self.index, indexes)
