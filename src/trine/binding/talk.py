"""What happens to a WebSocket: who may open it, what wraps its handshake, and how it ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any

from trine.errors import (
    HTTPException,
    LimitExceeded,
    MessageValidationError,
    WebSocketDisconnect,
    WebSocketException,
    WebSocketRequestValidationError,
)
from trine.http import Request, Response
from trine.routing import Middleware
from trine.server.drain import is_drain, open_sockets
from trine.server.handshake import Handshake
from trine.websocket import WebSocket, WebSocketState

from .bound import BoundSocket
from .dispatch import Table, wrap

logger = logging.getLogger("trine.websocket")
Talk = Callable[[WebSocket], Awaitable[None]]
ASGITalk = Callable[[WebSocket, Any, str], Awaitable[None]]

# What a server reports of a message or a client that it refused by itself.
_REFUSED = {
    1002: "the client broke the protocol",
    1007: "a message was not valid UTF-8",
    1009: "a message was larger than the server takes (max_message_size)",
    1011: "the client answered no ping (ping timeout)",
}


def socket_entry(table: Table, middleware: Sequence[Middleware], mounted: ASGITalk) -> Talk:
    """Build the function that answers WebSockets. Middleware wraps the handshake, as the GET request that it is."""

    # What is awaited below is resumed with every message, through each coroutine that stands between: so there are few.
    def talk(socket: WebSocket) -> Awaitable[None]:
        found = table.find_socket(socket.path)
        if found is not None:
            return _talk(found[0], socket, found[1])
        for prefix, app in table.found.mounts:
            if socket.path.startswith(prefix + "/"):
                return mounted(socket, app, prefix)
        return socket.close(1000, "Not found")

    if not middleware and not any(bound.layer.middleware for bound in table.found.sockets):
        return talk
    return _wrapped(talk, table, middleware)


def _wrapped(talk: Talk, table: Table, middleware: Sequence[Middleware]) -> Talk:
    recover = table.found.context.recover({})
    inner = {id(bound): wrap(_switch, bound.layer.middleware) for bound in table.found.sockets}

    async def open_socket(request: Request) -> Response:
        found = table.find_socket(request.path)
        if found is None:
            return await _switch(request)
        return await inner[id(found[0])](request)

    handler = wrap(open_socket, middleware)

    async def talk_wrapped(socket: WebSocket) -> None:
        request = Handshake(socket)
        try:
            try:
                response = await handler(request)
            except Exception as error:  # noqa: BLE001 - whatever escapes becomes an answer
                response = await recover(error, request)
        finally:
            await request.close()
        if response.status_code != 101 or request.context is None:
            await socket.send_denial_response(response)
            return
        request.hand_over(response)
        # A task of its own has the context variables that middleware set, such as the request's id.
        await asyncio.get_running_loop().create_task(_run(talk, socket), context=request.context)

    return talk_wrapped


async def _run(talk: Talk, socket: WebSocket) -> None:
    await talk(socket)


async def _switch(request: Request) -> Response:
    found: Any = request
    while not isinstance(found, Handshake):
        # Middleware written for ASGI passes on a request of its own; which one it was made from stands in its scope.
        found = found.scope["trine.request"]
    return found.switch()


async def _talk(bound: BoundSocket, socket: WebSocket, values: Sequence[Any]) -> None:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("A WebSocket is answered outside of a task, where nothing could end it.")
    socket.limits = bound.limits
    socket.subprotocols = bound.subprotocols
    watchers = bound.context.deadlines.watchers
    watch = _Watch(socket, task)
    open_sockets.add(task)
    watchers.add(watch)
    try:
        if bound.same_origin is not None and not bound.same_origin.allows(socket):
            await _refuse_origin(bound, socket)
            return
        await bound.talk(socket, *values)
    except BaseException as error:  # noqa: BLE001 - those that are not the client's are raised again
        await _conclude(socket, bound, error)
    else:
        if socket.client_state is not WebSocketState.DISCONNECTED:
            await socket.close()
    finally:
        open_sockets.discard(task)
        watchers.discard(watch)
        socket.release()


async def _refuse_origin(bound: BoundSocket, socket: WebSocket) -> None:
    origin = ", ".join(socket.headers.getlist("origin"))
    logger.warning(
        "WebSocket %s refused a page of the origin %.200r. allow_origins=[...] at the route would let it in.",
        bound.pattern.path,
        origin,
    )
    await socket.send_denial_response(Response("This page comes from another site.", 403, media_type="text/plain"))


class _Watch:
    """Ends a conversation in which something takes too long."""

    __slots__ = ("ended", "socket", "task")

    def __init__(self, socket: WebSocket, task: "asyncio.Task[Any]") -> None:
        self.socket = socket
        self.task = task
        self.ended = False

    def __call__(self) -> None:
        reason = None if self.ended else self.socket.overdue(monotonic())
        if reason is not None:
            self.ended = True
            self.task.cancel(LimitExceeded(1008, reason))


async def _conclude(socket: WebSocket, bound: BoundSocket, ended_by: BaseException) -> None:
    """Close a conversation as the error that ended it asks for. Raises it where the server has to know."""
    try:
        raise ended_by
    except WebSocketRequestValidationError as error:
        await socket.close(1008, str(error).partition("\n")[0][:120])
    except WebSocketException as error:
        await _end(socket, bound, error)
    except HTTPException as error:
        await _refuse(socket, error)
    except WebSocketDisconnect as left:
        _note_refusal(bound, left)
        # The client has left: a usual end. Only a test client may want to know that the handler did not expect it.
        if socket.observed_errors is not None:
            socket.observed_errors.append(left)
    except asyncio.CancelledError as error:
        limit = next((item for item in error.args if isinstance(item, LimitExceeded)), None)
        if limit is not None:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            await _end(socket, bound, limit)
            return
        await _break_off(socket, error)
    except BaseException as error:
        await _break_off(socket, error)
        raise


async def _end(socket: WebSocket, bound: BoundSocket, error: WebSocketException) -> None:
    if isinstance(error, LimitExceeded):
        logger.warning("WebSocket %s closed with %d: %s", bound.pattern.path, error.code, error.reason)
    if isinstance(error, MessageValidationError) and socket.application_state is WebSocketState.CONNECTED:
        try:
            await socket.send_errors(error)
        except WebSocketDisconnect:
            return
    await socket.close(error.code, error.reason)


async def _refuse(socket: WebSocket, error: HTTPException) -> None:
    if socket.application_state is WebSocketState.CONNECTING:
        detail = error.detail if isinstance(error.detail, str) else ""
        await socket.send_denial_response(Response(detail, error.status_code, error.headers, media_type="text/plain"))
    else:
        await socket.close(1008, "Refused")


async def _break_off(socket: WebSocket, error: BaseException) -> None:
    if socket.client_state is not WebSocketState.DISCONNECTED:
        # 1012 says that the service restarts: the client may connect again.
        await socket.close(1012 if is_drain(error) else 1011)
    if isinstance(error, asyncio.CancelledError) and not is_drain(error):
        raise error


def _note_refusal(bound: BoundSocket, left: WebSocketDisconnect) -> None:
    meaning = _REFUSED.get(left.code)
    if meaning is not None:
        logger.warning("WebSocket %s ended with %d: %s", bound.pattern.path, left.code, meaning)
