"""A WebSocket connection (RFC 6455), accepted or refused by the application."""

import json
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from enum import Enum
from typing import Any, Literal

from trine.errors import BrokenMessage, WebSocketDisconnect
from trine.http.connection import Connection


class WebSocketState(Enum):
    """How far a connection has come."""

    CONNECTING = 0
    CONNECTED = 1
    DISCONNECTED = 2
    RESPONSE = 3


class WebSocket(Connection):
    """Two-way messages. A server adapter subclasses this and fills in `_accept`, `_receive`, `_send` and `_close`."""

    method = "GET"

    client_state = WebSocketState.CONNECTING
    application_state = WebSocketState.CONNECTING

    @property
    def requested_subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, best first."""
        return [word.strip() for line in self.headers.getlist("sec-websocket-protocol") for word in line.split(",")]

    async def accept(self, subprotocol: str | None = None, headers: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        """Answer the handshake. Not every server can send a subprotocol or headers with it."""
        if self.application_state is not WebSocketState.CONNECTING:
            raise RuntimeError("The WebSocket was already accepted or closed.")
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        await self._accept(subprotocol, pairs)
        self.client_state = self.application_state = WebSocketState.CONNECTED

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close the connection; before `accept` this refuses the handshake with 403. Closing twice changes nothing."""
        if self.application_state is WebSocketState.DISCONNECTED:
            return
        self.application_state = WebSocketState.DISCONNECTED
        await self._close(code, reason or "")

    async def receive_data(self) -> str | bytes:
        """Wait for a message of either kind. Raises `WebSocketDisconnect` when the client leaves."""
        return await self._next()

    async def receive_text(self) -> str:
        """Wait for a text message. Raises `WebSocketDisconnect` when the client leaves."""
        message = await self._next()
        try:
            return message if isinstance(message, str) else message.decode()
        except UnicodeDecodeError as error:
            raise BrokenMessage("Not valid UTF-8") from error

    async def receive_bytes(self) -> bytes:
        """Wait for a binary message. Raises `WebSocketDisconnect` when the client leaves."""
        message = await self._next()
        return message if isinstance(message, bytes) else message.encode()

    async def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """Wait for a message and decode it from JSON. Raises `BrokenMessage`."""
        from trine.http.json import decode_json

        message = await (self.receive_text() if mode == "text" else self.receive_bytes())
        try:
            return decode_json(message)
        except ValueError as error:
            raise BrokenMessage(f"Not valid JSON: {error}") from error

    async def iter_text(self) -> AsyncIterator[str]:
        """Give text messages until the client leaves."""
        try:
            while True:
                yield await self.receive_text()
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

    async def send_text(self, data: str) -> None:
        """Send a text message. Raises `WebSocketDisconnect` when the connection has gone."""
        await self._put(data)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message. Raises `WebSocketDisconnect` when the connection has gone."""
        await self._put(data)

    async def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Send a value as compact JSON."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        await self._put(text if mode == "text" else text.encode())

    async def _next(self) -> str | bytes:
        if self.application_state is WebSocketState.CONNECTING:
            raise RuntimeError('WebSocket is not connected. Need to call "accept" first.')
        if self.client_state is WebSocketState.DISCONNECTED:
            raise RuntimeError("The client has left: there is nothing more to receive.")
        try:
            return await self._receive()
        except WebSocketDisconnect:
            self.client_state = WebSocketState.DISCONNECTED
            raise

    async def _put(self, data: str | bytes) -> None:
        if self.application_state is not WebSocketState.CONNECTED:
            raise RuntimeError("The WebSocket is not open: accept() comes first, and nothing can be sent after close().")
        await self._send(data)

    @abstractmethod
    async def _accept(self, subprotocol: str | None, headers: list[tuple[str, str]]) -> None: ...

    @abstractmethod
    async def _receive(self) -> str | bytes: ...

    @abstractmethod
    async def _send(self, data: str | bytes) -> None: ...

    @abstractmethod
    async def _close(self, code: int, reason: str) -> None: ...
