"""`starlette.datastructures`: what requests and responses are made of."""

from collections.abc import Iterator, Sequence
from shlex import shlex
from typing import Any
from urllib.parse import quote

from trine import http
from trine.http import Address, FormData, Headers, ImmutableMultiDict, MultiDict, QueryParams, UploadFile
from trine.types import Message, Scope, State

from .hostnames import has_valid_port, valid_host

__all__ = [
    "URL",
    "Address",
    "CommaSeparatedStrings",
    "FormData",
    "Headers",
    "ImmutableMultiDict",
    "MultiDict",
    "MutableHeaders",
    "QueryParams",
    "Secret",
    "State",
    "URLPath",
    "UploadFile",
]


_USUAL_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class URL(http.URL):
    """A URL: a text, parts, or what a client asked for by an ASGI scope."""

    def __init__(self, url: str = "", scope: Scope | None = None, **components: Any) -> None:
        if scope is not None:
            if url or components:
                raise AssertionError('Cannot set "scope" together with a text or parts.')
            url = _url_of(scope)
        super().__init__(url, **components)

    def replace(self, **parts: Any) -> "URL":
        """Give a copy with other parts."""
        return URL(str(super().replace(**parts)))


def _url_of(scope: Scope) -> str:
    path = scope.get("path", "")
    path = quote(path, safe="/:@!$&'()*+,;=~-._%")
    query = scope.get("query_string", b"").decode("latin-1")
    netloc = _netloc_of(scope)
    if netloc:
        origin = f"{scope.get('scheme', 'http')}://{netloc}"
        path = path if path.startswith("/") or not path else f"/{path}"
    else:
        origin = ""
        # Two slashes would begin a host.
        path = f"/%2F{path[2:]}" if path.startswith("//") else path
    return f"{origin}{path}{'?' + query if query else ''}"


def _netloc_of(scope: Scope) -> str:
    host = Headers(raw=scope.get("headers", [])).get("host")
    if host is not None and valid_host(host) is not None and has_valid_port(host):
        return host
    server = scope.get("server")
    if server is None:
        return ""
    name = f"[{server[0]}]" if ":" in server[0] else server[0]
    usual = _USUAL_PORTS.get(scope.get("scheme", "http"))
    return name if server[1] in (None, usual) else f"{name}:{server[1]}"


class MutableHeaders(http.MutableHeaders):
    """Header lines that are being written: into the list, or the ASGI message, that they came from."""

    __slots__ = ("_target",)

    _target: list[tuple[bytes, bytes]] | None

    def __init__(
        self,
        headers: Any = None,
        raw: list[tuple[bytes, bytes]] | None = None,
        scope: Scope | Message | None = None,
    ) -> None:
        self._target = None
        if scope is not None:
            raw = scope["headers"] = list(scope["headers"])
        super().__init__(headers, raw=raw)
        self._target = raw if isinstance(raw, list) else None

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """The lines as ASGI sends them."""
        return super().raw if self._target is None else self._target

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name, value)
        self._write()

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._write()

    def append(self, name: str, value: str) -> None:
        """Add a line, keeping those that have the same name."""
        super().append(name, value)
        self._write()

    add = append

    def setdefault(self, name: str, value: str) -> str:
        """Give the first value of a name, after setting it when it was missing."""
        given = super().setdefault(name, value)
        self._write()
        return given

    def update(self, headers: Any) -> None:
        """Set every given name."""
        super().update(headers)
        self._write()

    def __or__(self, other: Any) -> "MutableHeaders":
        together = super().__or__(other)
        return together if together is NotImplemented else MutableHeaders(together.items())

    def _write(self) -> None:
        if self._target is not None:
            self._target[:] = http.MutableHeaders.raw.fget(self)  # type: ignore[attr-defined] # the property below ours


class URLPath(str):
    """A path that a named route built, and what it says about the protocol and host."""

    __slots__ = ("host", "protocol")

    def __new__(cls, path: str, protocol: str = "", host: str = "") -> "URLPath":
        """Make the path; `protocol` is "http", "websocket" or empty."""
        if protocol not in ("http", "websocket", ""):
            raise AssertionError(f"A protocol is 'http' or 'websocket', not {protocol!r}.")
        made = super().__new__(cls, path)
        made.protocol = protocol
        made.host = host
        return made

    protocol: str
    host: str

    def make_absolute_url(self, base_url: str | http.URL) -> URL:
        """Give the full URL, below a base."""
        base = URL(base_url) if isinstance(base_url, str) else base_url
        scheme = base.scheme
        if self.protocol:
            scheme = {"http": ("http", "https"), "websocket": ("ws", "wss")}[self.protocol][base.is_secure]
        return URL(scheme=scheme, netloc=self.host or base.netloc, path=base.path.rstrip("/") + str(self))


class Secret:
    """A text that does not show in tracebacks and logs. `str()` reveals it."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}('**********')"

    def __str__(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)


class CommaSeparatedStrings(Sequence[str]):
    """A list written as one text: `a, b, "c, d"`."""

    def __init__(self, value: str | Sequence[str]) -> None:
        self._items = _split(value) if isinstance(value, str) else list(value)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._items!r})"

    def __str__(self) -> str:
        return ", ".join(repr(item) for item in self._items)


def _split(text: str) -> list[str]:
    splitter = shlex(text, posix=True)
    splitter.whitespace = ","
    splitter.whitespace_split = True
    return [item.strip() for item in splitter]
