"""ASGI 3.0: requests read from and responses written to `receive` and `send`."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import cached_property, partial
from time import monotonic
from typing import Any

from trine.errors import BodyTooLarge, ClientDisconnect, WebSocketDisconnect
from trine.http import Address, Connection, FileResponse, Headers, ReadyResponse, Request, Response, gather_body
from trine.types import Application, Message, Receive, Scope, Send
from trine.websocket import WebSocket, WebSocketState
from trine.websocket.connection import CONNECTED

from .leaving import until_left, watch
from .reply import complete_headers
from .streams import send_stream

RawHeaders = list[tuple[bytes, bytes]]
HeaderList = list[tuple[str, str]]
PATH_SEND = "http.response.pathsend"


class _ASGIConnection:
    """What a request and a WebSocket share: the scope, read on demand."""

    scope: Scope
    app: Application

    def __init__(self, scope: Scope, app: Application | None = None, path_params: dict[str, Any] | None = None) -> None:
        self.scope = scope
        root_path = scope.get("root_path", "")
        path = scope["path"]
        # Servers pass the whole path; what is below the mount point is ours.
        self.path = below_root(path, root_path) if root_path else path
        # Where the server says nothing, a proxy may take a prefix away: then the application says it.
        if root_path:
            self.root_path = root_path
        self.app = scope.get("app") if app is None else app  # type: ignore[assignment] # without an application there is none to ask
        self.path_params = scope.get("path_params", {}) if path_params is None else path_params

    @property
    def query_string(self) -> str:
        """The query string as it was sent."""
        return str(self.scope.get("query_string", b"").decode("latin-1"))

    @property
    def scheme(self) -> str:
        """`http` or `https`; a WebSocket has `ws` or `wss`."""
        return str(self.scope.get("scheme", "http"))

    @property
    def http_version(self) -> str:
        """`1.0`, `1.1` or `2`."""
        return str(self.scope.get("http_version", "1.1"))

    @property
    def observed_errors(self) -> list[Exception] | None:
        """Where a test client looks for what the application did not expect; None for a real client."""
        return self.scope.get("trine.errors")

    @cached_property
    def headers(self) -> Headers:
        """The header lines, in order, with case-insensitive names."""
        return Headers(raw=self.scope["headers"])

    @cached_property
    def client(self) -> Address | None:
        """Address of the other side."""
        client = self.scope.get("client")
        return None if client is None else Address(*client)

    @cached_property
    def server(self) -> Address | None:
        """Address that the server listens on."""
        server = self.scope.get("server")
        return None if server is None or server[1] is None else Address(*server)


class ASGIConnection(_ASGIConnection, Connection):
    """A connection behind ASGI, for code that does not care whether it is a request or a WebSocket."""


class ASGIRequest(_ASGIConnection, Request):
    """A request behind ASGI."""

    @property
    def lines(self) -> Iterable[tuple[str, str]]:
        """The header lines as text, with lower-case names."""
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.scope["headers"]]

    @property
    def sides(self) -> tuple[Any, Any]:
        """Where the client and the server are: host and port each, or None."""
        client, server = self.scope.get("client"), self.scope.get("server")
        return client and tuple(client), server and tuple(server)

    _left = False
    _is_read = False

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        app: Application | None = None,
        path_params: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, app, path_params)
        self.method = scope["method"]
        self._receive = receive

    @cached_property
    def _unread(self) -> deque[Message]:
        return deque()

    async def is_disconnected(self) -> bool:
        """Whether the client has left, asked without waiting."""
        # A part of the body that nobody has read yet is kept, and only the last one lets us ask on.
        if not self._left and not (self._unread and self._unread[-1].get("more_body", False)):
            receiving = self._receive()
            try:
                # One step of the coroutine: a server that has something to say returns at once.
                receiving.__await__().send(None)
            except StopIteration as done:
                self._left = done.value.get("type") == "http.disconnect"
                if not self._left:
                    self._unread.append(done.value)
            else:
                getattr(receiving, "close", lambda: None)()
        return self._left

    def watch_client(self, told: Callable[[], None]) -> Any:
        """Have a function called when the client leaves; None while a body may still be read."""
        return None if self.free_receive is None else watch(self._until_left, told)

    async def _until_left(self) -> None:
        while (message := await self._receive())["type"] != "http.disconnect":
            # The end of an empty body: somebody may ask for it yet.
            self._unread.append(message)
        self._left = True

    @property
    def free_receive(self) -> Receive | None:
        """The server's `receive` where nobody will read a body from it any more; it then tells when the client leaves."""
        has_body = self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers
        return self._receive if self._is_read or not has_body else None

    async def _receive_chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = self._unread.popleft() if self._unread else await self._receive()
            if message["type"] == "http.disconnect":
                self._left = True
                raise ClientDisconnect("The client left before its request was complete.")
            chunk = message.get("body", b"")
            more = message.get("more_body", False)
            self._is_read = not more
            if chunk:
                yield chunk


