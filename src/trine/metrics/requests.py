"""Requests: how many, how they ended, how long they took."""

import time
from contextlib import AbstractContextManager, nullcontext

from trine.events import Exchange

from .store import MetricStore

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"})
_NOTHING = nullcontext()


class RequestMetrics:
    """Watches every request. Labels are routes, not paths: what clients make up is not counted one by one."""

    def __init__(self, store: MetricStore) -> None:
        labels = ["method", "route", "status"]
        self.seconds = store.histogram("trine_http_request_seconds", "From a request to the end of its answer", labels)

    def __call__(self, exchange: Exchange) -> AbstractContextManager[None]:
        """Count a request when its answer is complete."""
        if exchange.kind == "http":
            start = time.perf_counter()
            exchange.when_complete(lambda: self._count(exchange, time.perf_counter() - start))
        return _NOTHING

    def _count(self, exchange: Exchange, seconds: float) -> None:
        method = exchange.method if exchange.method in _METHODS else "other"
        self.seconds.observe(seconds, (method, exchange.route or "none", str(exchange.status or "none")))
