"""Addresses as servers write them."""

from trine.http import Address


def parse_address(text: str) -> Address | None:
    """Read `host:port` or `[v6]:port`. A Unix socket has no address."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not host:
        return None
    return Address(host.strip("[]"), int(port))