class ASGIWebSocket(_ASGIConnection, WebSocket):
    """A WebSocket behind ASGI."""

    _unsent = 0
    """How many messages wait for the client to read."""
    _since = 0.0
    """When the first of them began to wait, or the last one before it went out."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        app: Application | None = None,
        path_params: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, app, path_params)
        self.receive_message = self._receive = receive
        self.send_message = send

    async def _accept(self, subprotocol: str | None, headers: HeaderList) -> None:
        message = await self.receive_message()
        if message["type"] != "websocket.connect":
            raise WebSocketDisconnect(message.get("code", 1006))
        raw = encode_pairs([(name.lower(), value) for name, value in headers])
        await self.send_message({"type": "websocket.accept", "subprotocol": subprotocol, "headers": raw})

    async def _refuse(self, response: Response) -> None:
        if self.client_state is WebSocketState.CONNECTING:
            await self.receive_message()
        if "websocket.http.response" not in self.scope.get("extensions", {}):
            await self.send_message({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        lines = encode_pairs(complete_headers(response, []))
        await self.send_message({"type": "websocket.http.response.start", "status": response.status_code, "headers": lines})
        await self.send_message({"type": "websocket.http.response.body", "body": response.body or b""})

    def _read(self, message: Message) -> str | bytes:
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
        data: str | bytes | None = message.get("text")
        return message["bytes"] if data is None else data

    async def send_text(self, data: str | bytes) -> None:
        """Send a message of either kind. Raises `WebSocketDisconnect` when the connection has gone."""
        if self.application_state is not CONNECTED:
            self._require_open()
        if not self._unsent:
            self._since = monotonic()
        self._unsent += 1
        try:
            await self.send_message({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})
        except OSError as error:
            self.application_state = WebSocketState.DISCONNECTED
            raise WebSocketDisconnect(1006) from error
        finally:
            self._unsent -= 1
            if self._unsent:
                self._since = monotonic()

    send_bytes = send_text

    def _waits_since(self) -> float | None:
        return self._since if self._unsent else None

    async def _close(self, code: int, reason: str) -> None:
        if self.client_state is WebSocketState.DISCONNECTED:
            return
        if self.client_state is WebSocketState.CONNECTING:
            await self.receive_message()
        await self.send_message({"type": "websocket.close", "code": code, "reason": reason})


def below_root(path: str, root_path: str) -> str:
    """A path without the prefix at which the application is mounted. `/application` does not lie below `/app`."""
    rest = path.removeprefix(root_path)
    return rest if not rest or rest.startswith("/") else path


def first_values(lines: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Header values by name; of several lines with one name the first one, but cookies are joined (RFC 9113 §8.2.3)."""
    headers = dict(lines)
    if len(headers) != len(lines):
        headers = dict(reversed(lines))
        cookies = [value for name, value in lines if name == b"cookie"]
        if cookies:
            headers[b"cookie"] = b"; ".join(cookies)
    return headers


async def read_body(message: Any, receive: Receive, limit: int, declared: bytes | None = None) -> bytes:
    """Read a body that came in more than one message, or is larger than the limit."""
    is_empty = message["type"] == "http.request" and not message.get("body") and not message.get("more_body")
    if is_empty:
        return b""
    if declared is None:
        return await gather_body(_chunks_of(message, receive), limit)
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLarge(int(declared), limit)
    body = bytearray()
    async for chunk in _chunks_of(message, receive):
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge(None, limit)
    return bytes(body)


async def _chunks_of(message: Any, receive: Receive) -> AsyncIterator[bytes]:
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect("The client left before its request was complete.")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return
        message = await receive()


async def send_response(
    response: Response, send: Send, defaults: HeaderList, *, head: bool = False, scope: Scope | None = None
) -> None:
    """Send a response, whatever its body is, then run its background work. Without a scope, a file is sent whole."""
    response, lines = make_ready(response, defaults, {"method": "", "headers": []} if scope is None else scope)
    await send_ready(response, lines, send, head=head)


def make_ready(response: Response, defaults: HeaderList, scope: Scope) -> tuple[Response, RawHeaders]:
    """What goes out, and its header lines. What can fail fails here, while another answer is still possible."""
    if type(response) is ReadyResponse and response.is_untouched:
        if not response.may_have_body:
            return response, response.raw_pairs
        return response, [(b"content-length", b"%d" % len(response.body or b"")), *response.raw_pairs]
    if isinstance(response, FileResponse):
        response = response.answer(scope["method"], Headers(raw=scope["headers"]))
    return response, encode_pairs(complete_headers(response, defaults))


def send_ready(
    response: Response,
    headers: RawHeaders,
    send: Send,
    *,
    head: bool = False,
    receiver: "Receive | ASGIRequest | None" = None,
    scope: Scope | None = None,
) -> Awaitable[None]:
    """Send a response with its final header lines. An exception from here is the server's: the answer has begun.

    With a `receiver`, a stream ends when the client leaves; its background work does not run then. With a `scope`, a
    file is left to a server that has the extension for it.
    """
    start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
    body = b"" if head else response.body
    if body is not None:
        return _send_two(response, send, start, {"type": "http.response.body", "body": body})
    if isinstance(response, FileResponse) and not response.parts and scope and PATH_SEND in (scope.get("extensions") or ()):
        return _send_two(response, send, start, {"type": PATH_SEND, "path": response.absolute_path})
    receive = receiver.free_receive if isinstance(receiver, ASGIRequest) else receiver

    def write(chunk: bytes) -> Awaitable[None]:
        return send({"type": "http.response.body", "body": chunk, "more_body": True})

    return send_stream(
        response,
        write,
        None if receive is None else partial(until_left, receive),
        begin=partial(send, start),
        end=partial(send, {"type": "http.response.body", "body": b"", "more_body": False}),
    )


async def _send_two(response: Response, send: Send, start: Message, body: Message) -> None:
    await send(start)
    await send(body)
    if response.background is not None:
        await response.background()


def encode_pairs(pairs: HeaderList) -> RawHeaders:
    """Header lines as the bytes that ASGI sends."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
