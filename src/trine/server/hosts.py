"""Which names this server answers to."""

from collections.abc import Collection, Iterable, Sequence


class AllowedHosts:
    """A list of host names; `.example.org` stands for the domain and everything below it, `*` for any name.

    Ports do not matter. Names that were allowed once are remembered as they were written, a limited number of them,
    so that the usual request costs one look-up.
    """

    remembered = 64

    def __init__(self, names: Iterable[str]) -> None:
        lowered = [name.lower() for name in names]
        self.names = frozenset(name for name in lowered if not name.startswith("."))
        self.domains = tuple(name for name in lowered if name.startswith("."))
        self.any = "*" in self.names
        self.known: set[str] = set()
        self.known_raw: set[bytes] = set()

    def allow(self, lines: Sequence[str], also: Collection[str] = ()) -> bool:
        """Whether the Host lines of a request, exactly one, name a host that is served here.

        `also` is the name that a test client goes by: allowed for its own requests, and not remembered.
        """
        if len(lines) != 1:
            return False
        host = lines[0]
        name = host_name(host)
        if name is None:
            return False
        if name in also:
            return True
        if not self.matches(name):
            return False
        if len(self.known) < self.remembered:
            self.known.add(host)
            self.known_raw.add(host.encode("latin-1", "replace"))
        return True

    def matches(self, name: str) -> bool:
        """Whether a host name, as `host_name` gives it, is in the list."""
        return self.any or name in self.names or any(name == domain[1:] or name.endswith(domain) for domain in self.domains)


def host_name(host: str) -> str | None:
    """The name in a Host header, lower case, without port and final dot; None where it is malformed (RFC 9110 §7.2)."""
    if not host or len(host) > 255 or not host.isascii():
        return None
    name, port = host.lower(), ""
    if name.startswith("["):
        name, bracket, rest = name.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return None
        name, port = name + "]", rest[1:]
        allowed = "0123456789abcdef:.[]"
    else:
        name, _, port = name.partition(":")
        name = name.removesuffix(".")
        allowed = "abcdefghijklmnopqrstuvwxyz0123456789-._"
    if not name or (port and not port.isdecimal()) or name.strip(allowed):
        return None
    return name if all(character in allowed for character in name) else None
