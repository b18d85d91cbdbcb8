"""`fastapi.telemetry`: OpenTelemetry in FastAPI's words, over Trine's own telemetry."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import Any, ClassVar, TypedDict

from opentelemetry import context as otel_context
from opentelemetry._logs import LoggerProvider, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from trine.compat.starlette.routing import MATCHED, Mount
from trine.errors import ValidationFailure
from trine.events import Events, Exchange, Operation, unwatched
from trine.observe import ExchangeTelemetry, Signals
from trine.observe.plugin import operation_span
from trine.server.watched import watch_asgi
from trine.types import ASGIApp, Receive, Scope, Send

__all__ = ["TelemetryConfig", "TelemetryData", "get_telemetry_data"]

TELEMETRY = "trine.telemetry"
"""Where a scope carries who watches its request; None where it is left alone."""

SPANS = {
    "inputs": "fastapi.dependencies",
    "handler": "fastapi.endpoint",
    "encoding": "fastapi.serialization",
    "background": "fastapi.background_task",
}

_key = otel_context.create_key("fastapi-telemetry")


class TelemetryConfig(TypedDict, total=False):
    """What `FastAPI(telemetry=...)` takes."""

    tracer_provider: TracerProvider | None
    meter_provider: MeterProvider | None
    logger_provider: LoggerProvider | None
    tracing: bool
    metrics: bool
    logs: bool
    operation_spans: bool
    exclude: Callable[[Scope], bool] | None


class TelemetryData:
    """What span and log processors may read of a request while it is answered. It is not exported."""

    def __init__(self, *, request: Any = None, websocket: Any = None) -> None:
        self.request = request
        self.websocket = websocket
        self.values: Mapping[str, Any] | None = None
        """The endpoint's arguments, once they are known."""
        self.errors: Sequence[Any] | None = None
        """What did not fit, once the inputs were read."""

    @property
    def body(self) -> Any:
        """The body as far as it was read: what its JSON means, else its text."""
        raw = getattr(self.request, "_body", None)
        if not raw:
            return None
        text = raw.decode("utf-8", "replace")
        try:
            return json.loads(text)
        except ValueError:
            return text


def get_telemetry_data(context: Context | None = None) -> TelemetryData | None:
    """Give the data of the request that a context belongs to; None outside of requests, and once they are over."""
    watching = otel_context.get_value(_key, context)
    return watching.data if isinstance(watching, Watching) else None


class Telemetry(ExchangeTelemetry):
    """What an application tells about its requests."""

    error_event: ClassVar = {"http": "http.server.request.exception", "websocket": "fastapi.websocket.exception"}
    error_text: ClassVar = {
        "http": "Unhandled exception in FastAPI request",
        "websocket": "Unhandled exception in FastAPI WebSocket connection",
    }

    def __init__(self, config: TelemetryConfig | None) -> None:
        given: dict[str, Any] = dict(config or {})
        self.exclude = given.pop("exclude", None)
        self.operation_spans = given.pop("operation_spans", True)
        super().__init__(Signals("fastapi", version("trine"), **given))

    async def answer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let an application answer, and tell about it, unless somebody further out does."""
        if scope["type"] not in ("http", "websocket") or TELEMETRY in scope:
            await app(scope, receive, send)
        elif self.exclude is not None and self.exclude(scope):
            scope[TELEMETRY] = None
            with attached(None), unwatched():
                await app(scope, receive, send)
        elif not self.is_active(scope["type"]):
            await app(scope, receive, send)
        else:
            watching = Watching(self, scope)
            with attached(watching):
                try:
                    await watch_asgi(app, watching.watch)(scope, receive, send)
                finally:
                    watching.data = None

    def is_active(self, kind: str) -> bool:
        """Whether anybody collects what would be told."""
        signals = self.signals
        return signals.tracer is not None or signals.logger is not None or (kind == "http" and signals.meters is not None)


class Watching:
    """One request that is told about."""

    def __init__(self, telemetry: Telemetry, scope: Scope) -> None:
        self.telemetry = telemetry
        self.data: TelemetryData | None = TelemetryData()
        self._root: str = scope.get("root_path", "")
        self._matched: list[Any] = []
        scope[TELEMETRY] = self
        scope[MATCHED] = self._matched

    def meet(self, *, request: Any = None, websocket: Any = None) -> Events:
        """Get to know what an endpoint gets, and say who watches it."""
        if self.data is not None:
            self.data.request, self.data.websocket = request, websocket
        return EVENTS

    @property
    def route(self) -> str | None:
        """The path of the route that answers, through everything that it was mounted in."""
        if not self._matched:
            return None
        below = "/{path}" if isinstance(self._matched[-1], Mount) or hasattr(self._matched[-1], "serves_below") else ""
        return self._root + "".join(_own_path(route) for route in self._matched) + below

    def watch(self, exchange: Exchange) -> AbstractContextManager[None]:
        """Watch the request from the server's side."""

        def know_route() -> None:
            exchange.route = self.route

        exchange.when_complete(know_route)
        exchange.watch_background = self.watch_operation
        return self.telemetry(exchange)

    def watch_operation(self, operation: Operation, arguments: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Watch a part of it."""
        if operation.kind == "handler" and self.data is not None:
            self.data.values = arguments
        return self._watch_inputs(operation) if operation.kind == "inputs" else self._span(operation)

    def _span(self, operation: Operation) -> AbstractContextManager[None]:
        tracer = self.telemetry.signals.tracer if self.telemetry.operation_spans else None
        return nullcontext() if tracer is None else operation_span(tracer, SPANS[operation.kind], operation)

    @contextmanager
    def _watch_inputs(self, operation: Operation) -> Iterator[None]:
        with self._span(operation):
            try:
                yield
            except ValidationFailure as error:
                self._note_misfits(error.errors())
                raise
            self._note_misfits(())

    def _note_misfits(self, errors: Sequence[Any]) -> None:
        if self.data is not None:
            self.data.errors = list(errors)
        logger = self.telemetry.signals.logger
        if logger is None or not errors:
            return
        attributes: dict[str, Any] = {"fastapi.validation.error_count": len(errors)}
        logger.emit(
            timestamp=time.time_ns(),
            context=otel_context.get_current(),
            severity_number=SeverityNumber.WARN,
            severity_text="WARN",
            event_name="fastapi.validation.failed",
            body="Request validation failed",
            attributes=attributes if self.route is None else {"http.route": self.route, **attributes},
        )


@contextmanager
def attached(watching: Watching | None) -> Iterator[None]:
    """Run inside with a request's data at hand, or without any."""
    token = otel_context.attach(otel_context.set_value(_key, watching))
    try:
        yield
    finally:
        otel_context.detach(token)


def watch_current(operation: Operation, arguments: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Watch a part of the request that is told about here."""
    watching = otel_context.get_value(_key)
    return watching.watch_operation(operation, arguments) if isinstance(watching, Watching) else nullcontext()


def operation_events() -> Events:
    """Who watches the routes that are compiled to be watched."""
    events = Events()
    events.watch_operations("inputs", watch_current)
    events.watch_operations("handler", watch_current)
    events.watch_operations("encoding", watch_current)
    return events


EVENTS = operation_events()


def _own_path(route: Any) -> str:
    return str(route.path if isinstance(route, Mount) else getattr(route, "path_format", ""))
