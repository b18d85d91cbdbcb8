"""What a request and a WebSocket handshake have in common: an address, headers and the application behind them."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import quote

from trine.types import Application, Scope, State, User

from .cookies import parse_cookies
from .headers import Headers
from .query import QueryParams
from .url import URL, Address


class Connection(ABC):
    """What a client sent to open a request or a WebSocket. Everything derived is computed on first use and kept.

    A server adapter subclasses this and fills in the primitives: `method`, `path`, `query_string`, `scheme`,
    `http_version`, `headers`, `client`, `server` and `scope`.
    """

    method: str
    path: str
    app: Application
    path_params: dict[str, Any]
    session_loader: "Callable[[Connection], dict[str, Any]] | None" = None
    """Reads the session on first use; a session middleware sets it."""

    @property
    @abstractmethod
    def query_string(self) -> str:
        """The query string as it was sent."""

    @property
    @abstractmethod
    def scheme(self) -> str:
        """`http` or `https`; a WebSocket has `ws` or `wss`."""

    @property
    @abstractmethod
    def http_version(self) -> str:
        """`1.0`, `1.1` or `2`."""

    @cached_property
    @abstractmethod
    def headers(self) -> Headers:
        """The header lines, in order, with case-insensitive names."""

    @cached_property
    @abstractmethod
    def client(self) -> Address | None:
        """Address of the other side, or None where the transport has none (a Unix socket)."""

    @cached_property
    @abstractmethod
    def server(self) -> Address | None:
        """Address that the server listens on."""

    @cached_property
    @abstractmethod
    def scope(self) -> Scope:
        """The connection as an ASGI 3.0 scope, for code that speaks ASGI."""

    @property
    @abstractmethod
    def observed_errors(self) -> list[Exception] | None:
        """Where a test client collects errors that nobody expected; None outside of tests."""

    @cached_property
    def root_path(self) -> str:
        """What stands before `path`: a mount point, or a prefix that a proxy has taken away."""
        return str(getattr(self.app, "root_path", ""))

    @cached_property
    def query_params(self) -> QueryParams:
        """The decoded query string."""
        return QueryParams(self.query_string)

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies by name. Cookies that break RFC 6265 are left out, never an error."""
        return parse_cookies("; ".join(self.headers.getlist("cookie")))

    @cached_property
    def url(self) -> URL:
        """The full URL that the client asked for, as far as the server knows it."""
        query = f"?{self.query_string}" if self.query_string else ""
        return URL(f"{self._origin}{_quote_path(self.root_path + self.path)}{query}")

    @cached_property
    def base_url(self) -> URL:
        """The URL of the application's root, with a slash at its end."""
        return URL(f"{self._origin}{_quote_path(self.root_path)}/")

    @cached_property
    def state(self) -> State:
        """What this request carries along for its handlers; it starts with what the lifespan yielded."""
        return State(dict(getattr(self.app, "lifespan_state", None) or {}))

    @cached_property
    def session(self) -> dict[str, Any]:
        """What the visitor carries from one request to the next, kept by a session middleware."""
        if self.session_loader is None:
            raise RuntimeError(
                "request.session is set by SessionMiddleware, which is not installed. Add app.add_middleware(SessionMiddleware)."
            )
        return self.session_loader(self)

    @cached_property
    def user(self) -> User:
        """Who sends the request, set by an authentication battery."""
        raise RuntimeError("request.user is set by Auth, which is not installed. Add app.install(Auth()).")

    @cached_property
    def auth(self) -> Any:
        """What the user may do, set by an authentication battery."""
        raise RuntimeError("request.auth is set by Auth, which is not installed. Add app.install(Auth()).")

    @property
    def csp_nonce(self) -> str:
        """The nonce of this answer's content security policy: for the `nonce` of its scripts and styles."""
        if "csp_nonce" not in self.state:
            raise RuntimeError(
                "request.csp_nonce is set by SecurityHeadersMiddleware, whose policy has no nonce here. "
                'Write "script-src": ["\'nonce\'"] into its content_security_policy.'
            )
        nonce: str = self.state.csp_nonce
        return nonce

    def url_for(self, name: str, /, **path_params: Any) -> URL:
        """Build the absolute URL of a named route."""
        return URL(str(self.base_url).rstrip("/") + self.app.url_path_for(name, **path_params))

    def __getitem__(self, key: str) -> Any:
        return self.scope[key]

    @property
    def _origin(self) -> str:
        host = self.headers.get("host")
        if host is None:
            server = self.server
            host = "localhost" if server is None else f"{server.host}:{server.port}"
        return f"{self.scheme}://{host}"


def _quote_path(path: str) -> str:
    # The path arrives decoded; only what would end or change it must be encoded again.
    return quote(path, safe="/:@!$&'()*+,;=~-._%") if not path.isascii() or _needs_quoting(path) else path


def _needs_quoting(path: str) -> bool:
    return any(character in path for character in ' ?#%"<>[]\\^`{|}') or not path.isprintable()
