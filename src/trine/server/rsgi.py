"""RSGI (Granian's interface): requests read from and responses written to the server's own objects."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from functools import cached_property
from time import monotonic
from typing import Any

from trine.errors import BodyTooLarge, BrokenBody, HTTPException, WebSocketDisconnect
from trine.http import Address, FileResponse, Headers, ReadyResponse, Request, Response, gather_body
from trine.types import Application, Scope
from trine.websocket import WebSocket, WebSocketState
from trine.websocket.connection import CONNECTED

from .address import parse_address
from .leaving import watch
from .outflow import Outflow
from .reply import complete_headers
from .streams import send_stream

HeaderList = list[tuple[str, str]]
logger = logging.getLogger("trine.websocket")


class _RSGIConnection:
    """What a request and a WebSocket share: the server's scope, read on demand."""

    app: Application
    method: str
    path: str
    path_params: dict[str, Any]

    def __init__(
        self, source: Any, protocol: Any, app: Application, path_params: dict[str, Any] | None = None, headers: Any = None
    ) -> None:
        self._source = source
        if headers is not None:
            self._lines = headers
        self._protocol = protocol
        self.method = source.method
        self.path = source.path
        self.app = app
        self.path_params = {} if path_params is None else path_params

    @cached_property
    def _lines(self) -> Any:
        # Granian copies all headers whenever it is asked for them: who has them passes them on, and who needs none asks for none.
        return self._source.headers

    @property
    def query_string(self) -> str:
        """The query string as it was sent."""
        return str(self._source.query_string)

    @property
    def scheme(self) -> str:
        """`http` or `https`; a WebSocket has `ws` or `wss`."""
        return str(self._source.scheme)

    @property
    def http_version(self) -> str:
        """`1.0`, `1.1` or `2`."""
        return str(self._source.http_version)

    @property
    def observed_errors(self) -> list[Exception] | None:
        """Where a test client looks for what the application did not expect; None for a real client."""
        return getattr(self._source, "trine_errors", None)

    @cached_property
    def headers(self) -> Headers:
        """The header lines, in order, with case-insensitive names."""
        return Headers(self._lines.items())

    @cached_property
    def client(self) -> Address | None:
        """Address of the other side."""
        return parse_address(self._source.client)

    @cached_property
    def server(self) -> Address | None:
        """Address that the server listens on."""
        return parse_address(self._source.server)

    def _asgi_scope(self, kind: str) -> Scope:
        path = self.path
        return {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": self.http_version,
            "method": self.method,
            "scheme": self.scheme,
            "path": path,
            "raw_path": path.encode(),
            "query_string": self.query_string.encode("latin-1"),
            "root_path": "",
            "headers": self.headers.raw,
            "client": self.client,
            "server": self.server,
            "state": {},
            "app": self.app,
            "path_params": self.path_params,
            "trine.errors": self.observed_errors,
            "trine.hosts": getattr(self._source, "trine_hosts", ()),
        }


class RSGIRequest(_RSGIConnection, Request):
    """A request behind RSGI."""

    @property
    def lines(self) -> Iterable[tuple[str, str]]:
        """The header lines as the server gives them, with lower-case names."""
        lines: Iterable[tuple[str, str]] = self._lines.items()
        return lines

    @property
    def sides(self) -> tuple[str, str]:
        """Where the client and the server are, as the server writes it."""
        return self._source.client, self._source.server

    _leaving: asyncio.Future[None] | None = None

    @cached_property
    def scope(self) -> Scope:
        """The request as an ASGI 3.0 scope, for code that speaks ASGI."""
        return self._asgi_scope("http")

    async def is_disconnected(self) -> bool:
        """Whether the client has left. The first question begins to watch; its own answer comes one turn of the loop later."""
        if self._leaving is None:
            # Granian tells it only to those who wait, so somebody waits until the request is over.
            self._leaving = asyncio.ensure_future(_wait(self._protocol.client_disconnect()))
            self.exit_stack.callback(self._leaving.cancel)
        await asyncio.sleep(0)
        return self._leaving.done()

    def watch_client(self, told: Callable[[], None]) -> Any:
        """Have a function called when the client leaves."""
        return watch(self._protocol.client_disconnect, told)

    def _receive_chunks(self) -> AsyncIterator[bytes]:
        check_coding(self._lines)
        return receive_chunks(self._protocol)


