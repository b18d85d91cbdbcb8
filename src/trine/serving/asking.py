"""How a model is asked, besides what: said by whoever asks, and settled before it travels."""

from typing import NamedTuple, TypedDict


class AskOptions(TypedDict, total=False):
    """What may be said along with an item."""

    version: str | None
    """The version that answers; chosen by the traffic split when absent."""
    key: str | None
    """A text whose owner always gets the same version while traffic is split."""
    priority: int
    """Place in line: 0 first, 7 last, 3 when absent."""
    timeout: float | None
    """Seconds in which an answer must be there; what the model declares when absent."""


class Asked(NamedTuple):
    """What was settled. Items that have all of it in common share a message."""

    version: str
    priority: int
    timeout: float
