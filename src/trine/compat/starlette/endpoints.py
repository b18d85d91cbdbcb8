"""`starlette.endpoints`: endpoints as classes, with a method for each HTTP method or WebSocket event."""

import json
from collections.abc import Generator
from typing import Any, Literal

from trine.types import Message, Receive, Scope, Send

from .concurrency import run_in_threadpool
from .exceptions import HTTPException
from .requests import Request
from .responses import PlainTextResponse, Response, answer
from .routes import is_async_callable
from .websockets import WebSocket

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


class HTTPEndpoint:
    """Answers each HTTP method with the class's method of that name."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise AssertionError(f"A scope of type {scope['type']!r} is no request.")
        self.scope = scope
        self.receive = receive
        self.send = send

    def __await__(self) -> Generator[Any, None, None]:
        return self.dispatch().__await__()

    @property
    def allowed(self) -> list[str]:
        """The methods that are answered."""
        own = {method for method in METHODS if hasattr(self, method.lower())}
        return sorted(own | {"HEAD"} if "GET" in own else own)

    async def dispatch(self) -> None:
        """Answer the request."""
        request = Request(self.scope, self.receive, self.send)
        method = self.scope["method"]
        name = "get" if method == "HEAD" and not hasattr(self, "head") else method.lower()
        handler = getattr(self, name, None) if method in METHODS else None
        if handler is None:
            handler = self.method_not_allowed
        response = await (handler(request) if is_async_callable(handler) else run_in_threadpool(handler, request))
        await answer(response, self.scope, self.receive, self.send)

    async def method_not_allowed(self, request: Request) -> Response:
        """Say which methods there are."""
        headers = {"Allow": ", ".join(self.allowed)}
        if "app" in self.scope:
            raise HTTPException(405, headers=headers)
        return PlainTextResponse("Method Not Allowed", status_code=405, headers=headers)


class WebSocketEndpoint:
    """Talks over a WebSocket with a method for each event. `encoding` says what messages must be."""

    encoding: Literal["text", "bytes", "json"] | None = None

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            raise AssertionError(f"A scope of type {scope['type']!r} is no WebSocket.")
        self.scope = scope
        self.receive = receive
        self.send = send

    def __await__(self) -> Generator[Any, None, None]:
        return self.dispatch().__await__()

    async def dispatch(self) -> None:
        """Talk until either side closes."""
        websocket = WebSocket(self.scope, self.receive, self.send)
        await self.on_connect(websocket)
        close_code = 1000
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.receive":
                    await self.on_receive(websocket, await self.decode(websocket, message))
                elif message["type"] == "websocket.disconnect":
                    close_code = int(message.get("code") or 1000)
                    break
        except Exception:
            close_code = 1011
            raise
        finally:
            await self.on_disconnect(websocket, close_code)

    async def decode(self, websocket: WebSocket, message: Message) -> Any:
        """Give a message as `encoding` says. One of another kind closes the WebSocket with 1003."""
        text, data = message.get("text"), message.get("bytes")
        if self.encoding == "text":
            if text is None:
                await self._refuse(websocket, "Expected text websocket messages, but got bytes")
            return text
        if self.encoding == "bytes":
            if data is None:
                await self._refuse(websocket, "Expected bytes websocket messages, but got text")
            return data
        if self.encoding == "json":
            try:
                return json.loads(text or data or "")
            except ValueError:
                await self._refuse(websocket, "Malformed JSON data received.")
        return data if text is None else text

    async def _refuse(self, websocket: WebSocket, message: str) -> None:
        await websocket.close(code=1003)
        raise RuntimeError(message)

    async def on_connect(self, websocket: WebSocket) -> None:
        """Accept the handshake. Subclasses may refuse it."""
        await websocket.accept()

    async def on_receive(self, websocket: WebSocket, data: Any) -> None:
        """Take a message."""

    async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
        """Clean up: the client has left, or something failed."""
