"""A version that gets copies of requests: its answers are compared with the real ones, and nobody else sees them."""

import asyncio
from collections.abc import Callable
from typing import Any

from trine.errors import HTTPException

from ..asking import Asked
from ..runner import Runner
from .compare import agree

LAST = 7
"""Copies stand behind everybody else in line."""


class Shadow:
    """Copies requests as long as there is room: never more than `most` at a time, and none when the line is full."""

    def __init__(
        self, version: str, runner: Runner, *, most: int, timeout: float, count: Callable[[str], None] = lambda outcome: None
    ) -> None:
        self.version = version
        self.runner = runner
        self.most = most
        self.timeout = timeout
        self.count = count
        """Told how each copy ended: `same`, `different`, `failed`, `unanswered` where the real one failed, or `skipped`."""
        self._running = 0

    def copy(self, value: Any, answer: "asyncio.Future[Any]") -> None:
        """Ask the shadow what a request asks."""
        if self._running >= self.most:
            self.count("skipped")
            return
        try:
            copied = self.runner.submit(value, Asked(self.version, LAST, self.timeout))
        except HTTPException:
            self.count("skipped")
            return
        self._running += 1
        copied.add_done_callback(lambda copied: self._copied(answer, copied))

    def _copied(self, answer: "asyncio.Future[Any]", copied: "asyncio.Future[Any]") -> None:
        self._running -= 1
        if answer.done():
            self.count(_outcome(answer, copied))
        else:
            answer.add_done_callback(lambda answer: self.count(_outcome(answer, copied)))


def _outcome(answer: "asyncio.Future[Any]", copied: "asyncio.Future[Any]") -> str:
    failed = copied.cancelled() or copied.exception() is not None
    if answer.cancelled() or answer.exception() is not None:
        return "unanswered"
    if failed:
        return "failed"
    return "same" if agree(answer.result(), copied.result()) else "different"
