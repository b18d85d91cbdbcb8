"""Passwords: kept as hashes that are slow to guess (scrypt, RFC 7914)."""

from hashlib import scrypt
from hmac import compare_digest
from secrets import token_bytes

_COST = {"n": 2**14, "r": 8, "p": 1}


def hash_password(password: str) -> str:
    """Make what is stored of a password."""
    salt = token_bytes(16)
    return f"{salt.hex()}${scrypt(password.encode(), salt=salt, **_COST).hex()}"


def is_password(password: str, stored: str | None) -> bool:
    """Compare a password with what is stored. An account that there is not takes as long as a wrong password."""
    salt, _, digest = (stored or _NOBODY).partition("$")
    found = scrypt(password.encode(), salt=bytes.fromhex(salt), **_COST)
    return compare_digest(found, bytes.fromhex(digest)) and stored is not None


_NOBODY = hash_password("nobody's")