class RSGIWebSocket(_RSGIConnection, WebSocket):
    """A WebSocket behind RSGI. Granian sends neither a subprotocol nor headers with its answer, and closes without a code."""

    _transport: Any = None
    _lost = (RuntimeError,)
    _is_sending = False
    _since = 0.0
    """When the message on its way was sent."""

    _turns: "deque[asyncio.Future[None]] | None" = None

    @property
    def scheme(self) -> str:
        """`ws` or `wss`. Granian names the scheme of the handshake, `http` or `https`."""
        return {"http": "ws", "https": "wss"}.get(self._source.scheme, str(self._source.scheme))

    @cached_property
    def scope(self) -> Scope:
        """The connection as an ASGI 3.0 scope, for code that speaks ASGI."""
        return {**self._asgi_scope("websocket"), "subprotocols": self.requested_subprotocols}

    async def _accept(self, subprotocol: str | None, headers: HeaderList) -> None:
        if subprotocol is not None:
            logger.warning(
                "WebSocket %s speaks the subprotocol %r, which Granian does not send over RSGI: browsers leave. "
                "Declare subprotocols=[%r] at the route, and trine run serves the application over ASGI.",
                self.path,
                subprotocol,
                subprotocol,
            )
        self._transport = await self._protocol.accept()
        self._receive = self._transport.receive

    async def _refuse(self, response: Response) -> None:
        self._protocol.close(response.status_code)

    def _read(self, message: Any) -> str | bytes:
        if message.kind == 0:
            raise WebSocketDisconnect(1005)
        data: str | bytes = message.data
        return data

    async def send_text(self, data: str | bytes) -> None:
        """Send a message of either kind. Raises `WebSocketDisconnect` when the connection has gone."""
        if self.application_state is not CONNECTED:
            self._require_open()
        # Granian refuses a message while another one is on its way.
        while self._is_sending:
            await self._turn()
        self._is_sending = True
        self._since = monotonic()
        try:
            await (self._transport.send_str(data) if isinstance(data, str) else self._transport.send_bytes(data))
        except RuntimeError as error:
            raise WebSocketDisconnect(1006) from error
        finally:
            self._is_sending = False
            if self._turns:
                self._give_turn()

    send_bytes = send_text

    async def _turn(self) -> None:
        """Wait until the message on its way has been sent."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns = deque() if self._turns is None else self._turns
        self._turns.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and not self._is_sending:
                self._give_turn()
            raise

    def _give_turn(self) -> None:
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _waits_since(self) -> float | None:
        return self._since if self._is_sending else None

    async def _close(self, code: int, reason: str) -> None:
        self._protocol.close(code if self._transport is not None else 403)

    def release(self) -> None:
        """Let go of the connection: Granian closes it when nobody holds it any more.

        Where this side has closed first, the client's answer is waited for: without it, what was sent last may be lost.
        """
        transport, self._transport = self._transport, _CLOSED
        self._receive = _CLOSED.receive
        if transport is not None and self.client_state is WebSocketState.CONNECTED:
            lingering = asyncio.ensure_future(_linger(transport))
            _lingering.add(lingering)
            lingering.add_done_callback(_lingering.discard)


async def _linger(transport: Any) -> None:
    with suppress(RuntimeError, TimeoutError):
        async with asyncio.timeout(_LINGER):
            while (await transport.receive()).kind:
                continue


_LINGER = 2.0
_lingering: "set[asyncio.Future[None]]" = set()


class _Closed:
    """What stands for a transport after the end."""

    async def receive(self) -> Any:
        raise RuntimeError("The WebSocket is closed.")

    async def send_str(self, data: str) -> None:
        raise RuntimeError("The WebSocket is closed.")

    async def send_bytes(self, data: bytes) -> None:
        raise RuntimeError("The WebSocket is closed.")


_CLOSED = _Closed()


class ReadAhead:
    """Granian's protocol object of a request whose body is here, or was asked for by the scheduler."""

    __slots__ = ("_receiving", "body", "protocol")

    def __init__(self, protocol: Any, receiving: "asyncio.Future[bytes]", body: bytes | None = None) -> None:
        self.protocol = protocol
        """Granian's own object."""
        self.body = body
        """The whole body, where it is here already."""
        self._receiving = receiving

    async def __call__(self) -> bytes:
        """The whole body."""
        return await self._receiving if self.body is None else self.body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield await self()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.protocol, name)


