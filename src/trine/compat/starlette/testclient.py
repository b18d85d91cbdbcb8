"""`starlette.testclient`: a client for tests that runs an ASGI application on asyncio or on trio."""

import contextlib
import inspect
import warnings
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal

from trine.testing.client import with_user_agent
from trine.types import ASGIApp, Receive, Scope, Send

from .exceptions import StarletteDeprecationWarning
from .exchange import AnswerStream, Transport
from .lifespans import Lifespan
from .websocket_session import WebSocketDenialResponse, WebSocketTestSession

__all__ = ["ASGIInstance", "TestClient", "WebSocketDenialResponse", "WebSocketTestSession"]

ASGIInstance = Callable[[Receive, Send], Awaitable[None]]
"""What an application of ASGI's second version gives for a scope."""


class TestClient(httpx2.Client):
    """Ask an application as a browser would, in process. `with` starts it and stops it again.

    Inside `with` everything runs on one event loop; outside, each request gets a loop of its own. `backend` is "asyncio" or
    "trio"; the options are those of `anyio.run()`.
    """

    __test__ = False  # The name is the field's; pytest must not take it for a test.

    def __init__(
        self,
        app: ASGIApp | Callable[[Scope], ASGIInstance],
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        backend: str = "asyncio",
        backend_options: dict[str, Any] | None = None,
        cookies: Any = None,
        headers: Any = None,
        follow_redirects: bool = True,
        client: tuple[str, int] = ("testclient", 50000),
    ) -> None:
        allow_tests = getattr(app, "allow_tests", None)
        if allow_tests is not None:
            allow_tests()
        self.app: ASGIApp = as_asgi3(app)
        self.app_state: dict[str, Any] = {}
        """What the lifespan yielded."""
        self.portal: BlockingPortal | None = None
        """Inside `with`: `client.portal.call(function)` runs a function on the application's event loop."""
        self.raise_server_exceptions = raise_server_exceptions
        self._start_portal = partial(start_blocking_portal, backend, backend_options)
        self._root_path = root_path
        self._client_address = client
        self._running = ExitStack()
        self._open: set[AnswerStream] = set()
        super().__init__(
            base_url=base_url,
            headers=with_user_agent(headers),
            cookies=cookies,
            follow_redirects=follow_redirects,
            trust_env=False,
            transport=Transport(self),
        )

    @contextlib.contextmanager
    def open_portal(self) -> Iterator[BlockingPortal]:
        """Give the event loop that the application runs on; outside of `with`, one for the block."""
        if self.portal is not None:
            yield self.portal
            return
        with self._start_portal() as portal:
            yield portal

    def make_scope(self, kind: str, request: httpx2.Request) -> Scope:
        """The ASGI scope of a request, as a server would make it."""
        url = request.url
        raw_path, _, query = url.raw_path.partition(b"?")
        default_port = {"http": 80, "https": 443, "ws": 80, "wss": 443}[url.scheme]
        return {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": raw_path,
            "root_path": self._root_path,
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self._client_address,
            "server": (url.host, default_port if url.port is None else url.port),
            "state": self.app_state.copy(),
            # Trine's own: what a mounted application did not expect, and the name that it may be called by.
            "trine.errors": [],
            "trine.hosts": (url.host,),
        }

    def track(self, stream: AnswerStream) -> None:
        """Remember an answer that is being read: it ends with the client at the latest."""
        self._open.add(stream)

    def forget(self, stream: AnswerStream) -> None:
        """Forget an answer that has ended."""
        self._open.discard(stream)

    def request(self, method: str, url: Any, **options: Any) -> httpx2.Response:
        """Send a request and read the answer."""
        if options.get("timeout", httpx2.USE_CLIENT_DEFAULT) is not httpx2.USE_CLIENT_DEFAULT:
            message = "You should not use the 'timeout' argument with the TestClient."
            warnings.warn(message, StarletteDeprecationWarning, stacklevel=3)
        return super().request(method, url, **options)

    def websocket_connect(self, url: str, subprotocols: Sequence[str] | None = None, **options: Any) -> WebSocketTestSession:
        """Open a WebSocket, inside `with`."""
        headers = httpx2.Headers(options.pop("headers", None))
        headers.setdefault("connection", "upgrade")
        headers.setdefault("upgrade", "websocket")
        headers.setdefault("sec-websocket-key", "testserver==")
        headers.setdefault("sec-websocket-version", "13")
        if subprotocols is not None:
            headers.setdefault("sec-websocket-protocol", ", ".join(subprotocols))
        auth = options.pop("auth", None)
        request = self.build_request("GET", urljoin("ws://testserver", url), headers=headers, **options)
        if auth is not None:
            # What the client would do before it sends a request.
            request = next(self._build_request_auth(request, auth).sync_auth_flow(request))
        scope = self.make_scope("websocket", request)
        scope["subprotocols"] = list(subprotocols or ())
        scope["extensions"] = {"websocket.http.response": {}}
        return WebSocketTestSession(self.app, scope, self.open_portal, request)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.portal = stack.enter_context(self._start_portal())
            stack.callback(setattr, self, "portal", None)
            stack.callback(self.app_state.clear)
            stack.enter_context(Lifespan(self.app, self.app_state).running(self.portal))
            stack.callback(self._cancel_open)
            self._running = stack.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._running.close()

    def close(self) -> None:
        """End the answers that are still being read."""
        self._cancel_open()
        super().close()

    def _cancel_open(self) -> None:
        for stream in list(self._open):
            stream.cancel()


def as_asgi3(app: Any) -> ASGIApp:
    """Give an application that is called with everything at once, whichever version of ASGI it speaks."""
    return app if _is_asgi3(app) else _from_asgi2(app)


def _is_asgi3(app: Any) -> bool:
    if inspect.isclass(app):
        return hasattr(app, "__await__")
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004 - what counts is how it is called


def _from_asgi2(app: Any) -> ASGIApp:
    async def with_scope_first(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope)(receive, send)

    return with_scope_first
