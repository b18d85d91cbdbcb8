"""The functions that servers call: one for RSGI, one for ASGI. Everything here runs for every request."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from trine.errors import HeadersTooLarge, HTTPException, WebSocketDisconnect, WebSocketException, WebSocketRequestValidationError
from trine.http import Request, Response
from trine.server.asgi import ASGIWebSocket
from trine.server.drain import is_drain, open_sockets
from trine.server.foreign import below, run_asgi_socket
from trine.server.hosts import AllowedHosts, host_name
from trine.server.rsgi import RSGIWebSocket
from trine.types import Receive, Scope, Send
from trine.websocket import WebSocket, WebSocketState

from .dispatch import SOCKET_METHOD, Table, serve_handler
from .wires import ASGI, RSGI

MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024


def rsgi_entry(table: Table, hosts: AllowedHosts, handler: Any = None) -> Callable[[Any, Any], Awaitable[None]]:
    """Build the function that an RSGI server calls. With `handler`, the application's middleware goes first."""
    statics, tails, find = table.tree.statics, table.tails, table.find
    context = table.found.context
    wrapped = None if handler is None else serve_handler(handler, RSGI, context)
    other = serve_handler(table.answer_other, RSGI, context)
    refuse_host = serve_handler(_refuse_host, RSGI, context)
    known_hosts = hosts.known

    def answer(scope: Any, proto: Any) -> Awaitable[None]:
        # Two Host lines are two different requests to two different readers (RFC 9112 §3.2): neither is believed.
        host = scope.headers.get_all("host")
        if (len(host) != 1 or host[0] not in known_hosts) and not hosts.allow(
            host or [scope.authority or ""], getattr(scope, "trine_hosts", ())
        ):
            return refuse_host(scope, proto) if scope.proto == "http" else refuse_socket(scope, proto)
        if scope.proto != "http":
            return talk(scope, proto)
        if wrapped is not None:
            return wrapped(scope, proto)
        path, method = scope.path, scope.method
        endpoints = statics.get(path)
        if endpoints is not None and method in endpoints:
            return endpoints[method](scope, proto)
        head, _, tail = path.rpartition("/")
        endpoints = tails.get(head)
        if endpoints is not None and tail and method in endpoints:
            return endpoints[method](scope, proto, tail)
        found = find(path, method)
        return other(scope, proto) if found is None else found[0](scope, proto, *found[1])

    async def refuse_socket(scope: Any, proto: Any) -> None:
        await RSGIWebSocket(scope, proto, context.app).close(1008)

    async def talk(scope: Any, proto: Any) -> None:
        socket = RSGIWebSocket(scope, proto, context.app)
        for prefix, app in table.found.mounts:
            if socket.path.startswith(prefix + "/") and table.find(socket.path, SOCKET_METHOD) is None:
                await run_asgi_socket(app, socket, prefix)
                return
        await _talk(table, socket)

    # The scheduler asks which answers it may run without a Task, and which others once their body is there.
    answer.steady = table.steady("never_suspends")  # type: ignore[attr-defined] # functions carry attributes
    answer.steady_once_read = table.steady("never_suspends", "suspends_to_read")  # type: ignore[attr-defined] # the same
    return answer


