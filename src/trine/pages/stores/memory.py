"""A store in the memory of one process: gone when it ends, and not seen by others."""

import time
from collections import OrderedDict

_SWEPT = 100


class MemoryStore:
    """Values in memory, at most `max_entries` of them: beyond that the one that was set longest ago goes first."""

    is_local = True

    def __init__(self, *, max_entries: int = 100_000) -> None:
        self.max_entries = max_entries
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """The value of a key, None where there is none."""
        found = self._entries.get(key)
        if found is None:
            return None
        if found[0] <= time.monotonic():
            self._entries.pop(key, None)
            return None
        return found[1]

    async def set(self, key: str, value: bytes, *, expires_in: float, only_existing: bool = False) -> bool:
        """Keep a value for a time."""
        if only_existing and await self.get(key) is None:
            return False
        self._entries[key] = (time.monotonic() + expires_in, value)
        self._entries.move_to_end(key)
        self._sweep()
        return True

    async def delete(self, key: str) -> None:
        """Forget a key."""
        self._entries.pop(key, None)

    async def aclose(self) -> None:
        """Nothing is held open; the values stay."""

    def __len__(self) -> int:
        return len(self._entries)

    def _sweep(self) -> None:
        """Let go of what is expired, of the oldest first and a few at a time, and of what is too much."""
        now = time.monotonic()
        for _ in range(_SWEPT):
            key, (expires, _value) = next(iter(self._entries.items()))
            if expires > now and len(self._entries) <= self.max_entries:
                return
            del self._entries[key]
            if not self._entries:
                return
