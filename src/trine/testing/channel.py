"""One WebSocket inside an application, seen from both of its ends."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any

from trine.errors import WebSocketDisconnect

from .exchange import HeaderLines
from .signals import Signal, end_task, escaped

Data = str | bytes


class Refusal(Exception):
    """The application did not accept the WebSocket: the answer to the handshake is an ordinary response."""

    def __init__(
        self, status: int = 403, headers: HeaderLines | None = None, body: bytes = b"", code: int = 1006, reason: str = ""
    ) -> None:
        self.status = status
        self.headers = headers or []
        self.body = body
        self.code = code
        self.reason = reason
        super().__init__(status)


class Channel:
    """Carries messages both ways, and the code that either side closed with. All methods belong to one event loop."""

    def __init__(self) -> None:
        self.accepted = False
        self.subprotocol: str | None = None
        self.headers: HeaderLines = []
        self.refusal: Refusal | None = None
        self.client_close: tuple[int, str] | None = None
        self.app_close: tuple[int, str] | None = None
        self._to_app: deque[Data] = deque()
        self._to_client: deque[Data] = deque()
        self._signal = Signal()
        self._running: asyncio.Task[None] | None = None

    # The application's end ----------------------------------------------------------------------------------------

    def accept(self, subprotocol: str | None = None, headers: HeaderLines | None = None) -> None:
        """Answer the handshake."""
        self.accepted = True
        self.subprotocol = subprotocol
        self.headers = headers or []
        self._signal.tell()

    def refuse(self, refusal: Refusal) -> None:
        """Answer the handshake with a response instead. The first refusal counts."""
        self.refusal = self.refusal or refusal
        self._signal.tell()

    def deliver(self, data: Data) -> None:
        """Send a message to the client."""
        self._to_client.append(data)
        self._signal.tell()

    async def next(self) -> Data | None:
        """Wait for a message of the client, None once either side has closed."""
        await self._signal.until(lambda: self._to_app or self.client_close or self.app_close)
        return self._to_app.popleft() if self._to_app else None

    def close_app(self, code: int, reason: str = "") -> None:
        """Close from the application's side. The first code counts."""
        self.app_close = self.app_close or (code, reason)
        self._signal.tell()

    # The client's end ---------------------------------------------------------------------------------------------

    async def open(self, talking: Coroutine[Any, Any, None]) -> None:
        """Let the application talk, and wait for its answer to the handshake. Raises `Refusal`, or what escaped from it."""
        self._running = asyncio.ensure_future(talking)
        self._running.add_done_callback(self._finished)
        await self._signal.until(lambda: self.accepted or self.refusal or self._ended)
        if not self.accepted:
            await asyncio.wait([self._running])
            self._raise_failure()
            raise self.refusal or Refusal()

    def send(self, data: Data) -> None:
        """Send a message to the application."""
        if self.client_close is not None:
            raise RuntimeError("The WebSocket is closed: nothing can be sent any more.")
        self._to_app.append(data)
        self._signal.tell()

    async def receive(self) -> Data:
        """Wait for a message of the application. Raises `WebSocketDisconnect`, or what escaped from the application."""
        await self._signal.until(lambda: self._to_client or self.app_close or self._ended)
        if self._to_client:
            return self._to_client.popleft()
        if self._ended:
            self._raise_failure()
        raise WebSocketDisconnect(*(self.app_close or (1006, "")))

    def close(self, code: int, reason: str) -> None:
        """Close from the client's side."""
        self.client_close = self.client_close or (code, reason)
        self._signal.tell()

    async def settle(self, grace: float) -> None:
        """Wait until the application has finished, at most `grace` seconds. Raises what escaped from it."""
        if self._running is not None:
            await end_task(self._running, grace)
            self._raise_failure()

    def _finished(self, running: "asyncio.Task[None]") -> None:
        # Looked at here, so that asyncio does not report an error that its client did not want to see.
        escaped(running)
        self._signal.tell()

    @property
    def _ended(self) -> bool:
        return self._running is None or self._running.done()

    def _raise_failure(self) -> None:
        error = escaped(self._running)
        if error is not None:
            raise error
