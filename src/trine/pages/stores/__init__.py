"""Where sessions are kept, if not in their cookie."""

from typing import TYPE_CHECKING

from trine.errors import SetupError
from trine.types import Store

from .memory import MemoryStore

if TYPE_CHECKING:
    from ..settings import SessionSettings

__all__ = ["MemoryStore", "store_at"]


def store_at(settings: "SessionSettings") -> Store | None:
    """The store that an address names; None for the cookie itself."""
    scheme = settings.url.partition("://")[0]
    if scheme == "cookie":
        return None
    if scheme == "memory":
        return MemoryStore()
    if scheme in ("redis", "rediss", "unix"):
        from .redis import RedisStore

        return RedisStore(settings.url, key_prefix=settings.key_prefix, timeout=settings.timeout)
    if scheme == "database":
        from trine.db import SQLStore

        return SQLStore(settings.url.partition("://")[2] or None)
    raise SetupError(
        f"TRINE_SESSION_URL is '{settings.url}', which names no store.",
        hint="Use cookie://, memory://, redis://host:6379/0, rediss://host, unix:///path or database://.",
    )
