"""Other people's applications, mounted below a path: ASGI directly, WSGI in worker threads."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

from trine.errors import ClientDisconnect, WebSocketDisconnect
from trine.http import Request, Response, StreamingResponse
from trine.types import ASGIApp, Message, Receive, Scope, Send
from trine.websocket import WebSocket


def below(scope: Scope, prefix: str) -> Scope:
    """The scope that a mounted application sees: the whole path, and how much of it lies above."""
    return {**scope, "root_path": scope.get("root_path", "") + prefix, "state": dict(scope.get("state") or {})}


class ForeignApp:
    """A mounted ASGI application: its requests carry what its own lifespan yielded."""

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self.app = app
        self.state = state

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Hand on."""
        if self.state:
            scope["state"] = {**scope.get("state", {}), **self.state}
        return self.app(scope, receive, send)


async def run_asgi(app: ASGIApp, request: Request, prefix: str) -> Response:
    """Let an ASGI application answer a request below a path. How large a body may be is that application's decision."""
    request.body_limit = None
    return await call_asgi(app, below(request.scope, prefix), request)


async def call_asgi(app: ASGIApp, scope: Scope, request: Request) -> Response:
    """Let an ASGI application answer a request, with this scope. Its body is streamed as it is sent.

    The application is ended when the answer is dropped; what it does after its answer goes on as background work.
    """
    incoming = request.stream()
    ended = False
    leaving: asyncio.Future[None] | None = None

    async def receive() -> Message:
        nonlocal ended, leaving
        if ended:
            if leaving is None:
                leaving = _leaving(request)
            await asyncio.shield(leaving)
            return {"type": "http.disconnect"}
        try:
            chunk = await anext(incoming)
        except StopAsyncIteration:
            ended = True
            return {"type": "http.request", "body": b"", "more_body": False}
        except ClientDisconnect:
            ended, leaving = True, _done()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": True}

    answer = _Answer()
    answer.running = asyncio.ensure_future(answer.run(app(scope, receive, answer.messages.put)))
    request.exit_stack.push_async_callback(answer.end)
    start = await answer.messages.get()
    if start is None:
        await answer.running
        raise RuntimeError("The application ended without an answer.")
    return answer.response(start)


def _leaving(request: Request) -> "asyncio.Future[None]":
    """What is done when the client of a request has left. The watch ends with the request."""
    left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    watcher = request.watch_client(lambda: None if left.done() else left.set_result(None))
    if watcher is not None:
        request.exit_stack.callback(watcher.cancel)
    return left


def _done() -> "asyncio.Future[None]":
    left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    left.set_result(None)
    return left


async def run_asgi_socket(app: ASGIApp, socket: WebSocket, prefix: str) -> None:
    """Let an ASGI application talk over a WebSocket."""
    opened = False

    async def receive() -> Message:
        nonlocal opened
        if not opened:
            opened = True
            return {"type": "websocket.connect"}
        try:
            data = await socket.receive_data()
        except WebSocketDisconnect as left:
            return {"type": "websocket.disconnect", "code": left.code, "reason": left.reason}
        return {"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data}

    async def send(message: Message) -> None:
        if message["type"] == "websocket.accept":
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
            await socket.accept(message.get("subprotocol"), headers)
        elif message["type"] == "websocket.close":
            await socket.close(message.get("code", 1000), message.get("reason"))
        elif message.get("text") is not None:
            await socket.send_text(message["text"])
        else:
            await socket.send_bytes(message["bytes"])

    await app(below(socket.scope, prefix), receive, send)


class _Answer:
    """What an application sends, between its task and the response that is made of it."""

    running: "asyncio.Future[None]"

    def __init__(self) -> None:
        # None stands for the application's end.
        self.messages: asyncio.Queue[Message | None] = asyncio.Queue(maxsize=8)
        self.is_complete = False

    async def run(self, call: Awaitable[None]) -> None:
        """Run the application, and tell when it has ended."""
        try:
            await call
        except asyncio.CancelledError:
            # Nobody reads any more.
            raise
        except BaseException:
            await self.messages.put(None)
            raise
        await self.messages.put(None)

    def response(self, start: Message) -> Response:
        """Make a response: whole where the body is there already, else a stream."""
        whole = self._whole_body()
        response: Response
        if whole is not None:
            response = Response(whole, start["status"], background=self.finish)
            del response.headers["content-length"]
        else:
            response = StreamingResponse(self.body(), start["status"], background=self.finish)
        for name, value in start.get("headers", ()):
            response.headers.append(name.decode("latin-1"), value.decode("latin-1"))
        return response

    async def body(self) -> AsyncIterator[bytes]:
        """The body, piece by piece."""
        while (message := await self.messages.get()) is not None:
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                self.is_complete = True
                return
        # It has ended without completing its answer: by an exception, most likely.
        await self.running
        raise RuntimeError("The application ended before its answer was complete.")

    async def finish(self) -> None:
        """Let the application do what it does after its answer."""
        if self.is_complete:
            while not self.running.done() and await self.messages.get() is not None:
                continue
            await self.running

    async def end(self) -> None:
        """End the application, where its answer was not wanted or not sent to its end."""
        if not self.running.done():
            self.running.cancel()
            await asyncio.wait([self.running])

    def _whole_body(self) -> bytes | None:
        """The body, where the application has sent it in one piece already."""
        if self.messages.empty():
            return None
        waiting = [self.messages.get_nowait() for _ in range(self.messages.qsize())]
        first = waiting[0]
        if first is not None and not first.get("more_body", False):
            self.is_complete = True
            waiting.pop(0)
        for message in waiting:
            self.messages.put_nowait(message)
        return bytes(first.get("body", b"")) if first is not None and self.is_complete else None
