"""A client for tests: httpx2's own, on the real application, without sockets."""

from collections.abc import Mapping, Sequence
from http.cookiejar import CookieJar
from types import TracebackType
from typing import Any, Self

import httpx2

from .opening import read_opening
from .portal import Portal, shared_portal
from .transport import Transport
from .websocket import AsyncWebSocketSession, WebSocketSession
from .wire import Interface, make_wire

Pairs = Mapping[str, str] | Sequence[tuple[str, str]]


class TestClient(httpx2.Client):
    """Ask an application as a browser would, in process. `with` starts it and stops it again; without, only requests run.

    Speaks ASGI, or RSGI with `interface="rsgi"`. What the application did not expect is raised here, unless
    `raise_server_exceptions` is False. Answers arrive piece by piece: use `stream()`; leaving it early is a disconnect, and
    the application has `grace` seconds to notice before it is cancelled. Several threads may use one client.
    """

    __test__ = False  # The name is the field's; pytest must not take it for a test.

    def __init__(
        self,
        app: Any,
        *,
        base_url: str = "http://testserver",
        interface: Interface = "asgi",
        raise_server_exceptions: bool = True,
        headers: Pairs | None = None,
        cookies: Pairs | None = None,
        follow_redirects: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("testclient", 50000),
        timeout: float | None = None,
        grace: float = 2.0,
    ) -> None:
        self.app = app
        self._wire = make_wire(app, interface, root_path)
        self._portal: Portal | None = None
        self._client = client
        self._raises = raise_server_exceptions
        self._grace = grace
        super().__init__(
            base_url=base_url,
            headers=with_user_agent(headers),
            cookies=dict(cookies or {}),
            follow_redirects=follow_redirects,
            timeout=timeout,
            trust_env=False,
            transport=Transport(self._wire, lambda: self.portal, client=client, raises=raise_server_exceptions, grace=grace),
            event_hooks={"response": [self._keep_cookies]},
        )

    @property
    def portal(self) -> Portal:
        """Where the application runs: `client.portal.call(coroutine)` runs a coroutine beside it, on its event loop."""
        return self._portal or shared_portal()

    def _keep_cookies(self, response: httpx2.Response) -> None:
        if response.request.url.scheme == "http":
            trust_plain_http(self.cookies.jar)

    def websocket_connect(
        self, url: str, subprotocols: Sequence[str] = (), *, headers: Pairs | None = None, params: Any = None
    ) -> WebSocketSession:
        """Open a WebSocket, inside `with`. Raises `WebSocketDenied` where the application refuses the handshake."""
        request = handshake(self, url, subprotocols, headers, params)
        opening = read_opening(request, self._client, request.extensions["websocket"])
        session = AsyncWebSocketSession(self._wire, opening, request, raises=self._raises, grace=self._grace)
        return WebSocketSession(session, self.portal)

    def __enter__(self) -> Self:
        portal = Portal()
        try:
            portal.call(self._wire.start())
        except BaseException:
            portal.close()
            raise
        self._portal = portal
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        portal, self._portal = self._portal, None
        if portal is not None:
            try:
                portal.call(self._wire.stop())
            finally:
                portal.close()


def trust_plain_http(jar: CookieJar) -> None:
    """Send secure cookies over plain HTTP too: nothing leaves the process, and browsers do the same on localhost."""
    for cookie in jar:
        cookie.secure = False


def with_user_agent(headers: Pairs | None) -> httpx2.Headers:
    """Name the client, unless the headers do."""
    together = httpx2.Headers(headers)
    together.setdefault("user-agent", "testclient")
    return together


def handshake(
    client: httpx2.Client | httpx2.AsyncClient, url: str, subprotocols: Sequence[str], headers: Pairs | None, params: Any
) -> httpx2.Request:
    """Build the request that opens a WebSocket (RFC 6455 §4.1), with the client's cookies and headers."""
    together = httpx2.Headers(headers)
    together.setdefault("connection", "upgrade")
    together.setdefault("upgrade", "websocket")
    together.setdefault("sec-websocket-key", "dHJpbmUgdGVzdGNsaWVudA==")
    together.setdefault("sec-websocket-version", "13")
    if subprotocols:
        together.setdefault("sec-websocket-protocol", ", ".join(subprotocols))
    request = client.build_request("GET", url, headers=together, params=params)
    request.extensions["websocket"] = {"http": "ws", "https": "wss"}.get(request.url.scheme, request.url.scheme)
    return request
