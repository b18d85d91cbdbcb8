"""Where an event stands in its stream: the number that a client sends back as `Last-Event-ID`."""

import re
from dataclasses import dataclass
from typing import Self

# Whatever a client sends: a few digits are a position, and everything else is none.
_parse = re.compile(r"([0-9]{1,15})-([0-9]{1,15})", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A number within one life of a stream. A stream that was forgotten begins a new life, whose numbers mean something else."""

    life: int
    number: int

    def __str__(self) -> str:
        return f"{self.life}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a position. None for what is none, however long or strange it is."""
        found = _parse(text)
        return None if found is None else cls(int(found[1]), int(found[2]))


NOWHERE = Position(0, 0)
"""Before the first event of a stream that has none yet."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a log has of a stream: one life, from the oldest event that it keeps to the newest."""

    life: int
    first: int
    last: int

    @property
    def start(self) -> Position:
        """Before everything that is kept."""
        return Position(self.life, self.first - 1)

    @property
    def end(self) -> Position:
        """After everything that is kept."""
        return Position(self.life, self.last)

    def reaches(self, position: Position) -> bool:
        """Whether everything after a position is here."""
        return position.life == self.life and self.first - 1 <= position.number <= self.last
