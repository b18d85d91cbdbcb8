"""Signed links to files of stores that cannot sign for themselves."""

import time
from dataclasses import dataclass
from typing import Any, Literal

from trine.errors import BadSignature, SetupError, SignatureExpired
from trine.security import Signer
from trine.settings import Settings

Purpose = Literal["read", "upload"]


@dataclass(frozen=True, slots=True)
class Link:
    """What a link allows: reading one file, or writing one that is not there yet."""

    storage: str
    name: str
    expires: float
    download: str | None = None
    """The name under which a browser saves the file; None where it shows it."""
    content_type: str = ""
    max_size: int = 0

    @property
    def seconds_left(self) -> int:
        """How long it still counts."""
        return max(0, int(self.expires - time.time()))


class LinkSigner:
    """Write links into texts that nobody can change, and read them back."""

    def __init__(self, settings: Settings) -> None:
        key = settings.secret_key
        if key is None:
            raise SetupError("Links to files are signed, and there is no secret key.", hint="Set TRINE_SECRET_KEY.")
        fallbacks = settings.secret_key_fallbacks
        self._signers: dict[str, Signer] = {
            purpose: Signer(key, salt=f"storage.{purpose}", fallbacks=fallbacks) for purpose in ("read", "upload")
        }

    def sign(self, purpose: Purpose, link: Link) -> str:
        """Write a link."""
        values = [link.storage, link.name, round(link.expires), link.download, link.content_type, link.max_size]
        return self._signers[purpose].sign(values)

    def unsign(self, purpose: Purpose, text: str) -> Link:
        """Read a link. Raises `BadSignature` for what was not signed here for this purpose, `SignatureExpired` for an old one."""
        values: Any = self._signers[purpose].unsign(text)
        if not isinstance(values, list) or len(values) != 6:
            raise BadSignature("The link is of another make.")
        link = Link(*values)
        if link.expires <= time.time():
            raise SignatureExpired("The link has expired.")
        return link
