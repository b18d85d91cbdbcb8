"""A WebSocket connection (RFC 6455), accepted or refused by the application."""

import json
import logging
from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from enum import Enum
from time import monotonic
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Generic, Literal

from trine.errors import BrokenMessage, LimitExceeded, MessageValidationError, WebSocketDisconnect
from trine.http import Connection, Response

from .codec import MessageCodec
from .limits import UNLIMITED, MessageRate, WebSocketLimits

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    In = TypeVar("In", default=Any)
    Out = TypeVar("Out", default=Any)
else:
    # The same without defaults: typing_extensions would be imported with every application.
    from typing import TypeVar

    In, Out = TypeVar("In"), TypeVar("Out")

logger = logging.getLogger("trine.websocket")


class WebSocketState(Enum):
    """How far a connection has come."""

    CONNECTING = 0
    CONNECTED = 1
    DISCONNECTED = 2
    RESPONSE = 3


# Before Python 3.12 looking a member up calls a function: too much for what is asked twice a message.
CONNECTED = WebSocketState.CONNECTED


class WebSocket(Connection, Generic[In, Out]):
    """Two-way messages. A server adapter subclasses this and fills in what stands at its end.

    `WebSocket[In, Out]` in a handler's signature names the models of what comes in and goes out: Pydantic models, msgspec
    Structs, dataclasses, unions of them. They are for `receive_model`, `iter_models` and `send_model`.
    """

    if not TYPE_CHECKING:
        # One model or two: what is left out is not typed.
        __class_getitem__ = classmethod(GenericAlias)

    method = "GET"
    limits: WebSocketLimits = UNLIMITED
    """What holds for this connection: its route's limits."""
    subprotocols: tuple[str, ...] = ()
    """What the route speaks, best first: `accept` chooses the first one that the client offers."""
    codec: MessageCodec | None = None
    """How messages become models; the signature of the handler says it."""
    answer_headers: tuple[tuple[str, str], ...] = ()
    """Header lines of middleware: they go out with the answer to the handshake, where the server can send any."""
    heard = 0.0
    """When the last message came, as `time.monotonic` has it."""

    client_state = WebSocketState.CONNECTING
    application_state = WebSocketState.CONNECTING
    _receive: Callable[[], Awaitable[Any]]
    """Waits for what the server gives next: its own function, so that no call of ours stands between."""
    _lost: tuple[type[Exception], ...] = ()
    """What it raises when the connection has gone."""
    _rate: MessageRate | None = None
    _small = 0
    """Messages up to this length are surely within the limit."""
    _counts = True
    """Whether every message is looked at, whatever its length."""

    @property
    def requested_subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, best first."""
        return [word.strip() for line in self.headers.getlist("sec-websocket-protocol") for word in line.split(",")]

    async def accept(self, subprotocol: str | None = None, headers: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        """Answer the handshake. Not every server can send a subprotocol or headers with it."""
        if self.application_state is not WebSocketState.CONNECTING:
            raise RuntimeError("The WebSocket was already accepted or closed.")
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        if subprotocol is None and self.subprotocols:
            offered = self.requested_subprotocols
            subprotocol = next((known for known in self.subprotocols if known in offered), None)
        limits = self.limits
        # However it is encoded, a text so short is within the limit.
        self._small = limits.max_message_size // 4
        self._counts = limits.idle_timeout is not None or limits.max_messages_per_second is not None
        if limits.max_messages_per_second is not None:
            self._rate = MessageRate(limits.max_messages_per_second)
        await self._accept(subprotocol, [*self.answer_headers, *pairs])
        self.heard = monotonic()
        self.client_state = self.application_state = WebSocketState.CONNECTED

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close the connection; before `accept` this refuses the handshake with 403. Closing twice changes nothing."""
        if self.application_state is WebSocketState.DISCONNECTED:
            return
        self.application_state = WebSocketState.DISCONNECTED
        await self._close(code, reason or "")

    async def send_denial_response(self, response: Response) -> None:
        """Refuse the handshake with an answer of one's own. Granian over RSGI sends its status alone."""
        if self.application_state is not WebSocketState.CONNECTING:
            raise RuntimeError("The WebSocket was already accepted or closed.")
        self.application_state = WebSocketState.RESPONSE
        await self._refuse(response)
        self.application_state = WebSocketState.DISCONNECTED

    async def receive_data(self) -> str | bytes:
        """Wait for a message of either kind. Raises `WebSocketDisconnect` when the client leaves."""
        if self.application_state is not CONNECTED or self.client_state is not CONNECTED:
            self._refuse_to_receive()
        try:
            message = self._read(await self._receive())
        except WebSocketDisconnect:
            self.client_state = WebSocketState.DISCONNECTED
            raise
        except self._lost as error:
            self.client_state = WebSocketState.DISCONNECTED
            raise WebSocketDisconnect(1006) from error
        if self._counts or len(message) > self._small:
            self._admit(message)
        return message

    async def receive_text(self) -> str:
        """Wait for a text message. Raises `WebSocketDisconnect` when the client leaves."""
        return _as_text(await self.receive_data())

    async def receive_bytes(self) -> bytes:
        """Wait for a binary message. Raises `WebSocketDisconnect` when the client leaves."""
        message = await self.receive_data()
        return message if isinstance(message, bytes) else message.encode()

    async def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """Wait for a message and decode it from JSON. Raises `BrokenMessage`."""
        from trine.http.json import decode_json

        message = await (self.receive_text() if mode == "text" else self.receive_bytes())
        try:
            return decode_json(message)
        except ValueError as error:
            raise BrokenMessage(f"Not valid JSON: {error}") from error

    async def receive_model(self) -> In:
        """Wait for a message and validate it as the signature says. Raises `MessageValidationError`."""
        value: In = self._known_codec().decode(await self.receive_data())
        return value

    async def iter_models(self, *, answer_errors: bool = False) -> AsyncIterator[In]:
        """Give validated messages until the client leaves.

        With `answer_errors` a message that does not fit is answered with `{"detail": [...]}` and passed over; else it ends
        the conversation.
        """
        try:
            while True:
                try:
                    message = await self.receive_model()
                except MessageValidationError as error:
                    if not answer_errors:
                        raise
                    await self.send_errors(error)
                    continue
                yield message
        except WebSocketDisconnect:
            return

    async def iter_text(self) -> AsyncIterator[str]:
        """Give text messages until the client leaves."""
        try:
            while True:
                message = await self.receive_data()
                yield message if isinstance(message, str) else _as_text(message)
        except WebSocketDisconnect:
            return

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        """Give binary messages until the client leaves."""
        try:
            while True:
                yield await self.receive_bytes()
        except WebSocketDisconnect:
            return

    async def iter_json(self) -> AsyncIterator[Any]:
        """Give decoded JSON messages until the client leaves."""
        try:
            while True:
                yield await self.receive_json()
        except WebSocketDisconnect:
            return

    @abstractmethod
    async def send_text(self, data: str) -> None:
        """Send a text message. Raises `WebSocketDisconnect` when the connection has gone."""

    @abstractmethod
    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message. Raises `WebSocketDisconnect` when the connection has gone."""

    async def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Send a value as compact JSON."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        await (self.send_text(text) if mode == "text" else self.send_bytes(text.encode()))

    async def send_model(self, value: Out) -> None:
        """Validate a value as the signature says and send it as JSON. Raises `ResponseValidationError`."""
        await self.send_text(self._known_codec().encode(value))

    async def send_errors(self, error: MessageValidationError) -> None:
        """Tell the client what is wrong with its message, in the shape that HTTP requests know: `{"detail": [...]}`."""
        from trine.http.json import encode_json

        await self.send_text(encode_json({"detail": error.errors()}).decode())

    def release(self) -> None:
        """Let go of the connection, now that the conversation is over: some servers close it only then."""

    def overdue(self, now: float) -> str | None:
        """What takes too long at this time of `time.monotonic`, None where nothing does."""
        limits, since = self.limits, self._waits_since()
        if limits.send_timeout is not None and since is not None and now - since > limits.send_timeout:
            return f"The client read nothing for {limits.send_timeout:g} seconds (send_timeout)."
        is_open = self.application_state is WebSocketState.CONNECTED
        if limits.idle_timeout is not None and is_open and now - self.heard > limits.idle_timeout:
            return f"Nothing was received for {limits.idle_timeout:g} seconds (idle_timeout)."
        return None

    def _known_codec(self) -> MessageCodec:
        if self.codec is None:
            raise RuntimeError("The handler names no models for its messages: write 'socket: WebSocket[In, Out]'.")
        return self.codec

    def _refuse_to_receive(self) -> None:
        if self.application_state is WebSocketState.CONNECTING:
            raise RuntimeError('WebSocket is not connected. Need to call "accept" first.')
        if self.client_state is WebSocketState.DISCONNECTED:
            raise RuntimeError("The client has left: there is nothing more to receive.")

    def _admit(self, message: str | bytes) -> None:
        """Count a message. Raises `LimitExceeded`."""
        limit = self.limits.max_message_size
        if len(message) > self._small and _size(message) > limit:
            raise LimitExceeded(1009, f"A message has more than {limit} bytes (max_message_size).")
        self.heard = monotonic()
        if self._rate is not None and not self._rate.allows():
            raise LimitExceeded(1008, f"More than {self._rate.per_second:g} messages came in a second (max_messages_per_second).")

    def _require_open(self) -> None:
        if self.application_state is not WebSocketState.CONNECTED:
            raise RuntimeError("The WebSocket is not open: accept() comes first, and nothing can be sent after close().")

    @abstractmethod
    async def _accept(self, subprotocol: str | None, headers: list[tuple[str, str]]) -> None: ...

    @abstractmethod
    async def _refuse(self, response: Response) -> None: ...

    @abstractmethod
    def _read(self, message: Any) -> str | bytes:
        """What the client sent, out of what `_receive` gave. Raises `WebSocketDisconnect`."""

    @abstractmethod
    def _waits_since(self) -> float | None:
        """When the message began to wait that the client has not read, None where none waits."""

    @abstractmethod
    async def _close(self, code: int, reason: str) -> None: ...


def _as_text(message: str | bytes) -> str:
    try:
        return message if isinstance(message, str) else message.decode()
    except UnicodeDecodeError as error:
        raise BrokenMessage("Not valid UTF-8") from error


def _size(message: str | bytes) -> int:
    return len(message) if isinstance(message, bytes) or message.isascii() else len(message.encode("utf-8", "surrogatepass"))
