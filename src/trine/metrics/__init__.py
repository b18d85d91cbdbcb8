"""Numbers for Prometheus: counted in each process without waiting, and added up over all of them when somebody asks."""

from .guard import Guard
from .instruments import Counter, Gauge, Histogram, Labels
from .plugin import Metrics, store_of
from .settings import MetricsSettings
from .store import Collected, MetricStore

__all__ = [
    "Collected",
    "Counter",
    "Gauge",
    "Guard",
    "Histogram",
    "Labels",
    "MetricStore",
    "Metrics",
    "MetricsSettings",
    "store_of",
]
