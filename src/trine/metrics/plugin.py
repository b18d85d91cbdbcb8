"""The battery: `metrics = Metrics()`, then `app.install(metrics)`."""

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from trine.binding import Depends
from trine.errors import SetupError
from trine.http import Request, Response
from trine.settings import Problem, Settings

from .guard import Guard
from .instruments import SECONDS, Counter, Gauge, Histogram
from .requests import RequestMetrics
from .settings import MetricsSettings
from .store import MetricStore

if TYPE_CHECKING:
    from trine.app import App

_TICK = 1.0
"""So old are the numbers of other processes at most, in seconds."""
_stores: "WeakKeyDictionary[App, MetricStore]" = WeakKeyDictionary()


class Metrics:
    """Numbers for Prometheus at a path, added up over all workers: requests, models, and whatever else is counted.

    `counter`, `gauge` and `histogram` make numbers of the application's own; `collectors` are prometheus-client's. Who may read
    them says `TRINE_METRICS_TOKEN`, or `dependencies`.
    """

    def __init__(
        self,
        path: str | None = "/metrics",
        *,
        requests: bool = True,
        collectors: Sequence[Any] = (),
        dependencies: Sequence[Any] = (),
    ) -> None:
        self.path = path
        self.requests = requests
        self.collectors = list(collectors)
        self.dependencies = list(dependencies)
        self._app: App | None = None

    def setup(self, app: "App") -> None:
        """Attach to an application. It counts from its start to its end."""
        if app in _stores:
            raise SetupError("Metrics are installed twice.", hint="Install one Metrics(), before what counts with it.")
        self._app = app
        _stores[app] = self.store
        app.on_event("startup")(self._start)
        app.on_event("shutdown")(self._stop)
        if self.requests:
            app.events.watch_exchanges(RequestMetrics(self.store))
        if self.path is not None:
            guard = [] if self.dependencies else [Depends(Guard(lambda: self.settings.token, "metrics"))]
            answer = app.get(
                self.path, include_in_schema=False, versioned=False, name="metrics", dependencies=[*guard, *self.dependencies]
            )
            answer(self._answer)

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Numbers tell a lot about a business."""
        if self.path is None or self.dependencies or self.settings.token is not None:
            return []
        hint = "Set TRINE_METRICS_TOKEN, or give dependencies that say who may read them."
        return [Problem("open-metrics", f"Everybody may read the metrics at {self.path}.", hint)]

    @cached_property
    def settings(self) -> MetricsSettings:
        """What the environment says."""
        return MetricsSettings.load() if self._app is None else self._app.settings.part(MetricsSettings)

    @cached_property
    def store(self) -> MetricStore:
        """Where the numbers are."""
        return MetricStore(self.settings.folder)

    def counter(self, name: str, help: str, labels: Sequence[str] = ()) -> Counter:
        """Something that only grows."""
        return self.store.counter(name, help, labels)

    def gauge(self, name: str, help: str, labels: Sequence[str] = ()) -> Gauge:
        """Something that goes up and down."""
        return self.store.gauge(name, help, labels)

    def histogram(self, name: str, help: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS) -> Histogram:
        """How values are spread."""
        return self.store.histogram(name, help, labels, buckets=buckets)

    async def _start(self) -> None:
        self.store.begin()
        self.store.write()
        self._tick()

    def _tick(self) -> None:
        self.store.write()
        self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    async def _stop(self) -> None:
        self._timer.cancel()
        self.store.write(ended=True)

    def _answer(self, request: Request) -> Response:
        from .exposition import render_metrics

        whole, content_type = render_metrics(self.store.collect, self.collectors, request.headers.get("accept", ""))
        return Response(whole, headers={"content-type": content_type, "cache-control": "no-store"})


def store_of(app: "App") -> MetricStore | None:
    """Where an application counts; None where no `Metrics` are installed."""
    return _stores.get(app)
