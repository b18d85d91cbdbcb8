"""The client's end of a WebSocket, for tests."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Literal, Self

import anyio
import httpx2
from anyio.from_thread import BlockingPortal

from trine.errors import WebSocketDisconnect
from trine.types import ASGIApp, Message, Scope

GRACE = 1.0
"""Seconds that an application gets to notice that its client has left."""


class WebSocketDenialResponse(httpx2.Response, WebSocketDisconnect):  # type: ignore[misc] # both can be pickled, differently
    """The HTTP response that an application sent instead of accepting a WebSocket. It is raised."""


class WebSocketTestSession:
    """A WebSocket, open inside `with`."""

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        open_portal: Callable[[], AbstractContextManager[BlockingPortal]],
        request: httpx2.Request,
    ) -> None:
        self.app = app
        self.scope = scope
        self.accepted_subprotocol: str | None = None
        self.extra_headers: list[tuple[bytes, bytes]] = []
        self._open_portal = open_portal
        self._request = request

    def __enter__(self) -> Self:
        """Open the WebSocket. Raises `WebSocketDisconnect` where the application refuses."""
        with ExitStack() as stack:
            self.portal = stack.enter_context(self._open_portal())
            self._talk = self.portal.call(_Talk.begin, self.app, self.scope)
            self.portal.start_task_soon(self._talk.run)
            stack.callback(self.portal.call, self._talk.leave)
            self.send({"type": "websocket.connect"})
            self._accept(self.receive())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *failure: object) -> None:
        """Close the WebSocket. Raises what the application did not expect."""
        try:
            self.close(1000)
        finally:
            self._stack.close()
        if kind is None:
            self._talk.raise_failure()

    def send(self, message: Message) -> None:
        """Send an ASGI message to the application."""
        self.portal.call(self._talk.put, message)

    def send_text(self, data: str) -> None:
        """Send a text message."""
        self.send({"type": "websocket.receive", "text": data})

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self.send({"type": "websocket.receive", "bytes": data})

    def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        """Send a value as JSON."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        if mode == "text":
            self.send_text(text)
        else:
            self.send_bytes(text.encode())

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close from the client's side."""
        self.send({"type": "websocket.disconnect", "code": code, "reason": reason})

    def receive(self) -> Message:
        """Wait for an ASGI message of the application. Raises what escaped from it."""
        return self.portal.call(self._talk.take)

    def receive_text(self) -> str:
        """Wait for a text message. Raises `WebSocketDisconnect` when the application closes."""
        text: str = self._receive_data()["text"]
        return text

    def receive_bytes(self) -> bytes:
        """Wait for a binary message. Raises `WebSocketDisconnect` when the application closes."""
        data: bytes = self._receive_data()["bytes"]
        return data

    def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """Wait for a message and decode it from JSON."""
        return json.loads(self.receive_text() if mode == "text" else self.receive_bytes())

    def _receive_data(self) -> Message:
        message = self.receive()
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message.get("code", 1000), message.get("reason", ""))
        return message

    def _accept(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message.get("code", 1000), message.get("reason", ""))
        if message["type"] == "websocket.http.response.start":
            raise self._denial(message)
        self.accepted_subprotocol = message.get("subprotocol")
        self.extra_headers = list(message.get("headers", ()))

    def _denial(self, start: Message) -> WebSocketDenialResponse:
        body, more = b"", True
        while more:
            message = self.receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return WebSocketDenialResponse(start["status"], headers=start.get("headers", []), content=body, request=self._request)


class _Talk:
    """The application's end. Everything happens on its event loop."""

    @classmethod
    async def begin(cls, app: ASGIApp, scope: Scope) -> "_Talk":
        """Make what belongs to the event loop."""
        return cls(app, scope)

    def __init__(self, app: ASGIApp, scope: Scope) -> None:
        self.app = app
        self.scope = scope
        self.failure: BaseException | None = None
        self.cancel_scope = anyio.CancelScope()
        self.ended = anyio.Event()
        self._to_app, self._for_app = anyio.create_memory_object_stream[Message](float("inf"))
        self._to_client, self._for_client = anyio.create_memory_object_stream[Message](float("inf"))

    async def run(self) -> None:
        """Let the application talk."""
        try:
            with self.cancel_scope:
                await self.app(self.scope, self._for_app.receive, self._to_client.send)
        except Exception as error:  # noqa: BLE001 - raised again where the client is
            self.failure = error
        finally:
            self._to_client.close()
            self.ended.set()

    async def put(self, message: Message) -> None:
        """Send a message to the application."""
        self._to_app.send_nowait(message)

    async def take(self) -> Message:
        """Wait for a message of the application. One that has ended without closing is broken off."""
        try:
            return await self._for_client.receive()
        except anyio.EndOfStream:
            self.raise_failure()
            return {"type": "websocket.close", "code": 1000, "reason": ""}

    async def leave(self) -> None:
        """Give the application a moment to notice that the client has left, then end it."""
        with anyio.move_on_after(GRACE):
            await self.ended.wait()
        self.cancel_scope.cancel()
        await self.ended.wait()
        for stream in (self._to_app, self._for_app, self._to_client, self._for_client):
            stream.close()

    def raise_failure(self) -> None:
        """Raise what the application did not expect."""
        if self.failure is not None:
            raise self.failure
        if self.scope["trine.errors"]:
            raise self.scope["trine.errors"][0]
