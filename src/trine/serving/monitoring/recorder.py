"""Batches as metrics: how many items, in batches of which size, how long they waited and were computed, what failed."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from trine.events import ModelBatch
from trine.metrics import Collected, Gauge, MetricStore

from .drift import DriftWatch

if TYPE_CHECKING:
    from ..served import ServedModel

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LOOK = 2.0
"""Seconds between two looks at what came in."""


class ModelRecorder:
    """Counts what models do. One belongs to an application, and to the store of its metrics."""

    def __init__(self, store: MetricStore, models: Mapping[str, "ServedModel"]) -> None:
        labels = ["model", "version"]
        self.store = store
        self.items = store.counter("trine_model_items", "Items that a model answered", labels)
        self.errors = store.counter("trine_model_errors", "Items that failed", labels)
        self.sizes = store.histogram("trine_model_batch_size", "Items in a batch", labels, buckets=SIZES)
        self.queue = store.histogram("trine_model_queue_seconds", "How long an item waited", labels, buckets=SECONDS)
        self.inference = store.histogram("trine_model_inference_seconds", "How long a batch took", labels, buckets=SECONDS)
        self.shadows = store.counter("trine_model_shadow", "Answers of a shadow beside the real ones", [*labels, "outcome"])
        self.drift = DriftWatch(store)
        self.replicas = Gauge("trine_model_replicas", "Copies of a model that a web process can ask", ["model", "state"])
        self.models = models
        store.derive(self._count_replicas)
        self._timer: asyncio.TimerHandle | None = None

    def _count_replicas(self, collected: Mapping[str, Collected]) -> Iterator[Collected]:
        """As the process that is asked sees them: in processes of their own, all web workers share the same ones."""
        states = Counter((name, replica.state) for name, served in self.models.items() for replica in served.replicas)
        yield Collected(self.replicas, {labels: [float(count)] for labels, count in states.items()})

    def note_batch(self, batch: ModelBatch) -> None:
        """Count a batch."""
        labels = (batch.model, batch.version)
        self.items.add(labels, batch.size)
        if batch.errors:
            self.errors.add(labels, batch.errors)
        self.sizes.observe(batch.size, labels)
        self.queue.observe_all(batch.queue_seconds, labels)
        self.inference.observe(batch.inference_seconds, labels)

    def note_shadow(self, model: str, version: str, outcome: str) -> None:
        """Count an answer of a shadow."""
        self.shadows.add((model, version, outcome))

    def watch_inputs(self, served: "ServedModel", version: str, statistics: Mapping[str, Any]) -> None:
        """Compare inputs of a version with its training data from now on."""
        self.drift.expect(served.name, version, statistics)
        served.expected |= {version}
        served.on_input = partial(self.drift.note, served.name)

    def start(self) -> None:
        """Begin to look at inputs, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(LOOK, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self.drift.look(LOOK)
        self._timer = self._loop.call_later(LOOK, self._look)
