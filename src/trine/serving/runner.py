"""What a model runs in: the one seam behind which threads, processes and other machines stand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from .asking import Asked
from .context import LoadContext
from .streams import TokenStream

ReplicaState = Literal["starting", "ready", "stuck", "gone"]


@dataclass(frozen=True, slots=True)
class ReplicaStatus:
    """One copy of a model, as it is now."""

    number: int
    state: ReplicaState
    device: str
    versions: tuple[str, ...]
    waiting: int
    """Items in line."""
    running: int
    """Items that are computed now, and active streams."""
    process: int | None = None
    """The id of its process, where it has one of its own."""


class Runner(Protocol):
    """Answers items, wherever the model is. One belongs to one event loop."""

    async def start(self) -> None:
        """Load the model, or find it. Returns when it can be asked, which may be before it can answer."""
        ...

    async def stop(self) -> None:
        """Answer what is in flight, as far as that is possible, and let the model go."""
        ...

    def submit(self, value: Any, asked: Asked) -> "asyncio.Future[Any]":
        """Queue an item. The future gives its output or raises; cancelled, it drops the item. Raises `TooBusy` when full."""
        ...

    def stream(self, value: Any, asked: Asked, *, id: str) -> TokenStream:
        """Begin a stream. Raises `TooBusy` when full."""
        ...

    def cancel(self, id: str) -> bool:
        """Stop a stream that this web process reads. False where it reads none of this id."""
        ...

    async def stop_stream(self, id: str) -> bool:
        """Stop a stream, whichever web process reads it. False where there is none of this id."""
        ...

    async def load(self, context: LoadContext) -> None:
        """Load a version on every replica, beside those that are there. A replica that comes later loads it too."""
        ...

    async def unload(self, version: str) -> None:
        """Forget a version on every replica, once nothing that was sent to it is in flight."""
        ...

    @property
    def replicas(self) -> Sequence[ReplicaStatus]:
        """Every copy of the model, as it is now."""
        ...
