"""Names in a Host header: which there can be at all."""

import re
from ipaddress import IPv6Address

from trine.server.hosts import host_name

_is_future = re.compile(r"\[v[0-9a-fA-F]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+").fullmatch


def valid_host(host: str) -> str | None:
    """The name in a Host header, in lower case, without its port; None where it can be none."""
    literal, bracket, port = host.partition("]")
    if bracket and _is_future(literal) and _is_port(port):
        return f"{literal.lower()}]"
    name = host_name(host)
    if name is None or host.endswith((":", ".")):
        return None
    return name if not name.startswith("[") or _is_address(name[1:-1]) else None


def port_of(host: str) -> str:
    """The port that a Host header names, as text; empty where it names none."""
    rest = host.rpartition("]")[2]
    return rest.rpartition(":")[2] if ":" in rest else ""


def has_valid_port(host: str) -> bool:
    """Whether the port of a Host header can be one."""
    return int(port_of(host) or 0) <= 65535


def _is_port(rest: str) -> bool:
    return not rest or (rest.startswith(":") and rest[1:].isdecimal())


def _is_address(literal: str) -> bool:
    try:
        IPv6Address(literal)
    except ValueError:
        return False
    return True
