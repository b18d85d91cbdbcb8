"""URLs: parts to read, and copies with other parts."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from .query import QueryParams, parse_query


class Address(NamedTuple):
    """One end of a connection."""

    host: str
    port: int


class URL:
    """A URL (RFC 3986). It compares equal to its text, and is split on first use.

    Reading a part of a text that is no URL raises `ValueError`.
    """

    def __init__(self, url: str = "", **components: Any) -> None:
        if components:
            if url:
                raise TypeError("URL() takes either a text or components, not both.")
            url = str(URL().replace(**components))
        self._url = url

    @cached_property
    def components(self) -> SplitResult:
        """The parts as the standard library splits them."""
        return urlsplit(self._url)

    @property
    def scheme(self) -> str:
        """The scheme in lower case, without its colon."""
        return self.components.scheme

    @property
    def netloc(self) -> str:
        """User, host and port, as they stand."""
        return self.components.netloc

    @property
    def path(self) -> str:
        """The path, still encoded."""
        return self.components.path

    @property
    def query(self) -> str:
        """The query, still encoded, without its question mark."""
        return self.components.query

    @property
    def fragment(self) -> str:
        """The fragment, without its hash sign."""
        return self.components.fragment

    @property
    def username(self) -> str | None:
        """The user, still encoded, or None."""
        return self.components.username

    @property
    def password(self) -> str | None:
        """The password, still encoded, or None."""
        return self.components.password

    @property
    def hostname(self) -> str | None:
        """The host in lower case, an IPv6 address without its brackets."""
        return self.components.hostname

    @property
    def port(self) -> int | None:
        """The port, or None when the URL leaves it to the scheme."""
        return self.components.port

    @property
    def is_secure(self) -> bool:
        """Whether the scheme encrypts: https or wss."""
        return self.scheme in ("https", "wss")

    def replace(self, **parts: Any) -> "URL":
        """Give a copy with other parts: those of `components`, and username, password, hostname, port."""
        if not parts.keys().isdisjoint(_NETLOC_PARTS):
            parts["netloc"] = self._build_netloc({name: parts.pop(name) for name in _NETLOC_PARTS if name in parts})
        return URL(self.components._replace(**parts).geturl())

    def include_query_params(self, **params: Any) -> "URL":
        """Give a copy with these query parameters set, in place of others of the same name."""
        kept = [(name, value) for name, value in parse_query(self.query) if name not in params]
        return self._with_query([*kept, *_flat(params)])

    def replace_query_params(self, **params: Any) -> "URL":
        """Give a copy with these query parameters and no others."""
        return self._with_query(_flat(params))

    def remove_query_params(self, keys: str | Iterable[str]) -> "URL":
        """Give a copy without these query parameters."""
        removed = {keys} if isinstance(keys, str) else set(keys)
        return self._with_query([(name, value) for name, value in parse_query(self.query) if name not in removed])

    def __eq__(self, other: object) -> bool:
        return self._url == str(other) if isinstance(other, str | URL) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._url)

    def __str__(self) -> str:
        return self._url

    def __repr__(self) -> str:
        shown = _find_password.sub(r"\1:********@", self._url)
        return f"{type(self).__name__}({shown!r})"

    def _with_query(self, pairs: list[tuple[str, Any]]) -> "URL":
        return self.replace(query=str(QueryParams(pairs)))

    def _build_netloc(self, parts: dict[str, Any]) -> str:
        now = self.components
        hostname = parts.get("hostname", now.hostname) or ""
        port = parts.get("port", now.port)
        username = parts.get("username", now.username)
        password = parts.get("password", now.password)
        netloc = f"[{hostname}]" if ":" in hostname and not hostname.startswith("[") else hostname
        if port is not None:
            netloc += f":{port}"
        if username is None and password is None:
            return netloc
        user = username or ""
        return f"{user}@{netloc}" if password is None else f"{user}:{password}@{netloc}"


# Without splitting the URL: a text that is no URL can be shown too.
_find_password = re.compile(r"\A([^:/?#]*+:?//[^:/?#@]*+):[^/?#]*@")
_NETLOC_PARTS = ("username", "password", "hostname", "port")


def _flat(params: dict[str, Any]) -> list[tuple[str, Any]]:
    """Spread lists and tuples: each item is one parameter of that name."""
    return [(name, item) for name, value in params.items() for item in (value if isinstance(value, list | tuple) else (value,))]
