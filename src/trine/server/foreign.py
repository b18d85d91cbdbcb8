"""Other people's applications, mounted below a path: ASGI directly, WSGI in worker threads."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from trine.errors import ClientDisconnect, WebSocketDisconnect
from trine.http import Request, Response, StreamingResponse
from trine.types import ASGIApp, Message, Scope
from trine.websocket import WebSocket


def below(scope: Scope, prefix: str) -> Scope:
    """The scope that a mounted application sees: the whole path, and how much of it lies above."""
    return {**scope, "root_path": scope.get("root_path", "") + prefix, "state": dict(scope.get("state") or {})}


async def run_asgi(app: ASGIApp, request: Request, prefix: str) -> Response:
    """Let an ASGI application answer a request. Its body is streamed as it is sent."""
    scope = below(request.scope, prefix)
    messages: asyncio.Queue[Message | None] = asyncio.Queue(maxsize=8)
    incoming = request.stream()
    ended = False

    async def receive() -> Message:
        nonlocal ended
        if ended:
            await asyncio.Event().wait()
        try:
            chunk = await anext(incoming)
        except StopAsyncIteration:
            ended = True
            return {"type": "http.request", "body": b"", "more_body": False}
        except ClientDisconnect:
            ended = True
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def run() -> None:
        try:
            await app(scope, receive, messages.put)
        finally:
            await messages.put(None)

    running = asyncio.ensure_future(run())
    start = await messages.get()
    if start is None:
        await running
        raise RuntimeError("The mounted application ended without an answer.")
    return _response(start, messages, running)


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


def _response(start: Message, messages: "asyncio.Queue[Message | None]", running: "asyncio.Future[None]") -> Response:
    response = StreamingResponse(_body(messages, running), start["status"])
    for name, value in start.get("headers", ()):
        response.headers.append(name.decode("latin-1"), value.decode("latin-1"))
    return response


async def _body(messages: "asyncio.Queue[Message | None]", running: "asyncio.Future[Any]") -> AsyncIterator[bytes]:
    try:
        while (message := await messages.get()) is not None:
            chunk = message.get("body", b"")
            if chunk:
                yield chunk
            if not message.get("more_body", False):
                break
        while await messages.get() is not None:
            continue
        await running
    finally:
        if not running.done():
            running.cancel()
