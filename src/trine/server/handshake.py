"""The handshake of a WebSocket as the GET request that it is: what middleware wraps."""

from collections.abc import AsyncIterator
from contextvars import Context, copy_context
from functools import cached_property

from trine.http import Address, Headers, Request, Response
from trine.types import Scope
from trine.websocket import WebSocket

# What middleware finds out about a request, and what the conversation then knows.
_CARRIED = ("state", "session_loader", "session", "user", "auth")
# Lines about the answer's own body and connection, which a handshake has no room for.
_NOT_CARRIED = frozenset({"content-length", "content-type", "connection", "upgrade", "transfer-encoding"})


class Handshake(Request):
    """A WebSocket's opening request. Its answer is 101 where nobody refuses it."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.method = "GET"
        self.path = socket.path
        self.root_path = socket.root_path
        self.app = socket.app
        self.path_params = {}
        self.context: Context | None = None

    def switch(self) -> Response:
        """Answer that the conversation may begin, in the context that the middleware has made."""
        self.context = copy_context()
        return Response(None, 101)

    def hand_over(self, response: Response) -> None:
        """Let the conversation know what middleware has found out, and send its header lines with the answer."""
        found = vars(self)
        vars(self.socket).update({name: found[name] for name in _CARRIED if name in found})
        self.socket.answer_headers = tuple(line for line in response.headers.items() if line[0] not in _NOT_CARRIED)

    @property
    def query_string(self) -> str:
        """The query string as it was sent."""
        return self.socket.query_string

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return {"ws": "http", "wss": "https"}.get(self.socket.scheme, self.socket.scheme)

    @property
    def http_version(self) -> str:
        """`1.1`."""
        return self.socket.http_version

    @property
    def observed_errors(self) -> list[Exception] | None:
        """Where a test client looks for what the application did not expect; None for a real client."""
        return self.socket.observed_errors

    @cached_property
    def headers(self) -> Headers:
        """The header lines, in order, with case-insensitive names."""
        return self.socket.headers

    @cached_property
    def client(self) -> Address | None:
        """Address of the other side."""
        return self.socket.client

    @cached_property
    def server(self) -> Address | None:
        """Address that the server listens on."""
        return self.socket.server

    @cached_property
    def scope(self) -> Scope:
        """The handshake as the ASGI scope of an HTTP request, for code that speaks ASGI."""
        return {**self.socket.scope, "type": "http", "method": "GET", "scheme": self.scheme, "extensions": {}}

    async def is_disconnected(self) -> bool:
        """Whether the client has left. It waits for its answer."""
        return False

    async def _receive_chunks(self) -> AsyncIterator[bytes]:
        # A handshake has no body.
        yield b""
