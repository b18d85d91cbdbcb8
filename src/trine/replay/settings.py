"""What the environment says about events that are kept."""

from pydantic import Field

from trine.settings import SettingsGroup


class ReplaySettings(SettingsGroup, prefix="TRINE_REPLAY_"):
    """Where events are kept, how many and for how long."""

    url: str = "memory://"
    """`memory://` for one process; `redis://host:6379/0`, or `database://` for the installed database, for several."""
    max_events: int = Field(default=10_000, ge=1)
    """How many events of a stream are kept."""
    max_age: float = Field(default=3600.0, gt=0)
    """Seconds for which each is kept."""
    poll_interval: float = Field(default=0.5, gt=0)
    """Seconds until a process sees in the database what another one has added."""
