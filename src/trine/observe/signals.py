"""Where telemetry goes: the tracer, the meter and the logger of the providers that an application uses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from opentelemetry import _logs, metrics, trace

from .attributes import SCHEMA_URL

# The boundaries that the conventions recommend, in seconds.
DURATION_BOUNDARIES = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


@dataclass(frozen=True, slots=True)
class Meters:
    """What is measured of every request."""

    duration: metrics.Histogram
    active: metrics.UpDownCounter


class Signals:
    """Traces, metrics and logs under one name. A provider that was not given is the global one, also if that is set later."""

    def __init__(
        self,
        scope: str,
        version: str,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        logger_provider: _logs.LoggerProvider | None = None,
        tracing: bool = True,
        metrics: bool = True,
        logs: bool = True,
    ) -> None:
        self.scope = scope
        self.version = version
        self._tracers = _Current(tracing, tracer_provider, trace_provider, self._make_tracer)
        self._meters = _Current(metrics, meter_provider, metrics_provider, self._make_meters)
        self._loggers = _Current(logs, logger_provider, logs_provider, self._make_logger)

    @property
    def tracer(self) -> trace.Tracer | None:
        """Makes spans; None while nobody collects them."""
        tracer: trace.Tracer | None = self._tracers.get()
        return tracer

    @property
    def meters(self) -> Meters | None:
        """Measure requests; None while nobody collects that."""
        meters: Meters | None = self._meters.get()
        return meters

    @property
    def logger(self) -> _logs.Logger | None:
        """Takes log records; None while nobody collects them."""
        logger: _logs.Logger | None = self._loggers.get()
        return logger

    def _make_tracer(self, provider: Any) -> trace.Tracer:
        tracer: trace.Tracer = provider.get_tracer(self.scope, self.version, schema_url=SCHEMA_URL)
        return tracer

    def _make_meters(self, provider: Any) -> Meters:
        meter = provider.get_meter(self.scope, self.version, schema_url=SCHEMA_URL)
        duration = meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=DURATION_BOUNDARIES,
        )
        active = meter.create_up_down_counter(
            "http.server.active_requests", unit="{request}", description="Number of active HTTP server requests."
        )
        return Meters(duration, active)

    def _make_logger(self, provider: Any) -> _logs.Logger:
        logger: _logs.Logger = provider.get_logger(self.scope, self.version, schema_url=SCHEMA_URL)
        return logger


class _Current:
    """What a provider makes, kept as long as the provider stays the same."""

    def __init__(self, is_wanted: bool, given: Any, find: Callable[[], Any], make: Callable[[Any], Any]) -> None:
        self.is_wanted = is_wanted
        # What stands in for the global one until that is set, is asked for anew like it.
        self.find = find if given is None or _is_stand_in(given) else lambda: given
        self.make = make
        self._provider: Any = None
        self._made: Any = None

    def get(self) -> Any:
        if not self.is_wanted:
            return None
        provider = self.find()
        if provider is not self._provider:
            self._made = None if _is_stand_in(provider) else self.make(provider)
            self._provider = provider
        return self._made


def trace_provider() -> Any:
    """The global provider of tracers. Asked anew each time: it may be set late."""
    return trace.get_tracer_provider()


def metrics_provider() -> Any:
    """The global provider of meters."""
    return metrics.get_meter_provider()


def logs_provider() -> Any:
    """The global provider of loggers."""
    return _logs.get_logger_provider()


def _is_stand_in(provider: Any) -> bool:
    """Whether a provider collects nothing: one of the API's own, until an SDK's is set."""
    return type(provider).__module__.startswith(("opentelemetry.trace", "opentelemetry.metrics", "opentelemetry._logs"))
