"""The line of items that wait for a model."""

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Any, Protocol

from trine.errors import HandlerTimeout

URGENCIES = 8
"""Places in line: 0 is served first, 7 last, as in RFC 9218."""
USUAL = 3


class Reply(Protocol):
    """Where an item's answer goes: a future, or a way back to another process."""

    def done(self) -> bool:
        """Whether nobody waits any more: answered, or cancelled."""
        ...

    def set_result(self, result: Any, /) -> None:
        """Answer with an output."""
        ...

    def set_exception(self, exception: Any, /) -> None:
        """Answer with what went wrong."""
        ...


class Job:
    """One item that waits for its answer."""

    __slots__ = ("arrived", "deadline", "reply", "timeout", "value", "version")

    def __init__(self, value: Any, reply: Reply, version: str, arrived: float, timeout: float) -> None:
        self.value = value
        self.reply = reply
        self.version = version
        self.arrived = arrived
        self.timeout = timeout
        self.deadline = arrived + timeout

    def expire(self) -> None:
        """Answer that it took too long."""
        if not self.reply.done():
            self.reply.set_exception(HandlerTimeout(self.timeout))


class Line:
    """Jobs by urgency, and within one urgency in the order in which they came."""

    def __init__(self) -> None:
        self._rows: tuple[deque[Job], ...] = tuple(deque() for _ in range(URGENCIES))
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Job]:
        return chain.from_iterable(self._rows)

    def push(self, job: Job, priority: int) -> None:
        """Put a job at the end of its row."""
        self._rows[priority].append(job)
        self._length += 1

    def take(self, most: int, now: float) -> list[Job]:
        """Take the next jobs, all of one version. Those whose client has left, or whose time is over, are dropped."""
        taken: list[Job] = []
        for row in self._rows:
            passed: list[Job] = []
            while row and len(taken) < most:
                job = row.popleft()
                self._length -= 1
                if job.reply.done():
                    continue
                if job.deadline <= now:
                    job.expire()
                elif taken and job.version != taken[0].version:
                    passed.append(job)
                else:
                    taken.append(job)
            row.extendleft(reversed(passed))
            self._length += len(passed)
        return taken

    @property
    def first_arrival(self) -> float | None:
        """When the job came that waits for the longest time; None where nobody waits."""
        return min([row[0].arrived for row in self._rows if row], default=None)

    def drop_done(self, now: float) -> None:
        """Forget those whose client has left, and answer those whose time is over."""
        for row in self._rows:
            for job in row:
                if job.deadline <= now:
                    job.expire()
            if any(job.reply.done() for job in row):
                kept = [job for job in row if not job.reply.done()]
                row.clear()
                row.extend(kept)
        self._length = sum(map(len, self._rows))

    def fail_all(self, error: Exception) -> None:
        """Answer everybody with an error."""
        for row in self._rows:
            for job in row:
                if not job.reply.done():
                    job.reply.set_exception(error)
            row.clear()
        self._length = 0
