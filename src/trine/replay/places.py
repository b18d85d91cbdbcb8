"""The log that an address names."""

from trine.errors import SetupError

from .log import EventLog
from .memory import MemoryEventLog
from .redis import RedisEventLog
from .settings import ReplaySettings


def event_log(url: str | None = None, *, max_events: int | None = None, max_age: float | None = None) -> EventLog:
    """Make the log that an address names: `memory://`, `redis://...`, or `database://alias`, the installed database without one.

    What is not said comes from the environment, `TRINE_REPLAY_URL` first of all.
    """
    said = {"url": url, "max_events": max_events, "max_age": max_age}
    settings = ReplaySettings(
        **{**ReplaySettings.load().model_dump(), **{name: value for name, value in said.items() if value is not None}}
    )
    scheme, _, place = settings.url.partition("://")
    if scheme == "memory":
        return MemoryEventLog(max_events=settings.max_events, max_age=settings.max_age)
    if scheme in ("redis", "rediss", "unix"):
        return RedisEventLog(settings.url, max_events=settings.max_events, max_age=settings.max_age)
    if scheme == "database":
        from .sql import SQLEventLog

        return SQLEventLog(
            place or None, poll_interval=settings.poll_interval, max_events=settings.max_events, max_age=settings.max_age
        )
    raise SetupError(
        f"TRINE_REPLAY_URL is '{scheme}://...', where no events can be kept.",
        hint="Use memory://, redis://host:6379/0, rediss://host, unix:///path or database:// for the installed database.",
    )
