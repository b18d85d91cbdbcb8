"""In development: which line asks the same query again and again."""

import logging
import sys
from contextvars import ContextVar
from types import FrameType

from .database import Ran, Watcher

logger = logging.getLogger("trine.db")

_OURS = ("trine", "sqlalchemy", "asyncio", "contextlib", "concurrent")


def warn_of_repeated(limit: int) -> Watcher:
    """A watcher that warns where one line of a program asks the same query `limit` times in one request."""
    counted: ContextVar[dict[tuple[str, str, int], int] | None] = ContextVar("repeated queries", default=None)

    def count_query(ran: Ran) -> None:
        counts = counted.get()
        if counts is None:
            counted.set(counts := {})
        frame = _asking()
        if frame is None:
            return
        key = (ran.sql, frame.f_code.co_filename, frame.f_lineno)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] == limit:
            logger.warning(
                "%s:%d asks the same query %d times in one request. Read related rows along with select_related() or "
                "prefetch_related(), or ask once for all: filter(id__in=[...]). The query: %s",
                frame.f_code.co_filename,
                frame.f_lineno,
                limit,
                " ".join(ran.sql.split())[:300],
            )

    return count_query


def _asking() -> FrameType | None:
    """The frame of the program, below Trine's own."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] not in _OURS:
            return frame
        frame = frame.f_back
    return None
