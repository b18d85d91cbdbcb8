"""Signed values: they may travel through a browser, and come back unchanged or not at all. Signed is not secret."""

import hmac
import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import itsdangerous
from itsdangerous import TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode
from pydantic import SecretStr

from trine.errors import BadSignature, SetupError, SignatureExpired

Key = str | SecretStr
# Machines that share a key do not agree on the second.
_CLOCK_SKEW = 60


class Signer:
    """Sign JSON values with a secret key. The `salt` names the purpose: a value signed for one is refused for another.

    Former keys in `fallbacks` still read what they signed. Costs about 10 µs a value; comparing takes constant time.
    """

    longest = 64 * 1024
    """Texts of more characters are refused unread."""

    def __init__(self, secret_key: Key, *, salt: str, fallbacks: Iterable[Key] = ()) -> None:
        keys = [_revealed(key) for key in (secret_key, *fallbacks)]
        if not all(keys):
            raise SetupError("A secret key is empty.", hint="Use at least 32 random characters: secrets.token_urlsafe(32).")
        if not salt:
            raise SetupError("A signer has no salt.", hint='Name what it signs for: salt="password-reset".')
        self.salt = salt
        # itsdangerous wants the newest key last.
        self._signer = self._make_signer(list(reversed(keys)))

    def sign(self, value: Any) -> str:
        """Write a value as JSON, with its signature, in characters that URLs and cookies take as they are."""
        payload = base64_encode(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
        return self._signer.sign(payload).decode()

    def unsign(self, text: str) -> Any:
        """Give the value back. Raises `BadSignature` for everything that `sign` with these keys has not written."""
        try:
            return _read(self._signer.unsign(self._checked(text)))
        except itsdangerous.BadSignature as error:
            raise BadSignature("The signature does not fit.") from error

    def _make_signer(self, keys: list[str]) -> itsdangerous.Signer:
        salt = f"trine.{self.salt}"
        return itsdangerous.Signer(_derived(keys, salt), salt=salt, key_derivation="none", digest_method=sha256)

    def _checked(self, text: str) -> bytes:
        if len(text) > self.longest:
            raise BadSignature(f"The signed text has {len(text)} characters, more than the {self.longest} that are read.")
        return text.encode("utf-8", "replace")


class TimedSigner(Signer):
    """Sign JSON values together with the time, so that they can expire."""

    _signer: TimestampSigner

    def unsign(self, text: str, max_age: float | None = None) -> Any:
        """Give the value back. Raises `SignatureExpired` when it was signed more than `max_age` seconds ago."""
        return self.unsign_with_age(text, max_age)[0]

    def unsign_with_age(self, text: str, max_age: float | None = None) -> tuple[Any, float]:
        """Give the value back, and how many seconds ago it was signed."""
        payload, age = self.unsign_bytes_with_age(text, max_age)
        return _loaded(payload), age

    def unsign_bytes_with_age(self, text: str, max_age: float | None = None) -> tuple[bytes, float]:
        """Give the JSON text of the value back, and how many seconds ago it was signed."""
        try:
            # The plain signer's part alone: the time is read here, without a detour over the calendar.
            payload, _, stamp = super(TimestampSigner, self._signer).unsign(self._checked(text)).rpartition(b".")
            age = self._signer.get_timestamp() - int.from_bytes(base64_decode(stamp))
            if max_age is not None and age > max_age:
                raise SignatureExpired(f"The value was signed {age:.0f} seconds ago, and counts for {max_age:g}.")
            if age < -_CLOCK_SKEW:
                # A signature from the future would outlive its time.
                raise BadSignature("The value was signed in the future.")
            return base64_decode(payload), max(float(age), 0.0)
        except itsdangerous.BadData as error:
            raise BadSignature("The signature does not fit.") from error

    def _make_signer(self, keys: list[str]) -> TimestampSigner:
        salt = f"trine.timed.{self.salt}"
        return TimestampSigner(_derived(keys, salt), salt=salt, key_derivation="none", digest_method=sha256)


def _derived(keys: list[str], salt: str) -> list[bytes]:
    """The keys for one purpose, derived once as itsdangerous would for each signature (`key_derivation="hmac"`)."""
    return [hmac.digest(key.encode(), salt.encode(), sha256) for key in keys]


def _revealed(key: Key) -> str:
    return key.get_secret_value() if isinstance(key, SecretStr) else key


def _read(payload: bytes) -> Any:
    try:
        return _loaded(base64_decode(payload))
    except itsdangerous.BadData as error:
        raise BadSignature("The signed text holds no JSON.") from error


def _loaded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSignature("The signed text holds no JSON.") from error
