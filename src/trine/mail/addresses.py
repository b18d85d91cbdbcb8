"""Addresses: `ada@example.org` and `Ada Lovelace <ada@example.org>`, checked before a server sees them."""

import re
from collections.abc import Iterable
from email.headerregistry import Address as HeaderAddress
from typing import Self

import idna

from .errors import InvalidMessage

# RFC 5321 §4.5.3.1: what every server must take, and no more.
_LONGEST_LOCAL = 64
_LONGEST = 254
_LONGEST_NAME = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAMED = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([^<>"]*?))\s*<([^<>]*)>')
# RFC 5322 §3.4.1's dot-atom, and RFC 6532's letters beyond ASCII. A quoted local part is in nobody's mail but an attacker's.
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")


class Address(str):
    """A mailbox, and the name of whom it belongs to, as text. The domain is in the form that servers read (IDNA)."""

    local: str
    domain: str
    name: str

    def __new__(cls, local: str, domain: str, name: str = "") -> Self:
        """Make the text of its parts."""
        address = super().__new__(cls, HeaderAddress(display_name=name, username=local, domain=domain))
        address.local, address.domain, address.name = local, domain, name
        return address

    def __getnewargs__(self) -> tuple[str, ...]:  # type: ignore[override] # what __new__ takes, for copies
        return self.local, self.domain, self.name

    @property
    def mailbox(self) -> str:
        """The address without the name."""
        return f"{self.local}@{self.domain}"

    def header(self) -> HeaderAddress:
        """The address as the standard library's headers take it."""
        return HeaderAddress(display_name=self.name, username=self.local, domain=self.domain)


def parse_address(text: str) -> Address:
    """Read an address. Raises `InvalidMessage`, which names what is wrong with it."""
    if isinstance(text, Address):
        return text
    if len(text) > _LONGEST + _LONGEST_NAME:
        raise _invalid(text[:40] + "...", f"it has {len(text)} characters")
    if _CONTROL.search(text):
        raise _invalid(text, "it has a line break or another control character in it")
    named = _NAMED.fullmatch(text.strip())
    name = "" if named is None else (named[2] or re.sub(r"\\(.)", r"\1", named[1] or "")).strip()
    mailbox = (text if named is None else named[3]).strip()
    local, at, domain = mailbox.rpartition("@")
    if not at:
        raise _invalid(text, "it has no @")
    if not _LOCAL.fullmatch(local) or len(local.encode()) > _LONGEST_LOCAL:
        raise _invalid(text, f"'{local}' cannot stand before the @")
    address = Address(local, _checked_domain(domain, text), name)
    if len(address.mailbox.encode()) > _LONGEST:
        raise _invalid(text, f"it has more than {_LONGEST} bytes")
    return address


def parse_addresses(given: str | Iterable[str]) -> tuple[Address, ...]:
    """Read one address or several, each mailbox once."""
    items = [given] if isinstance(given, str) else given
    return tuple({address.mailbox: address for address in map(parse_address, items)}.values())


def _checked_domain(domain: str, text: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise _invalid(text, f"'{domain}' is no domain ({error})") from None


def _invalid(text: str, reason: str) -> InvalidMessage:
    return InvalidMessage(f"{text!r} is no mail address: {reason}.")
