"""The battery: `app.install(Telemetry())`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from opentelemetry._logs import LoggerProvider
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Status, StatusCode, TracerProvider

from trine.events import Exchange, Operation, current_exchange, unwatched

from .attributes import error_type, is_expected
from .requests import ExchangeTelemetry
from .signals import Signals

if TYPE_CHECKING:
    from trine.app import App


class Telemetry:
    """Tells OpenTelemetry about every request: a server span, its duration, and a log record for what nobody expected.

    A caller's trace goes on (W3C trace context), and spans that a handler makes stand below the request's. With
    `operation_spans`, each dependency, the handler and background tasks have a span of their own. What is not given comes from
    OpenTelemetry's global providers, and requests for which `exclude` says True are left alone.

    Install it with `pip install "trine[observe]"`.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        logger_provider: LoggerProvider | None = None,
        tracing: bool = True,
        metrics: bool = True,
        logs: bool = True,
        operation_spans: bool = True,
        exclude: Callable[[Exchange], bool] | None = None,
    ) -> None:
        self.signals = Signals(
            "trine",
            version("trine"),
            tracer_provider=tracer_provider,
            meter_provider=meter_provider,
            logger_provider=logger_provider,
            tracing=tracing,
            metrics=metrics,
            logs=logs,
        )
        self.operation_spans = tracing and operation_spans
        self.exclude = exclude
        self._watch = ExchangeTelemetry(self.signals)

    def setup(self, app: "App") -> None:
        """Watch an application."""
        app.events.watch_exchanges(self.watch_exchange)
        if self.operation_spans:
            app.events.watch_operations("dependency", self.watch_operation)
            app.events.watch_operations("handler", self.watch_operation)

    def watch_exchange(self, exchange: Exchange) -> AbstractContextManager[None]:
        """Watch one request or WebSocket."""
        if self.exclude is not None and self.exclude(exchange):
            return unwatched()
        if self.operation_spans:
            exchange.watch_background = self.watch_operation
        return self._watch(exchange)

    def watch_operation(self, operation: Operation, arguments: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Watch a dependency, a handler or a background task."""
        tracer = self.signals.tracer
        if tracer is None or current_exchange.get() is None:
            return nullcontext()
        return operation_span(tracer, f"{operation.kind} {function_name(operation.function)}", operation)


@contextmanager
def operation_span(tracer: Any, name: str, operation: Operation) -> Iterator[None]:
    """Make a span of a part of a request."""
    attributes = {"code.function.name": function_name(operation.function, with_module=True)}
    with tracer.start_as_current_span(name, attributes=attributes, record_exception=False, set_status_on_exception=False) as span:
        try:
            yield
        except BaseException as error:
            # A background task has nobody to answer to: nothing that it raises is an answer.
            if (operation.kind == "background" or not is_expected(error)) and not isinstance(error, GeneratorExit):
                span.set_attribute("error.type", error_type(error))
                span.set_status(Status(StatusCode.ERROR))
            raise


def function_name(function: Any, *, with_module: bool = False) -> str:
    """What a function is called in its source."""
    function = getattr(function, "func", function)
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}" if with_module else str(named.__qualname__)
