"""Exchanges seen from the server's side, for whoever watches them: what was asked, and when the answer was complete."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from trine.events import Exchange, ExchangeWatcher, current_exchange
from trine.types import ASGIApp, Message, Receive, Scope, Send

from .drain import RSGIEntry
from .proxy import header_lines
from .wrapped import HeaderList, WrappedProtocol


def watch_asgi(app: ASGIApp, watch: ExchangeWatcher) -> ASGIApp:
    """Let somebody watch what an ASGI application answers."""

    async def answer_watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        exchange = asgi_exchange(scope)
        has_trailers = False

        async def send_watched(message: Message) -> None:
            nonlocal has_trailers
            await send(message)
            kind = message["type"]
            if kind == "http.response.start":
                exchange.status = message["status"]
                has_trailers = message.get("trailers", False)
            elif _is_last(message, has_trailers=has_trailers):
                exchange.complete()

        with watched(exchange, watch):
            await app(scope, receive, send_watched)

    return answer_watched


def watch_rsgi(answer: RSGIEntry, watch: ExchangeWatcher) -> RSGIEntry:
    """Let somebody watch what an RSGI application answers."""

    async def answer_watched(scope: Any, proto: Any) -> None:
        exchange = rsgi_exchange(scope)
        with watched(exchange, watch):
            await answer(scope, proto if exchange.kind == "websocket" else _WatchedProtocol(proto, exchange))
            exchange.complete()

    return answer_watched


@contextmanager
def watched(exchange: Exchange, watch: ExchangeWatcher) -> Iterator[None]:
    """Answer inside, and be watched."""
    token = current_exchange.set(exchange)
    try:
        with watch(exchange):
            try:
                yield
            except BaseException as error:
                exchange.error = error
                raise
            finally:
                exchange.end()
    finally:
        current_exchange.reset(token)


class _WatchedProtocol(WrappedProtocol):
    __slots__ = ("exchange",)

    def __init__(self, inner: Any, exchange: Exchange) -> None:
        super().__init__(inner)
        self.exchange = exchange

    def head(self, status: int, headers: HeaderList) -> HeaderList:
        self.exchange.status = status
        # Everything but a stream is handed over in the same moment.
        self.exchange.complete()
        return headers

    def response_stream(self, status: int, headers: HeaderList) -> Any:
        self.exchange.status = status
        return self.inner.response_stream(status, headers)


def _is_last(message: Message, *, has_trailers: bool) -> bool:
    kind = message["type"]
    if kind == "http.response.trailers":
        return not message.get("more_trailers", False)
    body_ends = kind == "http.response.pathsend" or (kind == "http.response.body" and not message.get("more_body", False))
    return body_ends and not has_trailers


def asgi_exchange(scope: Scope) -> Exchange:
    """What an ASGI scope asks."""
    client, server = scope.get("client"), scope.get("server")
    return Exchange(
        kind=scope["type"],
        method=scope.get("method", "GET"),
        scheme=scope.get("scheme", "http"),
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        http_version=scope.get("http_version", "1.1"),
        client=None if client is None else (client[0], client[1]),
        server=None if server is None else (server[0], server[1]),
        header=partial(header_lines, scope),
        header_names=lambda: [name.decode("latin-1") for name, _ in scope["headers"]],
    )


def rsgi_exchange(scope: Any) -> Exchange:
    """What an RSGI scope asks."""
    return Exchange(
        kind="http" if scope.proto == "http" else "websocket",
        method=scope.method,
        scheme=scope.scheme,
        path=scope.path,
        query=scope.query_string,
        http_version=scope.http_version,
        client=_address(scope.client),
        server=_address(scope.server),
        header=scope.headers.get_all,
        header_names=lambda: list(scope.headers.keys()),
    )


def _address(text: str) -> tuple[str, int | None] | None:
    host, _, port = text.rpartition(":")
    if not host:
        return (text, None) if text else None
    return host.strip("[]"), int(port) if port.isdecimal() else None
