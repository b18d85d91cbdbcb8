"""When a model needs another replica, and when it can do without one: what one replica sees of its own queue."""

from .declaration import ModelDeclaration
from .replica import Replica

LOOK = 0.25
"""Seconds between two looks."""
_LOOKS = 4
"""Looks in a row at which somebody has waited too long, before another replica is asked for."""
_ENOUGH = 0.1
"""A replica that computes at fewer of its looks can be done without."""


class Demand:
    """Looks at a replica's queue again and again. Short peaks are left to the queue: a model takes longer to load."""

    def __init__(self, declaration: ModelDeclaration, replica: Replica) -> None:
        self.replica = replica
        self.longest = declaration.options.get("grow_wait_ms", 100.0) / 1000
        self.looks = max(1, round(declaration.options.get("shrink_after", 60.0) / LOOK))
        self._waiting = 0
        self._busy = 0
        self._seen = 0

    def look(self) -> None:
        """Look once."""
        replica = self.replica
        self._waiting = self._waiting + 1 if replica.longest_wait > self.longest else 0
        self._busy += replica.is_busy
        self._seen += 1

    @property
    def wants_another(self) -> bool:
        """Whether somebody waited too long at several looks in a row. Asked for once, it takes as many again."""
        if self._waiting < _LOOKS:
            return False
        self._waiting = 0
        return True

    @property
    def is_idle(self) -> bool:
        """Whether there was next to nothing to do for as long as a replica is kept for."""
        if self._seen < self.looks:
            return False
        is_idle = self._busy < self._seen * _ENOUGH and not self.replica.is_busy
        self._busy = self._seen = 0
        return is_idle
