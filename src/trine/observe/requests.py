"""One exchange as telemetry: a server span, its duration, and a log record for what nobody expected."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from opentelemetry import context as otel_context
from opentelemetry import propagate, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from trine.events import Exchange

from .attributes import error_type, is_expected, known_methods, request_attributes, span_attributes, span_name
from .signals import Signals

_LISTS = frozenset({"baggage", "tracestate"})


class _HeaderGetter(Getter[Exchange]):
    """Reads what a caller sends along: W3C trace context, baggage, or what the process's propagator knows."""

    def get(self, carrier: Exchange, key: str) -> list[str] | None:
        values = list(carrier.header(key.lower()))
        return [",".join(values)] if key.lower() in _LISTS and values else values or None

    def keys(self, carrier: Exchange) -> list[str]:
        return list(carrier.header_names())


HEADERS = _HeaderGetter()


class ExchangeTelemetry:
    """Watches exchanges. A subclass says it in other words."""

    error_event: ClassVar = {"http": "http.server.request.exception", "websocket": "websocket.exception"}
    error_text: ClassVar = {"http": "Unhandled exception in a request", "websocket": "Unhandled exception in a WebSocket"}

    def __init__(self, signals: Signals) -> None:
        self.signals = signals
        self.methods = known_methods()

    @contextmanager
    def __call__(self, exchange: Exchange) -> Iterator[None]:
        """Watch one exchange."""
        context = self.context_of(exchange)
        span = self._start_span(exchange, context)
        if span is not None:
            context = trace.set_span_in_context(span, context)
        exchange.when_complete(lambda: self._finish_span(exchange, span))
        self._measure(exchange, context)
        token = otel_context.attach(context)
        try:
            yield
        finally:
            otel_context.detach(token)
            if isinstance(exchange.error, Exception) and not is_expected(exchange.error):
                self._log_error(exchange, context)

    def context_of(self, exchange: Exchange) -> Context:
        """The context that an exchange is in: its caller's."""
        return propagate.extract(exchange, otel_context.get_current(), HEADERS)

    def _start_span(self, exchange: Exchange, context: Context) -> Span | None:
        tracer = self.signals.tracer
        if tracer is None:
            return None
        name, attributes = span_name(exchange, self.methods), span_attributes(exchange, self.methods)
        return tracer.start_span(name, context, SpanKind.SERVER, attributes)

    def _finish_span(self, exchange: Exchange, span: Span | None) -> None:
        if span is None:
            return
        if span.is_recording():
            span.update_name(span_name(exchange, self.methods))
            span.set_attributes(outcome(exchange))
            if failure_of(exchange) is not None:
                span.set_status(Status(StatusCode.ERROR))
        span.end()

    def _measure(self, exchange: Exchange, context: Context) -> None:
        meters = self.signals.meters
        if meters is None or exchange.kind == "websocket":
            return
        attributes = request_attributes(exchange, self.methods)
        started = time.perf_counter()

        def record() -> None:
            meters.active.add(-1, attributes)
            meters.duration.record(time.perf_counter() - started, {**attributes, **outcome(exchange)}, context)

        meters.active.add(1, attributes)
        exchange.when_complete(record)

    def _log_error(self, exchange: Exchange, context: Context) -> None:
        logger, error = self.signals.logger, exchange.error
        if logger is None or error is None:
            return
        logger.emit(
            timestamp=time.time_ns(),
            context=context,
            severity_number=SeverityNumber.ERROR,
            severity_text="ERROR",
            event_name=self.error_event[exchange.kind],
            body=self.error_text[exchange.kind],
            attributes=route_of(exchange),
            exception=error,
        )


def route_of(exchange: Exchange) -> dict[str, Any]:
    """The route as an attribute, where there is one."""
    return {} if exchange.route is None else {"http.route": exchange.route}


def outcome(exchange: Exchange) -> dict[str, Any]:
    """What is known at the end: the route, the status, and what went wrong."""
    found = route_of(exchange)
    if exchange.status is not None:
        found["http.response.status_code"] = exchange.status
    failure = failure_of(exchange)
    return found if failure is None else {**found, "error.type": failure}


def failure_of(exchange: Exchange) -> str | None:
    """What went wrong: the exception that nobody expected, a status from 500 on, or an answer that was cut off."""
    if exchange.error is not None and not is_expected(exchange.error):
        return error_type(exchange.error)
    if exchange.status is not None and exchange.status >= 500:
        return str(exchange.status)
    if exchange.kind == "http" and not exchange.is_complete:
        return "incomplete"
    return None
