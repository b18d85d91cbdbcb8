"""The functions that servers call: one for RSGI, one for ASGI. Everything here runs for every request."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from trine.errors import HeadersTooLarge, HTTPException
from trine.http import Request, Response
from trine.routing import Middleware
from trine.server.asgi import ASGIWebSocket, below_root, first_values
from trine.server.foreign import below, run_asgi_socket
from trine.server.hosts import AllowedHosts
from trine.server.rsgi import RSGIWebSocket
from trine.types import Receive, Scope, Send

from .dispatch import Table, serve_handler
from .talk import socket_entry
from .wires import ASGI, RSGI

MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024


def rsgi_entry(  # noqa: C901 - one piece, because all of it runs for every request
    table: Table, hosts: AllowedHosts, handler: Any = None, middleware: Sequence[Middleware] = ()
) -> Callable[[Any, Any], Awaitable[None]]:
    """Build the function that an RSGI server calls. `handler` has the application's middleware around."""
    statics, tails, find = table.tree.statics, table.tails, table.find
    context = table.found.context
    wrapped = None if handler is None else serve_handler(handler, RSGI, context)
    other = serve_handler(table.answer_other, RSGI, context)
    refuse_host = serve_handler(_refuse_host, RSGI, context)
    mount_at = table.mount_at
    known_hosts = hosts.known
    limit: int | None = getattr(context.app, "header_limit", None)
    refuse_headers = serve_handler(partial(_refuse_headers, limit=limit or MAX_HEADER_BYTES), RSGI, context)

    def answer(scope: Any, proto: Any, headers: Any = None) -> Awaitable[None]:
        if headers is None:
            # Asked for once: Granian makes a copy each time.
            headers = scope.headers
        # Names and lines are counted by Granian, 64 kB each and 100.
        if limit is not None and len("".join(headers.values())) > limit:
            return refuse_headers(scope, proto) if scope.proto == "http" else refuse_socket(scope, proto)
        # Two Host lines are two different requests to two different readers (RFC 9112 §3.2): neither is believed.
        host = headers.get_all("host")
        if (len(host) != 1 or host[0] not in known_hosts) and not hosts.allow(
            host or [scope.authority or ""], getattr(scope, "trine_hosts", ())
        ):
            return refuse_host(scope, proto) if scope.proto == "http" else refuse_socket(scope, proto)
        if scope.proto != "http":
            return talk(scope, proto)
        if wrapped is not None:
            return wrapped(scope, proto, headers)
        path, method = scope.path, scope.method
        endpoints = statics.get(path)
        if endpoints is not None and method in endpoints:
            return endpoints[method](scope, proto, headers)
        head, _, tail = path.rpartition("/")
        endpoints = tails.get(head)
        if endpoints is not None and tail and method in endpoints:
            return endpoints[method](scope, proto, headers, tail)
        found = find(path, method)
        if found is not None:
            return found[0](scope, proto, headers, *found[1])
        return (mount_at(path) or other)(scope, proto, headers)

    async def refuse_socket(scope: Any, proto: Any) -> None:
        await RSGIWebSocket(scope, proto, context.app).close(1008)

    async def hand_on(socket: Any, app: Any, prefix: str) -> None:
        await run_asgi_socket(app, socket, prefix)

    converse = socket_entry(table, middleware, hand_on)

    def talk(scope: Any, proto: Any) -> Awaitable[None]:
        return converse(RSGIWebSocket(scope, proto, context.app))

    # The scheduler asks which answers it may run without a Task, and which others once their body is there.
    answer.steady = table.steady("never_suspends")  # type: ignore[attr-defined] # functions carry attributes
    answer.steady_once_read = table.steady("never_suspends", "suspends_to_read")  # type: ignore[attr-defined] # the same
    return answer


def asgi_entry(  # noqa: C901 - one piece, because all of it runs for every request
    table: Table, hosts: AllowedHosts, handler: Any = None, middleware: Sequence[Middleware] = ()
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Build the function that an ASGI server calls. `handler` has the application's middleware around."""
    statics, tails, find = table.tree.statics, table.tails, table.find
    context = table.found.context
    wrapped = None if handler is None else serve_handler(handler, ASGI, context)
    other = serve_handler(table.answer_other, ASGI, context)
    refuse_host = serve_handler(_refuse_host, ASGI, context)
    refuse_headers = serve_handler(_refuse_headers, ASGI, context)
    mount_at = table.mount_at
    known_hosts = hosts.known_raw

    def answer(scope: Any, receive: Receive, send: Send) -> Awaitable[None]:
        lines = scope["headers"]
        headers: dict[bytes, bytes] = {}
        size = 0
        for name, value in lines:
            size += len(name) + len(value)
            headers[name] = value
        host = headers.get(b"host")
        count = len(lines)
        if len(headers) != count:
            # A name came twice. Two Host lines are two different requests to two different readers: neither is believed.
            headers, host = first_values(lines), None
        if size > MAX_HEADER_BYTES or count > MAX_HEADERS:
            refuse = refuse_headers if scope["type"] == "http" else refuse_socket
            return refuse(scope, receive, send)
        if host not in known_hosts and not hosts.allow(
            [value.decode("latin-1") for name, value in lines if name == b"host"], scope.get("trine.hosts", ())
        ):
            refuse = refuse_host if scope["type"] == "http" else refuse_socket
            return refuse(scope, receive, send)
        if scope["type"] != "http":
            return talk(scope, receive, send)
        if wrapped is not None:
            return wrapped(scope, receive, send, headers)
        path, method = scope["path"], scope["method"]
        root_path = scope.get("root_path")
        if root_path:
            path = below_root(path, root_path)
        endpoints = statics.get(path)
        if endpoints is not None and method in endpoints:
            return endpoints[method](scope, receive, send, headers)
        head, _, tail = path.rpartition("/")
        endpoints = tails.get(head)
        if endpoints is not None and tail and method in endpoints:
            return endpoints[method](scope, receive, send, headers, tail)
        found = find(path, method)
        if found is not None:
            return found[0](scope, receive, send, headers, *found[1])
        return (mount_at(path) or other)(scope, receive, send, headers)

    async def refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
        await ASGIWebSocket(scope, receive, send, context.app).close(1008)

    async def hand_on(socket: Any, app: Any, prefix: str) -> None:
        await app(below(socket.scope, prefix), socket.receive_message, socket.send_message)

    converse = socket_entry(table, middleware, hand_on)

    def talk(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return converse(ASGIWebSocket(scope, receive, send, context.app))

    return answer


async def _refuse_host(_request: Request) -> Response:
    raise HTTPException(400, "This host is not served here.")


async def _refuse_headers(request: Request, limit: int = MAX_HEADER_BYTES) -> Response:
    if len(request.headers.raw) > MAX_HEADERS:
        raise HeadersTooLarge("header lines", MAX_HEADERS)
    raise HeadersTooLarge("bytes of headers", limit)
