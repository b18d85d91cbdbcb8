"""What an exchange is in OpenTelemetry's words: the semantic conventions for HTTP servers, version 1.44."""

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from trine.errors import (
    HTTPException,
    RequestValidationError,
    WebSocketDisconnect,
    WebSocketException,
    WebSocketRequestValidationError,
)
from trine.events import Exchange

SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"

KNOWN_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
# Signatures of links that were made for one reader (the conventions' list).
SECRET_PARAMETERS = frozenset({"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "sig", "X-Goog-Signature"})
MAX_QUERY = 8192
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._~!$&'()*+,;=%-]+))(?::([0-9]{1,5}))?")


def known_methods(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The methods that spans and metrics tell apart; `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` replaces the list."""
    listed = environ.get("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "")
    return frozenset(method.strip() for method in listed.split(",") if method.strip()) or KNOWN_METHODS


def request_attributes(exchange: Exchange, methods: frozenset[str]) -> dict[str, Any]:
    """What metrics may carry: few values, none of them a client's own."""
    return {"http.request.method": exchange.method if exchange.method in methods else "_OTHER", "url.scheme": exchange.scheme}


def span_attributes(exchange: Exchange, methods: frozenset[str]) -> dict[str, Any]:
    """What a span carries from the beginning."""
    found: dict[str, Any] = {"url.scheme": exchange.scheme, "url.path": exchange.path}
    if exchange.kind == "websocket":
        found["network.protocol.name"] = "websocket"
    else:
        found |= request_attributes(exchange, methods)
        found["network.protocol.version"] = exchange.http_version
        if exchange.method not in methods:
            found["http.request.method_original"] = exchange.method
    if query := redacted(exchange.query):
        found["url.query"] = query
    if exchange.client is not None:
        found["client.address"] = exchange.client[0]
    if agent := exchange.header("user-agent"):
        found["user_agent.original"] = agent[0]
    return found | server_attributes(exchange)


def server_attributes(exchange: Exchange) -> dict[str, Any]:
    """Whom the client wanted to reach: the Host header, else the socket. A host that cannot be read says nothing."""
    hosts = exchange.header("host")
    if not hosts:
        address, port = exchange.server or (None, None)
    else:
        match = _AUTHORITY.fullmatch(hosts[0])
        port = int(match[3]) if match and match[3] else DEFAULT_PORTS.get(exchange.scheme)
        address = (match[1] or match[2]) if match and (port or 0) < 65536 else None
    if address is None:
        return {}
    return {"server.address": address} if port is None else {"server.address": address, "server.port": port}


def redacted(query: str) -> str:
    """A query whose secrets are hidden. One that is too long is left out."""
    if not query or len(query) > MAX_QUERY:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, "REDACTED" if name in SECRET_PARAMETERS else value) for name, value in pairs])


def span_name(exchange: Exchange, methods: frozenset[str]) -> str:
    """The method and the route: as many names as there are routes, whatever clients ask for."""
    method = exchange.method if exchange.method in methods else "HTTP"
    verb = "WS" if exchange.kind == "websocket" else method
    return verb if exchange.route is None else f"{verb} {exchange.route}"


def error_type(error: BaseException) -> str:
    """The name of an exception's class, with its module unless it is Python's own."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def is_expected(error: BaseException | None) -> bool:
    """Whether an exception is a usual answer: a status, input that does not fit, or a WebSocket that was closed in order."""
    if isinstance(error, WebSocketDisconnect):
        return error.code in (1000, 1001)
    kinds = (HTTPException, WebSocketException, RequestValidationError, WebSocketRequestValidationError)
    return error is None or isinstance(error, kinds)
