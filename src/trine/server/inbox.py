"""Signals as messages: collected while a process works, read when it has time."""

import os
import select
import signal
import time
from collections.abc import Collection
from types import FrameType, TracebackType
from typing import Self


class SignalInbox:
    """Catches signals from entering to leaving; `wait` gives them, and the descriptors that have something to read."""

    def __init__(self, *signals: signal.Signals) -> None:
        self.signals = signals
        self._reader, self._writer = -1, -1

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in self.signals:
            signal.signal(number, _note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Catch no more signals: their usual meaning is back."""
        signal.set_wakeup_fd(-1)
        for number in self.signals:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, readable: Collection[int] = (), deadline: float | None = None) -> tuple[set[int], set[int]]:
        """Wait for a signal, for something to read, or for a moment of `time.monotonic()`. Gives the signals and descriptors."""
        poll = select.poll()
        for descriptor in (self._reader, *readable):
            poll.register(descriptor, select.POLLIN)
        timeout = None if deadline is None else max(0.0, (deadline - time.monotonic()) * 1000)
        ready = {descriptor for descriptor, _ in poll.poll(timeout)}
        if self._reader not in ready:
            return set(), ready
        return set(os.read(self._reader, 4096)), ready - {self._reader}


def _note(number: int, frame: FrameType | None) -> None:
    """Do nothing: the wake-up descriptor has the number already."""
