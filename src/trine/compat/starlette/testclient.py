"""`starlette.testclient`: Trine's test client with Starlette's arguments."""

from collections.abc import Sequence
from typing import Any

import httpx2

from trine.errors import WebSocketDisconnect
from trine.testing import TestClient as TrineTestClient
from trine.testing import WebSocketDenied, WebSocketSession
from trine.types import ASGIApp

__all__ = ["TestClient", "WebSocketDenialResponse", "WebSocketTestSession"]


class WebSocketDenialResponse(httpx2.Response, WebSocketDisconnect):  # type: ignore[misc] # both can be pickled, differently
    """The HTTP response that an application sent instead of accepting a WebSocket. It is raised."""


class WebSocketTestSession:
    """A WebSocket, open inside `with`."""

    def __init__(self, session: WebSocketSession) -> None:
        self._session = session

    def __enter__(self) -> WebSocketSession:
        """Open the WebSocket."""
        try:
            return self._session.__enter__()
        except WebSocketDenied as denied:
            response = denied.response
            if not response.content:
                raise WebSocketDisconnect(denied.code, denied.reason) from None
            raise WebSocketDenialResponse(
                response.status_code, headers=response.headers, content=response.content, request=response.request
            ) from None

    def __exit__(self, *failure: Any) -> None:
        """Close the WebSocket."""
        self._session.__exit__(*failure)
        if not any(failure) and self._session.unexpected:
            raise self._session.unexpected[0]


class TestClient(TrineTestClient):
    """Ask an application as a browser would, in process. `with` starts it and stops it again."""

    __test__ = False

    def __init__(
        self,
        app: ASGIApp,
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
        if backend != "asyncio" or backend_options:
            raise ValueError(f"Trine runs on asyncio alone, not on backend {backend!r}.")
        super().__init__(
            app,
            base_url=base_url,
            raise_server_exceptions=raise_server_exceptions,
            root_path=root_path,
            cookies=cookies,
            headers=headers,
            follow_redirects=follow_redirects,
            client=client,
        )

    @property
    def app_state(self) -> Any:
        """What the lifespan yielded."""
        return self._wire.state

    def websocket_connect(self, url: str, subprotocols: Sequence[str] | None = None, **options: Any) -> Any:
        """Open a WebSocket, inside `with`."""
        return WebSocketTestSession(super().websocket_connect(url, subprotocols or (), **options))