async def _wait(leaving: Awaitable[None]) -> None:
    await leaving


async def read_body(protocol: Any, headers: Any, limit: int) -> bytes:
    """Read a body of unknown or suspicious length, chunk by chunk, up to the limit."""
    check_coding(headers)
    declared = int(headers.get("content-length") or 0)
    if declared > limit:
        raise BodyTooLarge(declared, limit)
    return await gather_body(receive_chunks(protocol), limit)


async def receive_chunks(protocol: Any) -> AsyncIterator[bytes]:
    """Receive a body piece by piece. Raises `BrokenBody` where it ends before it is complete."""
    has_ended = False
    try:
        async for chunk in protocol:
            # Granian ends every body with an empty chunk. A second one stands for a broken chunk or a client that left.
            if chunk:
                yield chunk
            elif has_ended:
                raise cut_off()
            has_ended = not chunk
            # Let go before the next one is asked for: it comes to lie where this one lay, near the processor.
            del chunk
    except RuntimeError as error:
        raise cut_off() from error


def cut_off() -> BrokenBody:
    """What to raise for a body that ends too early. Granian does not say why: the client left, or its chunks are broken."""
    return BrokenBody("The request ended before it was complete.")


def check_coding(headers: Any) -> None:
    """Refuse a body in a coding that nobody here decodes (RFC 9112 §6.1)."""
    codings = headers.get_all("transfer-encoding")
    if codings and (len(codings) > 1 or codings[0].strip().lower() != "chunked"):
        raise HTTPException(400, "The only transfer coding that is understood here is 'chunked'.", {"connection": "close"})


def make_ready(response: Response, defaults: HeaderList, scope: Any) -> tuple[Response, HeaderList]:
    """What goes out, and its header lines. What can fail fails here, while another answer is still possible."""
    if type(response) is ReadyResponse and response.is_untouched:
        return response, response.pairs
    if isinstance(response, FileResponse):
        response = response.answer(scope.method, Headers(scope.headers.items()))
    return response, complete_headers(response, defaults)


def send_ready(response: Response, headers: HeaderList, protocol: Any, scope: Any) -> Awaitable[None] | None:
    """Send a response with its final header lines. What is left of it must be awaited: a stream, background work, or None.

    An exception from here, or from what is left, is the server's: the answer has begun.
    """
    body = response.body
    if body is not None:
        if body:
            protocol.response_bytes(response.status_code, headers, body)
        else:
            protocol.response_empty(response.status_code, headers)
    elif scope.method == "HEAD":
        protocol.response_empty(response.status_code, headers)
    elif isinstance(response, FileResponse) and not response.parts:
        protocol.response_file(response.status_code, headers, response.path)
    elif isinstance(response, FileResponse) and len(response.parts) == 1:
        protocol.response_file_range(response.status_code, headers, response.path, *response.parts[0])
    else:
        transport = protocol.response_stream(response.status_code, headers)
        outflow = Outflow(getattr(scope, "peer", None) or scope.client)
        return send_stream(response, transport.send_bytes, protocol.client_disconnect, outflow=outflow)
    return None if response.background is None else response.background()
