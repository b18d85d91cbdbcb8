"""Addresses: of pages by their names, and those that a visitor may be sent to."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from .context import PageContext, here


@dataclass(frozen=True)
class UrlDefaults:
    """What is added to the values of an endpoint's address."""

    functions: tuple[Callable[[str, dict[str, Any]], Any], ...]
    makers: dict[str, Callable[[], Any]]
    """By parameter: what a battery gives, such as the language of the visitor."""
    takes: frozenset[str]
    """The parameters of the endpoint's paths."""

    def added(self, endpoint: str, values: dict[str, Any]) -> dict[str, Any]:
        """The values with what nobody has said. What the path does not take is no default, and does not become its query."""
        found = {name: make() for name, make in self.makers.items() if name not in values} | values
        for function in self.functions:
            function(endpoint, found)
        return {name: value for name, value in found.items() if name in values or name in self.takes}


logger = logging.getLogger("trine.pages")


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _external: bool = False,
    _scheme: str | None = None,
    **values: Any,
) -> str:
    """Build the address of a page, or of a file: `url_for("static", filename="style.css")`.

    `.index` is a page of the same blueprint. Values that the path does not take become its query. With `_external` the address
    has a scheme and a host.
    """
    context = here("url_for()")
    request = context.request
    if endpoint.startswith("."):
        prefix = "" if request is None or request.blueprint is None else f"{request.blueprint}."
        endpoint = prefix + endpoint[1:]
    path, rest = build_url(context, endpoint, values)
    if rest:
        path += "?" + urlencode([pair for pair in _pairs(rest) if pair[1] is not None])
    if _anchor is not None:
        path += "#" + quote(_anchor, safe="%!#$&'()*+,/:;=?@")
    if not _external and _scheme is None:
        return path
    connection = context.needs_request("url_for(_external=True)").connection
    base = str(connection.base_url).removesuffix("/").removesuffix(connection.root_path)
    return f"{_scheme}:{base.partition(':')[2]}{path}" if _scheme is not None else base + path


def build_url(context: PageContext, endpoint: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path of an endpoint below the application's root, and the values that it does not take."""
    root = str(context.app.root_path) if context.request is None else context.request.connection.root_path
    if endpoint == "static" or endpoint.endswith(".static"):
        values = context.pages.files.versioned(endpoint, values)
    defaults = context.pages.url_defaults(endpoint)
    if defaults.functions or defaults.makers:
        values = defaults.added(endpoint, values)
    path, rest = context.app.declarations.names.build_with_rest(endpoint, **values)
    return root + path, rest


def is_safe_redirect(url: str) -> bool:
    """Whether an address leads to this site: a path, or an address of the host that was asked.

    Take nothing else from a request to send a visitor to: a link to this site would lead to somebody else's.
    """
    # Browsers read a backslash as a slash, and leave out control characters: "/\\evil.example" is another host.
    if not url or url != url.strip() or "\\" in url or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if not parts.netloc and not parts.scheme:
        return url.startswith("/") and not url.startswith("//")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return False
    connection = here("is_safe_redirect()").needs_request("is_safe_redirect()").connection
    if parts.scheme == "http" and connection.scheme == "https":
        return False
    return _host_and_port(connection.headers.get("host", ""), connection.scheme) == (parts.hostname, port or _PORTS[parts.scheme])


_PORTS = {"http": 80, "https": 443}


def _host_and_port(host: str, scheme: str) -> tuple[str | None, int | None]:
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname, parts.port or _PORTS.get(scheme)
    except ValueError:
        return None, None


def safe_next(default: str = "/", *, name: str = "next") -> str:
    """The address that a form or query asks to go on to, where it leads to this site; else the default."""
    asked = here("safe_next()").needs_request("safe_next()").values.get(name)
    if not isinstance(asked, str):
        return default
    if is_safe_redirect(asked):
        return asked
    logger.warning("A visitor is not sent to %s, which is not this site.", ascii(asked[:200]))
    return default


def _pairs(values: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, item) for name, value in values.items() for item in (value if isinstance(value, list | tuple) else [value])]
