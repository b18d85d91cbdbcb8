"""What a model is told when it is loaded."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class LoadContext:
    """Where a copy of the model stands: `load(self, context)` gets it, and `load(self)` does without."""

    version: str = "1"
    """Which version to load."""
    device: str = "cpu"
    """The device of this replica, one of `devices`."""
    replica: int = 0
    """The number of this replica, from 0."""
    path: Path | None = None
    """Where the files of the version are; None where no registry keeps them."""
    about: dict[str, Any] = field(default_factory=dict)
    """What the registry knows about the version."""
