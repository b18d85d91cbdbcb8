"""The numbers as Prometheus reads them: its own library writes the format that a scraper asks for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from .instruments import Histogram
from .store import Collected

_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily}


class _Collector(Collector):
    """Gives what was collected in the library's words."""

    def __init__(self, collect: Callable[[], Iterable[Collected]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Metric]:
        for one in self._collect():
            if one.instrument.is_hidden:
                continue
            instrument, labels = one.instrument, one.instrument.labels
            if isinstance(instrument, Histogram):
                family: Any = HistogramMetricFamily(instrument.name, instrument.help, labels=labels)
                limits = [*map(_limit, instrument.buckets), "+Inf"]
                for values, numbers in sorted(one.values.items()):
                    family.add_metric(values, list(zip(limits, _running(numbers[:-1]), strict=False)), numbers[-1])
            else:
                family = _FAMILIES[instrument.kind](instrument.name, instrument.help, labels=labels)
                for values, numbers in sorted(one.values.items()):
                    family.add_metric(values, numbers[0])
            yield family


def render_metrics(collect: Callable[[], Iterable[Collected]], others: Sequence[Any], accept: str) -> tuple[bytes, str]:
    """Write the numbers, and those of other registries of the library, in the format that an Accept line asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(collect))
    for other in others:
        registry.register(other)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _running(counts: Sequence[float]) -> Iterator[float]:
    total = 0.0
    for count in counts:
        total += count
        yield total


def _limit(value: float) -> str:
    return str(float(value))
