"""How this process was started: what the command line knows, and the settings need."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Launch:
    """What `trine` said when it started the application. Another server says nothing: that is production."""

    mode: Literal["development", "production"] = "production"
    env_file: Path = Path(".env")
    host: str | None = None
    """Address that is listened on; None where it is not known, or a Unix socket."""
    workers: int = 1
    """Web workers that run the same application; 1 where it is not known."""


_launch = Launch()


def launch() -> Launch:
    """How this process was started."""
    return _launch


def set_launch(new: Launch) -> None:
    """Say how this process was started, before the application is loaded."""
    global _launch  # noqa: PLW0603 - one process was started once
    _launch = new
