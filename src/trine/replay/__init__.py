"""Replay: events that are numbered and kept for a while, so that a client that comes back gets what it has missed."""

from .log import EventLog
from .memory import MemoryEventLog
from .redis import RedisEventLog

__all__ = ["EventLog", "MemoryEventLog", "RedisEventLog"]
