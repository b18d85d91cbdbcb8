"""Replay: events that are numbered and kept for a while, so that a client that comes back gets what it has missed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .log import EventLog
from .memory import MemoryEventLog
from .places import event_log
from .redis import RedisEventLog
from .settings import ReplaySettings

if TYPE_CHECKING:
    from .sql import SQLEventLog as SQLEventLog

__all__ = ["EventLog", "MemoryEventLog", "RedisEventLog", "ReplaySettings", "SQLEventLog", "event_log"]


def __getattr__(name: str) -> Any:
    # It needs SQLAlchemy, which the others do not.
    if name != "SQLEventLog":
        raise AttributeError(f"module 'trine.replay' has no attribute '{name}'")
    return import_module(".sql", __name__).SQLEventLog
