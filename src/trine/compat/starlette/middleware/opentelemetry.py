"""`starlette.middleware.opentelemetry`: a server span for every request, in OpenTelemetry's words for HTTP."""

import re
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.propagate import extract
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from trine.compat.starlette import __version__
from trine.compat.starlette.requests import HTTPConnection
from trine.compat.starlette.routes import TRAIL
from trine.types import ASGIApp, Message, Receive, Scope, Send

_SEEN = "trine.opentelemetry"
_METHODS = {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}


class OpenTelemetryMiddleware:
    """Trace requests, by the global provider unless another one is given, but for URLs that match one of `excluded_urls`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        excluded_urls: str | Sequence[str] = (),
    ) -> None:
        self.app = app
        self.tracer_provider = tracer_provider
        parts = excluded_urls.split(",") if isinstance(excluded_urls, str) else excluded_urls
        self._excluded = [re.compile(part.strip()) for part in parts if part.strip()]
        meter = (meter_provider or metrics.get_meter_provider()).get_meter("starlette", __version__)
        self._duration = meter.create_histogram(
            "http.server.request.duration", unit="s", description="Duration of HTTP server requests."
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] != "http" or _SEEN in scope:
            await self.app(scope, receive, send)
            return
        provider = self.tracer_provider or trace.get_tracer_provider()
        scope[_SEEN] = True
        if isinstance(provider, trace.NoOpTracerProvider) or self._is_excluded(scope):
            await self.app(scope, receive, send)
            return
        trail: list[str] = scope.setdefault(TRAIL, [])
        method = scope["method"].upper() if scope["method"].upper() in _METHODS else "HTTP"
        context = extract(_carrier(scope))
        tracer = provider.get_tracer("starlette", __version__)
        began, answered = perf_counter(), 0

        async def watched_send(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = message["status"]
            await send(message)

        attributes = _attributes(scope, method)
        # Ended here: what fails before the end is described by ourselves, not by the context manager.
        with tracer.start_as_current_span(
            method, context, SpanKind.SERVER, attributes, record_exception=True, set_status_on_exception=False
        ) as span:
            try:
                await self.app(scope, receive, watched_send)
            except Exception as error:
                _fail(span, type(error).__qualname__)
                raise
            finally:
                route = "".join(trail)
                _finish(span, method, route, answered)
                self._duration.record(perf_counter() - began, _measured(method, route, answered, scope))
                del scope[_SEEN]

    def _is_excluded(self, scope: Scope) -> bool:
        return bool(self._excluded) and any(part.search(str(HTTPConnection(scope).url)) for part in self._excluded)


def _attributes(scope: Scope, method: str) -> dict[str, Any]:
    headers = dict(reversed([(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]))
    found: dict[str, Any] = {"http.request.method": "_OTHER" if method == "HTTP" else method, "url.path": scope["path"]}
    found["url.scheme"] = scope.get("scheme", "http")
    if scope["method"] != method:
        found["http.request.method_original"] = scope["method"]
    if scope.get("query_string"):
        found["url.query"] = scope["query_string"].decode("latin-1")
    if scope.get("server"):
        found["server.address"] = scope["server"][0]
        if scope["server"][1] is not None:
            found["server.port"] = scope["server"][1]
    if scope.get("client"):
        found["client.address"] = scope["client"][0]
    if scope.get("http_version"):
        found["network.protocol.version"] = scope["http_version"]
    if b"user-agent" in headers:
        found["user_agent.original"] = headers[b"user-agent"]
    return found


def _measured(method: str, route: str, status: int, scope: Scope) -> dict[str, Any]:
    found: dict[str, Any] = {"http.request.method": method, "url.scheme": scope.get("scheme", "http")}
    if route:
        found["http.route"] = route
    if status:
        found["http.response.status_code"] = status
    return found


def _finish(span: Span, method: str, route: str, status: int) -> None:
    if route:
        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
    if status:
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            _fail(span, str(status))


def _fail(span: Span, kind: str) -> None:
    span.set_status(Status(StatusCode.ERROR))
    if "error.type" not in (getattr(span, "attributes", None) or {}):
        span.set_attribute("error.type", kind)


def _carrier(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found
