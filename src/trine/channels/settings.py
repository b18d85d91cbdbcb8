"""What the environment says about channels."""

from pydantic import Field

from trine.settings import SettingsGroup


class ChannelsSettings(SettingsGroup, prefix="TRINE_CHANNELS_"):
    """Where groups live, and how much of them is kept."""

    url: str = "memory://"
    """`memory://` for one process; `redis://host:6379/0`, `rediss://`, `unix:///path` or `postgresql://host/db` for several."""
    key_prefix: str = "trine:channels:"
    """What the names of Redis keys, and of channels in PostgreSQL, begin with."""
    history: int = Field(default=100, ge=1, le=100_000)
    """How many messages of a group are kept for those who come later."""
    history_seconds: int = Field(default=86_400, ge=1)
    """How long they are kept after the last one, in Redis and PostgreSQL."""
    max_pending: int = Field(default=100, ge=1)
    """How many messages may wait for one subscriber that does not take them."""
    presence_seconds: float = Field(default=30.0, gt=0)
    """How long a member counts as here after its process was heard of for the last time."""
    timeout: float = Field(default=5.0, gt=0)
    """Seconds that Redis or PostgreSQL may take to answer."""
