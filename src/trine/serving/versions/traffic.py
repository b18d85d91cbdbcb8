"""Which version answers a request that names none."""

from collections.abc import Mapping
from hashlib import blake2b
from random import random


class TrafficSplit:
    """Shares of the requests for versions beside the default.

    Chance decides, or a key: whoever has the same key gets the same version as long as the shares stay, and when a share
    grows, only those who come to it change.
    """

    __slots__ = ("_limits", "default", "shares")

    def __init__(self, default: str, shares: Mapping[str, float] | None = None) -> None:
        self.default = default
        self.shares = dict(shares or {})
        self._limits: list[tuple[float, str]] = []
        limit = 0.0
        for version, share in sorted(self.shares.items()):
            limit += share
            self._limits.append((limit, version))

    def choose(self, key: str | None = None) -> str:
        """Give the version for a request."""
        if not self._limits:
            return self.default
        place = random() if key is None else _place(key)  # noqa: S311 - a lottery, not a secret
        for limit, version in self._limits:
            if place < limit:
                return version
        return self.default


def _place(key: str) -> float:
    """A number from 0 to 1 that belongs to a key."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=7).digest()) / (1 << 56)
