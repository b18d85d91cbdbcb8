"""Who really asks, behind proxies: `X-Forwarded-*` and `Forwarded` (RFC 7239), believed from trusted addresses alone.

The list of addresses is read from right to left: every trusted proxy has added the address that it saw, so the first address
from the right that is not trusted is the client. What stands further left was written by the client itself, and may be anything.
Protocol, host and port come from the entry that the outermost trusted proxy wrote.

A proxy passes on what it does not know. So only the headers count that the proxies are known to write.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from trine.errors import SetupError
from trine.types import ASGIApp, Receive, Scope, Send

from .hosts import host_name

Network = IPv4Network | IPv6Network
GetHeaders = Callable[[str], Sequence[str]]
RSGIEntry = Callable[[Any, Any], Awaitable[None]]

MOST_HOPS = 32
"""More entries than that are no chain of proxies, but an attack: none of them is believed."""
USUAL = ("x-forwarded-for", "x-forwarded-proto")
UNIX = "unix"
_PAIR = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^",;\s]*)\s*')


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What the trusted proxies say about a request; None where they say nothing."""

    client: str | None = None
    scheme: str | None = None
    host: str | None = None


class TrustedProxies:
    """Addresses and networks whose word counts, and the headers in which they say it.

    `*` is everybody, `unix` whoever comes over a Unix socket.
    """

    def __init__(self, trusted: Sequence[str], names: Collection[str] = USUAL) -> None:
        self.names = frozenset(names)
        self.everybody = "*" in trusted
        self.unix = UNIX in trusted or self.everybody
        self.networks = tuple(_network(text) for text in trusted if text not in ("*", UNIX))

    def trusts(self, address: str) -> bool:
        """Whether an address is one of a trusted proxy. The empty address is a Unix socket's."""
        if not address:
            return self.unix
        try:
            found = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return self.everybody or any((mapped or found) in network for network in self.networks)

    def resolve(self, peer: str, headers: GetHeaders) -> Forwarded | None:
        """Find the client behind a peer. None where the peer is not trusted, or has forwarded nothing that can be believed."""
        if not self.trusts(peer):
            return None
        lines = headers("forwarded") if "forwarded" in self.names else ()
        hops = list(_read_forwarded(lines)) if lines else list(_read_legacy(headers, self.names))
        if not hops or len(hops) > MOST_HOPS:
            return None
        client: str | None = None
        believed = hops[-1]
        for hop in reversed(hops):
            believed = hop
            if hop.client is None:
                break
            client = hop.client
            if not self.trusts(hop.client):
                break
        return Forwarded(client, believed.scheme, believed.host)


def proxies_of(settings: Any) -> TrustedProxies | None:
    """The proxies that settings trust; None where they trust nobody."""
    trusted = getattr(settings, "trusted_proxies", ())
    return TrustedProxies(trusted, settings.proxy_headers) if trusted else None


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        hint = "Write addresses or networks, such as 10.0.0.0/8, separated by commas."
        raise SetupError(f"trusted_proxies: '{text}' is no address.", hint=hint) from None


def _read_forwarded(lines: Sequence[str]) -> Iterator[Forwarded]:
    """The entries of RFC 7239, in order. A malformed one says nothing, and ends what is believed."""
    for entry in _split(",".join(lines), ","):
        values: dict[str, str] = {}
        for pair in _split(entry, ";"):
            match = _PAIR.fullmatch(pair)
            if match is None or match[1].lower() in values:
                values = {}
                break
            value = match[2]
            values[match[1].lower()] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        yield Forwarded(_address(values.get("for", "")), _scheme(values.get("proto", "")), _host(values.get("host", "")))


def _split(text: str, separator: str) -> Iterator[str]:
    """Split outside of quoted strings."""
    start, quoted, position = 0, False, 0
    while position < len(text):
        character = text[position]
        if quoted and character == "\\":
            position += 1
        elif character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            yield text[start:position]
            start = position + 1
        position += 1
    yield text[start:]


def _read_legacy(headers: GetHeaders, names: Collection[str]) -> Iterator[Forwarded]:
    """`X-Forwarded-For` and its siblings: lists that grow to the right, and are lined up at their right ends."""
    wanted = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port")
    addresses, schemes, hosts, ports = (_items(headers(name)) if name in names else [] for name in wanted)
    count = len(addresses)
    if not count and (schemes or hosts):
        yield Forwarded(None, _scheme(_last(schemes)), _host(_with_port(_last(hosts), _last(ports))))
    for index in range(count):
        # A proxy that keeps the outermost value instead of a list says the same about every hop.
        scheme, host, port = (_nth(values, index, count) for values in (schemes, hosts, ports))
        yield Forwarded(_address(addresses[index]), _scheme(scheme), _host(_with_port(host, port)))