def asgi_entry(  # noqa: C901 - in one piece, because all of it runs for every request
    table: Table, hosts: AllowedHosts, handler: Any = None
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Build the function that an ASGI server calls. With `handler`, the application's middleware goes first."""
    statics, tails, find = table.tree.statics, table.tails, table.find
    context = table.found.context
    wrapped = None if handler is None else serve_handler(handler, ASGI, context)
    other = serve_handler(table.answer_other, ASGI, context)
    refuse_host = serve_handler(_refuse_host, ASGI, context)
    refuse_headers = serve_handler(_refuse_headers, ASGI, context)
    mounts = table.found.mounts
    known_hosts = hosts.known_raw

    def answer(scope: Any, receive: Receive, send: Send) -> Awaitable[None]:  # noqa: C901, PLR0911 - as above
        lines = scope["headers"]
        size, host, seen = 0, None, 0
        for name, value in lines:
            size += len(name) + len(value)
            if name == b"host":
                host = value
                seen += 1
        if size > MAX_HEADER_BYTES or len(lines) > MAX_HEADERS:
            refuse = refuse_headers if scope["type"] == "http" else refuse_socket
            return refuse(scope, receive, send)
        if (host not in known_hosts or seen != 1) and not hosts.allow(
            [value.decode("latin-1") for name, value in lines if name == b"host"], scope.get("trine.hosts", ())
        ):
            refuse = refuse_host if scope["type"] == "http" else refuse_socket
            return refuse(scope, receive, send)
        if scope["type"] != "http":
            return talk(scope, receive, send)
        if wrapped is not None:
            return wrapped(scope, receive, send)
        path, method = scope["path"], scope["method"]
        root_path = scope.get("root_path")
        if root_path:
            path = path.removeprefix(root_path)
        endpoints = statics.get(path)
        if endpoints is not None and method in endpoints:
            return endpoints[method](scope, receive, send)
        head, _, tail = path.rpartition("/")
        endpoints = tails.get(head)
        if endpoints is not None and tail and method in endpoints:
            return endpoints[method](scope, receive, send, tail)
        found = find(path, method)
        if found is not None:
            return found[0](scope, receive, send, *found[1])
        for prefix, app in mounts:
            if path == prefix or path.startswith(prefix + "/"):
                return app(below(scope, prefix), receive, send)
        return other(scope, receive, send)

    async def refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
        await ASGIWebSocket(scope, receive, send, context.app).close(1008)

    async def talk(scope: Scope, receive: Receive, send: Send) -> None:
        socket = ASGIWebSocket(scope, receive, send, context.app)
        for prefix, app in mounts:
            if socket.path.startswith(prefix + "/") and table.find(socket.path, SOCKET_METHOD) is None:
                await app(below(scope, prefix), receive, send)
                return
        await _talk(table, socket)

    return answer


def choose_by_host(
    targets: "list[tuple[AllowedHosts, Callable[..., Awaitable[None]]]]",
    plain: Callable[..., Awaitable[None]],
    host_of: Callable[[Any], str],
) -> Callable[..., Awaitable[None]]:
    """Let the first target whose host fits answer, and `plain` where none does."""

    def answer_by_host(scope: Any, *rest: Any) -> Awaitable[None]:
        name = host_name(host_of(scope))
        if name is not None:
            for hosts, target in targets:
                if hosts.matches(name):
                    return target(scope, *rest)
        return plain(scope, *rest)

    return answer_by_host


def rsgi_host(scope: Any) -> str:
    """The host that an RSGI scope names."""
    return str(scope.headers.get("host") or scope.authority or "")


def asgi_host(scope: Scope) -> str:
    """The host that an ASGI scope names."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


async def _talk(table: Table, socket: WebSocket) -> None:
    found = table.find(socket.path, SOCKET_METHOD)
    if found is None:
        await socket.close(1000, "Not found")
        return
    task = asyncio.current_task()
    if task is None:
        await _converse(socket, *found)
        return
    open_sockets.add(task)
    try:
        await _converse(socket, *found)
    finally:
        open_sockets.discard(task)


async def _converse(socket: WebSocket, endpoint: Callable[..., Awaitable[None]], values: Sequence[Any]) -> None:
    try:
        await endpoint(socket, *values)
    except WebSocketRequestValidationError as error:
        await socket.close(1008, str(error).partition("\n")[0][:120])
    except WebSocketException as error:
        await socket.close(error.code, error.reason)
    except HTTPException:
        await socket.close(1008, "Refused")
    except WebSocketDisconnect as left:
        # The client has left: a usual end. Only a test client may want to know that the handler did not expect it.
        if socket.observed_errors is not None:
            socket.observed_errors.append(left)
    except BaseException as error:
        if socket.client_state is not WebSocketState.DISCONNECTED:
            # 1012 says that the service restarts: the client may connect again.
            await socket.close(1012 if is_drain(error) else 1011)
        if not is_drain(error):
            raise
    else:
        if socket.client_state is not WebSocketState.DISCONNECTED:
            await socket.close()


async def _refuse_host(_request: Request) -> Response:
    raise HTTPException(400, "This host is not served here.")


async def _refuse_headers(request: Request) -> Response:
    if len(request.headers.raw) > MAX_HEADERS:
        raise HeadersTooLarge("header lines", MAX_HEADERS)
    raise HeadersTooLarge("bytes of headers", MAX_HEADER_BYTES)
