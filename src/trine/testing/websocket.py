"""The client's end of a WebSocket."""

import json
from types import TracebackType
from typing import Any, Literal, Self

import httpx2

from trine.errors import WebSocketDisconnect

from .channel import Channel, Refusal
from .opening import Opening
from .portal import Portal
from .wire import Wire


class WebSocketDenied(WebSocketDisconnect):
    """The application refused the handshake; `response` is what the client was answered, 403 for a plain refusal."""

    def __init__(self, refusal: Refusal, request: httpx2.Request) -> None:
        super().__init__(refusal.code, refusal.reason)
        self.response = httpx2.Response(refusal.status, headers=refusal.headers, content=refusal.body, request=request)


class AsyncWebSocketSession:
    """A WebSocket of an `AsyncTestClient`: open inside `async with`."""

    def __init__(self, wire: Wire, opening: Opening, request: httpx2.Request, *, raises: bool, grace: float) -> None:
        self._wire = wire
        self._opening = opening
        self._request = request
        self._raises = raises
        self._grace = grace
        self._channel = Channel()

    @property
    def accepted_subprotocol(self) -> str | None:
        """The subprotocol that the application chose."""
        return self._channel.subprotocol

    @property
    def headers(self) -> httpx2.Headers:
        """The header lines that the application added to its answer to the handshake."""
        return httpx2.Headers(self._channel.headers)

    @property
    def unexpected(self) -> list[Exception]:
        """What the handler let escape without harm: that the client left while it waited for a message."""
        return self._opening.errors

    async def send_text(self, data: str) -> None:
        """Send a text message."""
        self._channel.send(data)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._channel.send(data)

    async def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Send a value as compact JSON."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        self._channel.send(text if mode == "text" else text.encode())

    async def receive(self) -> str | bytes:
        """Wait for a message. Raises `WebSocketDisconnect` when the application closes, and what it did not expect."""
        return await self._channel.receive()

    async def receive_text(self) -> str:
        """Wait for a text message."""
        data = await self.receive()
        if isinstance(data, str):
            return data
        raise AssertionError(f"A text message was expected, but the application sent {len(data)} bytes.")

    async def receive_bytes(self) -> bytes:
        """Wait for a binary message."""
        data = await self.receive()
        if isinstance(data, bytes):
            return data
        raise AssertionError(f"A binary message was expected, but the application sent the text {data!r}.")

    async def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """Wait for a message and decode it from JSON."""
        return json.loads(await (self.receive_text() if mode == "text" else self.receive_bytes()))

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close from the client's side."""
        self._channel.close(code, reason or "")

    async def __aenter__(self) -> Self:
        try:
            await self._channel.open(self._wire.talk(self._opening, self._channel))
        except Refusal as refusal:
            raise WebSocketDenied(refusal, self._request) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._channel.close(1000, "")
        try:
            await self._channel.settle(self._grace)
        except Exception:
            # An error inside the block says more than what followed from it.
            if self._raises and error is None:
                raise


class WebSocketSession:
    """A WebSocket of a `TestClient`: open inside `with`."""

    def __init__(self, session: AsyncWebSocketSession, portal: Portal) -> None:
        self._session = session
        self._call = portal.call

    @property
    def accepted_subprotocol(self) -> str | None:
        """The subprotocol that the application chose."""
        return self._session.accepted_subprotocol

    @property
    def headers(self) -> httpx2.Headers:
        """The header lines that the application added to its answer to the handshake."""
        return self._session.headers

    @property
    def unexpected(self) -> list[Exception]:
        """What the handler let escape without harm: that the client left while it waited for a message."""
        return self._session.unexpected

    def send_text(self, data: str) -> None:
        """Send a text message."""
        self._call(self._session.send_text(data))

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._call(self._session.send_bytes(data))

    def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Send a value as compact JSON."""
        self._call(self._session.send_json(data, mode))

    def receive(self) -> str | bytes:
        """Wait for a message. Raises `WebSocketDisconnect` when the application closes, and what it did not expect."""
        return self._call(self._session.receive())

    def receive_text(self) -> str:
        """Wait for a text message."""
        return self._call(self._session.receive_text())

    def receive_bytes(self) -> bytes:
        """Wait for a binary message."""
        return self._call(self._session.receive_bytes())

    def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """Wait for a message and decode it from JSON."""
        return self._call(self._session.receive_json(mode))

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close from the client's side."""
        self._call(self._session.close(code, reason))

    def __enter__(self) -> Self:
        self._call(self._session.__aenter__())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._call(self._session.__aexit__(kind, error, traceback))