def _items(lines: Sequence[str]) -> list[str]:
    return [item for item in (part.strip() for part in ",".join(lines).split(",")) if item]


def _nth(values: list[str], index: int, count: int) -> str:
    if len(values) == count:
        return values[index]
    return _last(values)


def _last(values: list[str]) -> str:
    return values[-1] if values else ""


def _with_port(host: str, port: str) -> str:
    has_port = host.rpartition("]")[2].count(":") == 1
    return f"{host}:{port}" if host and port.isdecimal() and not has_port else host


def _address(text: str) -> str | None:
    """The address of `1.2.3.4`, `1.2.3.4:80`, `2001::1`, `[2001::1]` or `[2001::1]:80`."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        # `unknown` and hidden names (RFC 7239 §6) are nobody's address.
        return None


def _scheme(text: str) -> str | None:
    text = text.lower()
    return text if text in ("http", "https") else None


def _host(text: str) -> str | None:
    return text if host_name(text) is not None else None


def trust_proxies_rsgi(answer: RSGIEntry, proxies: TrustedProxies) -> RSGIEntry:
    """Let an RSGI application see the client behind trusted proxies."""

    def answer_client(scope: Any, proto: Any) -> Awaitable[None]:
        found = proxies.resolve(_peer(scope.client), scope.headers.get_all)
        return answer(scope if found is None else _ForwardedScope(scope, found), proto)

    return answer_client


def trust_proxies_asgi(answer: ASGIApp, proxies: TrustedProxies) -> ASGIApp:
    """Let an ASGI application see the client behind trusted proxies."""

    def answer_client(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        client = scope.get("client")
        found = proxies.resolve(client[0] if client else "", partial(header_lines, scope))
        return answer(scope if found is None else _forwarded_scope(scope, found), receive, send)

    return answer_client


def header_lines(scope: Scope, name: str) -> list[str]:
    """The values of every line of a header in an ASGI scope."""
    wanted = name.encode()
    return [value.decode("latin-1") for key, value in scope["headers"] if key == wanted]


def _peer(client: str) -> str:
    return client.rpartition(":")[0].strip("[]")


def _forwarded_scope(scope: Scope, found: Forwarded) -> Scope:
    changed = {**scope}
    if found.client is not None:
        changed["client"] = (found.client, 0)
    if found.scheme is not None:
        changed["scheme"] = _for_socket(found.scheme) if scope["type"] == "websocket" else found.scheme
    if found.host is not None:
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        changed["headers"] = [(b"host", found.host.encode("latin-1")), *others]
    return changed


def _for_socket(scheme: str) -> str:
    return "wss" if scheme == "https" else "ws"


class _ForwardedScope:
    """An RSGI scope with what the proxies say in the place of what the last of them is; `peer` is still that one."""

    def __init__(self, scope: Any, found: Forwarded) -> None:
        self.proto = scope.proto
        self.http_version = scope.http_version
        self.rsgi_version = scope.rsgi_version
        self.server = scope.server
        self.method = scope.method
        self.path = scope.path
        self.query_string = scope.query_string
        self.peer = scope.client
        self.client = scope.client if found.client is None else _with_brackets(found.client) + ":0"
        self.scheme = scope.scheme
        if found.scheme is not None:
            self.scheme = _for_socket(found.scheme) if scope.proto != "http" else found.scheme
        self.authority = scope.authority if found.host is None else found.host
        self.headers = scope.headers if found.host is None else _ForwardedHeaders(scope.headers, found.host)


def _with_brackets(address: str) -> str:
    return f"[{address}]" if ":" in address else address


class _ForwardedHeaders:
    """RSGI headers with another host."""

    def __init__(self, headers: Any, host: str) -> None:
        self._headers = headers
        self._host = host

    def __contains__(self, name: str) -> bool:
        return name == "host" or name in self._headers

    def get(self, name: str, default: Any = None) -> Any:
        return self._host if name == "host" else self._headers.get(name, default)

    def get_all(self, name: str) -> list[str]:
        return [self._host] if name == "host" else list(self._headers.get_all(name))

    def items(self) -> list[tuple[str, str]]:
        return [("host", self._host), *((name, value) for name, value in self._headers.items() if name != "host")]

    def keys(self) -> list[str]:
        return [name for name, _ in self.items()]

    def values(self) -> list[str]:
        return [value for _, value in self.items()]
