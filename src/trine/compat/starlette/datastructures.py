"""`starlette.datastructures`: what requests and responses are made of."""

from collections.abc import Iterator, Sequence
from shlex import shlex
from typing import Any

from trine.http import URL, Address, FormData, Headers, ImmutableMultiDict, MultiDict, MutableHeaders, QueryParams, UploadFile
from trine.types import State

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

    def make_absolute_url(self, base_url: str | URL) -> URL:
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
