"""When a batch starts, and who is in it."""

import asyncio
from collections.abc import Callable

from trine.errors import TooBusy

from .line import Job, Line

_SHARE = 0.25
"""The part of a batch's own time that the next one may wait for those who were just answered."""


class Batcher:
    """Forms batches across concurrent requests, for a model that computes one batch at a time.

    While the model computes, items gather. When it is idle again and fewer wait than there were before, the others were
    just answered and are likely to come back: the batch waits for them, at most a quarter of the time that the last one
    took, and at most `max_wait`. Without this, clients that ask again fall into two halves that take turns. An item that
    finds the model idle for longer than that is computed at once.
    """

    def __init__(self, run: Callable[[list[Job]], None], *, max_batch: int, max_wait: float, max_queue: int) -> None:
        self.run = run
        self.max_batch = max_batch
        self.max_wait = max_wait
        self.max_queue = max_queue
        self.line = Line()
        self.batch: list[Job] = []
        """What is computed now."""
        self.started = 0.0
        self.last_seconds = 0.0
        self._expected = 0
        self._patience = 0.0
        self._is_planned = False
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def add(self, job: Job, priority: int) -> None:
        """Queue a job. Raises `TooBusy` where as many wait as may."""
        if len(self.line) >= self.max_queue:
            self.line.drop_done(self._loop.time())
            if len(self.line) >= self.max_queue:
                rounds = -(-len(self.line) // self.max_batch)
                raise TooBusy(len(self.batch), len(self.line), retry_after=rounds * self.last_seconds)
        self.line.push(job, priority)
        if self.batch:
            return
        if self._timer is not None:
            if len(self.line) >= self._expected:
                self._timer.cancel()
                self._timer = None
                self._loop.call_soon(self._consider)
        elif not self._is_planned:
            # Whoever else comes in this turn of the loop is taken along.
            self._is_planned = True
            self._loop.call_soon(self._consider)

    def finished(self, seconds: float) -> None:
        """Say that the batch is answered, and how long the model took."""
        self.batch = []
        self.last_seconds = seconds
        self._patience = self._loop.time() + min(self.max_wait, seconds * _SHARE)
        if self.line and not self._is_planned:
            self._is_planned = True
            self._loop.call_soon(self._consider)

    def _consider(self) -> None:
        self._is_planned = True
        self._timer = None
        now = self._loop.time()
        if len(self.line) < self._expected and now < self._patience:
            self._timer = self._loop.call_at(self._patience, self._consider)
            return
        self._is_planned = False
        jobs = self.line.take(self.max_batch, now)
        if not jobs:
            return
        self._expected = min(self.max_batch, len(jobs) + len(self.line))
        self.batch = jobs
        self.started = now
        self.run(jobs)
