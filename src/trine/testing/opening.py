"""How a request begins: the part that both wires, and WebSockets too, have in common."""

from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

import httpx2

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True)
class Opening:
    """The request line and header lines as a server has read them, and what the application did not expect."""

    method: str
    scheme: str
    path: bytes
    """Still percent-encoded."""
    query: bytes
    headers: list[tuple[bytes, bytes]]
    server: tuple[str, int]
    client: tuple[str, int]
    errors: list[Exception] = field(default_factory=list)

    @property
    def decoded_path(self) -> str:
        """The path as applications see it."""
        return unquote_to_bytes(self.path).decode("utf-8", "replace")


def read_opening(request: httpx2.Request, client: tuple[str, int], scheme: str | None = None) -> Opening:
    """Read a request as a server would: header names in lower case, path and query apart."""
    url = request.url
    scheme = scheme or url.scheme
    path, _, query = url.raw_path.partition(b"?")
    return Opening(
        method=request.method,
        scheme=scheme,
        path=path,
        query=query,
        headers=[(name.lower(), value) for name, value in request.headers.raw],
        server=(url.host, url.port or DEFAULT_PORTS[scheme]),
        client=client,
    )
