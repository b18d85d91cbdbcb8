"""The asynchronous twin of the test client: the application runs on the test's own event loop."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

from .client import Pairs, handshake, trust_plain_http, with_user_agent
from .opening import read_opening
from .transport import AsyncTransport
from .websocket import AsyncWebSocketSession
from .wire import Interface, make_wire


class AsyncTestClient(httpx2.AsyncClient):
    """`TestClient` for asynchronous tests: the same words, with `await` and `async with`."""

    __test__ = False

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
            transport=AsyncTransport(self._wire, client=client, raises=raise_server_exceptions, grace=grace),
            event_hooks={"response": [self._keep_cookies]},
        )

    async def _keep_cookies(self, response: httpx2.Response) -> None:
        if response.request.url.scheme == "http":
            trust_plain_http(self.cookies.jar)

    def websocket_connect(
        self, url: str, subprotocols: Sequence[str] = (), *, headers: Pairs | None = None, params: Any = None
    ) -> AsyncWebSocketSession:
        """Open a WebSocket, inside `async with`. Raises `WebSocketDenied` where the application refuses the handshake."""
        request = handshake(self, url, subprotocols, headers, params)
        opening = read_opening(request, self._client, request.extensions["websocket"])
        return AsyncWebSocketSession(self._wire, opening, request, raises=self._raises, grace=self._grace)

    async def __aenter__(self) -> Self:
        await self._wire.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._wire.stop()
