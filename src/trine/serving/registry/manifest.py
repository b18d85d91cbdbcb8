"""What a registry knows of a version, and which versions answer."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
is_name = re.compile(NAME).fullmatch
_Name = Annotated[str, Field(pattern=f"^{NAME}$")]


class ModelFile(BaseModel):
    """One file of a version."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$")]
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class ModelVersion(BaseModel):
    """A version's manifest: written when it is published, and never changed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: _Name
    version: _Name
    created: datetime
    format: str = Field(max_length=40)
    files: list[ModelFile] = Field(min_length=1, max_length=1000)
    folder: str = Field(pattern="^[0-9a-f]{16}$")
    """Where its files lie, below the version: made of their checksums."""
    metrics: dict[str, float] = {}
    """How good it was when it was trained."""
    statistics: dict[str, Any] = {}
    """What its training data looked like, to compare inputs with."""
    description: str = Field(default="", max_length=10_000)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class Release(BaseModel):
    """Which versions of a model answer: the one part of a registry that changes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    default: _Name | None = None
    """Answers where no other is chosen."""
    history: list[_Name] = Field(default=[], max_length=1000)
    """The defaults before it, the latest last: a roll-back goes there."""
    traffic: dict[_Name, Annotated[float, Field(ge=0, le=1)]] = {}
    """Shares of the requests that other versions answer; the rest is the default's."""
    shadow: _Name | None = None
    """Gets copies of the requests; its answers are compared and thrown away."""

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version that must be loaded, the default first."""
        named = [self.default, *self.traffic, self.shadow]
        return tuple(dict.fromkeys(name for name in named if name is not None))
