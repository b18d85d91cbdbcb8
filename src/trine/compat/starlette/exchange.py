"""One request to an application and its answer, taken piece by piece by a client in another thread."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Lock
from typing import Any, Protocol

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx2
from anyio.from_thread import BlockingPortal

from trine.types import ASGIApp, Message, Scope


class Exchange:
    """The application's side: it goes on only as far as the client reads."""

    def __init__(self, app: ASGIApp, scope: Scope, body: Iterator[bytes]) -> None:
        self.app = app
        self.scope = scope
        self.body = body
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.debug: dict[str, Any] | None = None
        self.trailers: list[tuple[bytes, bytes]] | None = None
        self.body_ended = False
        self.complete = False
        """Whether everything that belongs to the answer was sent; background work may go on."""
        self.failure: BaseException | None = None
        self.ended = False
        self._all_sent = False
        self._fetched: list[bytes | None] = []
        self._fetching = Lock()
        self._chunk: bytes | None = None

    async def begin(self) -> None:
        """Make what belongs to the event loop."""
        self.changed = anyio.Event()
        self.wanted = anyio.Event()
        self.over = anyio.Event()
        self.scope_of_run = anyio.CancelScope()

    async def run(self) -> None:
        """Let the application answer."""
        try:
            with self.scope_of_run:
                await self.app(self.scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001 - raised again where the client is
            self.failure = error
        finally:
            self.ended = True
            self.over.set()
            self._tell()

    async def receive(self) -> Message:
        """Give the body, then wait until the answer is complete: only then does the client leave."""
        if not self._all_sent:
            if not self._fetched:
                await anyio.to_thread.run_sync(self._fetch)
            chunk = self._fetched.pop()
            self._all_sent = chunk is None
            return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}
        # Asked for without waiting, this must answer without waiting.
        if not self.over.is_set():
            await self.over.wait()
        return {"type": "http.disconnect"}

    def _fetch(self) -> None:
        # In a thread: files are read, generators may wait. Kept, should the one who asked have given up meanwhile.
        with self._fetching:
            if not self._fetched:
                self._fetched.append(next(self.body, None))

    async def send(self, message: Message) -> None:
        """Take a message of the application."""
        kind = message["type"]
        if kind == "http.response.start":
            self._start(message)
        elif kind == "http.response.body":
            await self._take_body(message)
        elif kind == "http.response.debug":
            self.debug = message["info"]
        elif kind == "http.response.trailers":
            self._take_trailers(message)
        elif kind not in ("http.response.early_hint", "http.response.push"):
            raise AssertionError(f"The application sent {kind!r}, which this client does not understand.")
        self._tell()

    def _start(self, message: Message) -> None:
        if self.status is not None:
            raise AssertionError('Received multiple "http.response.start" messages.')
        self.status = message["status"]
        self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
        self.trailers = [] if message.get("trailers", False) else None

    async def _take_body(self, message: Message) -> None:
        if self.status is None:
            raise AssertionError('Received "http.response.body" without "http.response.start".')
        if self.body_ended:
            what = "response" if self.complete else "body"
            raise AssertionError(f'Received "http.response.body" after {what} completed.')
        chunk = bytes(message.get("body", b""))
        await self.wanted.wait()
        self.body_ended = not message.get("more_body", False)
        if self.body_ended and self.trailers is None:
            self._finish()
        if chunk and self.scope["method"] != "HEAD":
            self._chunk = chunk
            self.wanted = anyio.Event()
        elif not self.body_ended:
            await anyio.lowlevel.checkpoint()

    def _take_trailers(self, message: Message) -> None:
        if self.trailers is None:
            raise AssertionError('Received "http.response.trailers" without declaring trailers in "http.response.start".')
        if not self.body_ended:
            raise AssertionError('Received "http.response.trailers" before response body completed.')
        if self.complete:
            raise AssertionError('Received "http.response.trailers" after response completed.')
        self.trailers += [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
        if not message.get("more_trailers", False):
            self._finish()

    def _finish(self) -> None:
        self.complete = True
        self.over.set()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()

    # The client's side, on the same event loop -----------------------------------------------------------------------

    async def started(self) -> None:
        """Wait until there is a status, or nothing more to wait for."""
        while self.status is None and not self.ended:
            await self.changed.wait()

    async def next_chunk(self) -> bytes | None:
        """Wait for more of the body; None is its end."""
        self.wanted.set()
        while self._chunk is None:
            if self.body_ended or self.ended:
                return None
            await self.changed.wait()
        chunk, self._chunk = self._chunk, None
        return chunk

    async def settle(self) -> None:
        """Wait until the application has done everything."""
        self.wanted.set()
        while not self.ended:
            await self.changed.wait()

    async def leave(self) -> None:
        """Go away. A complete answer's background work comes to its end, anything else is cancelled."""
        if not self.complete:
            self.over.set()
            self.scope_of_run.cancel()
        await self.settle()

    async def cancel(self) -> None:
        """End the application wherever it is."""
        self.scope_of_run.cancel()
        await self.settle()


class _Client(Protocol):
    """What a transport asks of its client."""

    app: ASGIApp
    raise_server_exceptions: bool

    def open_portal(self) -> Any: ...
    def make_scope(self, kind: str, request: httpx2.Request) -> Scope: ...
    def track(self, stream: "AnswerStream") -> None: ...
    def forget(self, stream: "AnswerStream") -> None: ...


class Transport(httpx2.BaseTransport):
    """How httpx2 reaches the application."""

    def __init__(self, client: _Client) -> None:
        self.client = client

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Let the application answer, and return as soon as its answer begins."""
        client = self.client
        scope = client.make_scope("http", request)
        scope["method"] = request.method
        scope["extensions"] = {"http.response.debug": {}, "http.response.trailers": {}}
        exchange = Exchange(client.app, scope, _chunks(request))
        with ExitStack() as stack:
            portal = stack.enter_context(client.open_portal())
            portal.call(exchange.begin)
            portal.start_task_soon(exchange.run)
            portal.call(exchange.started)
            if exchange.status is None:
                return self._answer_nothing(request, exchange)
            stream = AnswerStream(client, exchange, portal, stack.pop_all())
        client.track(stream)
        response = httpx2.Response(exchange.status, headers=exchange.headers, stream=stream, request=request)
        stream.response = response
        stream.describe()
        return response

    def _answer_nothing(self, request: httpx2.Request, exchange: Exchange) -> httpx2.Response:
        if self.client.raise_server_exceptions:
            _raise_failure(exchange)
            raise AssertionError("TestClient did not receive any response.")
        return httpx2.Response(500, headers=[], stream=httpx2.ByteStream(b""), request=request)


class AnswerStream(httpx2.SyncByteStream):
    """The body of an answer. Closing it early is leaving."""

    def __init__(self, client: _Client, exchange: Exchange, portal: BlockingPortal, stack: ExitStack) -> None:
        self.client = client
        self.exchange = exchange
        self.portal = portal
        self.stack = stack
        self.response: httpx2.Response | None = None
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        while (chunk := self.portal.call(self.exchange.next_chunk)) is not None:
            yield chunk
        self._end(self.exchange.settle)

    def close(self) -> None:
        """Leave."""
        self._end(self.exchange.leave)

    def cancel(self) -> None:
        """Leave without waiting for background work."""
        self._end(self.exchange.cancel)

    def describe(self) -> None:
        """Tell the response what the application said about it, beside status, headers and body."""
        response, exchange = self.response, self.exchange
        if response is None:
            return
        if exchange.trailers is not None:
            response.extensions["http.response.trailers"] = exchange.trailers
        if exchange.debug is not None:
            response.extensions["http.response.debug"] = exchange.debug
            for name in ("template", "context"):
                if name in exchange.debug:
                    setattr(response, name, exchange.debug[name])

    def _end(self, how: Callable[[], Any]) -> None:
        if self.closed:
            return
        self.closed = True
        self.client.forget(self)
        try:
            self.portal.call(how)
            self.describe()
        finally:
            self.stack.close()
        if self.client.raise_server_exceptions:
            _raise_failure(self.exchange)


def _raise_failure(exchange: Exchange) -> None:
    if exchange.failure is not None:
        raise exchange.failure
    if exchange.scope["trine.errors"]:
        raise exchange.scope["trine.errors"][0]


def _chunks(request: httpx2.Request) -> Iterator[bytes]:
    if not isinstance(request.stream, httpx2.SyncByteStream):
        raise TypeError("A synchronous client cannot send an asynchronous body.")
    return (chunk for chunk in request.stream if chunk)
