"""Where the numbers of several processes meet: each writes its own into a file of its own, and whoever is asked reads them all.

Nothing is shared while requests are answered: no lock, no memory map. A file is written once a second, whole or not at all,
and stays when its process ends, so that counters never go back.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from threading import Lock
from typing import TypeVar
from weakref import finalize

import msgspec

from trine.errors import SetupError

from .instruments import SECONDS, Counter, Gauge, Histogram, Instrument, Labels

I = TypeVar("I", bound=Instrument)  # noqa: E741 - an instrument


class _Snapshot(msgspec.Struct):
    """What one process has counted."""

    pid: int
    ended: bool
    values: dict[str, list[tuple[Labels, list[float]]]]


@dataclass(frozen=True, slots=True)
class Collected:
    """An instrument with the numbers of all processes."""

    instrument: Instrument
    values: dict[Labels, list[float]]


class MetricStore:
    """The instruments of an application, and the folder where its processes leave their numbers."""

    def __init__(self, folder: Path | None = None) -> None:
        self.instruments: dict[str, Instrument] = {}
        if folder is None:
            folder = Path(mkdtemp(prefix="trine-metrics-"))
            # Workers that are forked find the folder, and the process that made it takes it away.
            finalize(self, _remove, folder, os.getpid())
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._file: Path | None = None
        self._written: bytes = b""
        self._lock = Lock()
        self._derived: list[Derive] = []

    # Instruments ------------------------------------------------------------------------------------------------

    def counter(self, name: str, help: str, labels: Sequence[str] = ()) -> Counter:
        """A counter; the same one for the same name."""
        return self._kept(Counter(name, help, labels))

    def gauge(self, name: str, help: str, labels: Sequence[str] = ()) -> Gauge:
        """A gauge; the same one for the same name."""
        return self._kept(Gauge(name, help, labels))

    def histogram(self, name: str, help: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS) -> Histogram:
        """A histogram; the same one for the same name."""
        return self._kept(Histogram(name, help, labels, buckets=buckets))

    def _kept(self, made: I) -> I:
        found = self.instruments.setdefault(made.name, made)
        if not isinstance(found, type(made)) or found.labels != made.labels:
            raise SetupError(f"There are two metrics called {made.name}, of another kind or with other labels.")
        return found

    # Processes --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start to count in this process: what was counted before it was forked is the parent's."""
        for instrument in self.instruments.values():
            instrument.values.clear()
        self._file = self.folder / f"{os.getpid()}-{token_hex(4)}.json"
        self._written = b""

    def write(self, *, ended: bool = False) -> None:
        """Leave this process's numbers where the others find them."""
        if self._file is None:
            return
        # Whoever is asked writes in a thread, while the clock writes on the loop.
        with self._lock:
            values = {name: list(one.values.items()) for name, one in self.instruments.items() if one.values}
            whole = msgspec.json.encode(_Snapshot(os.getpid(), ended, values))
            if whole == self._written:
                return
            part = self._file.with_suffix(".part")
            # The folder is gone once the process that made it has ended: then nobody asks any more.
            with contextlib.suppress(FileNotFoundError):
                part.write_bytes(whole)
                part.replace(self._file)
                self._written = whole

    def collect(self) -> list[Collected]:
        """Add up the numbers of every process."""
        self.write()
        snapshots = [snapshot for file in sorted(self.folder.glob("*.json")) if (snapshot := _read(file)) is not None]
        collected = {name: Collected(one, _sum(one, snapshots)) for name, one in self.instruments.items()}
        derived = [found for derive in self._derived for found in derive(collected)]
        return [*collected.values(), *derived]

    def derive(self, function: "Derive") -> None:
        """Have a function make further numbers of those of all processes, by name, whenever somebody asks."""
        self._derived.append(function)


Derive = Callable[[Mapping[str, Collected]], Iterable[Collected]]


def _sum(instrument: Instrument, snapshots: list[_Snapshot]) -> dict[Labels, list[float]]:
    totals: dict[Labels, list[float]] = {}
    for snapshot in snapshots:
        if instrument.kind == "gauge" and (snapshot.ended or not _is_alive(snapshot.pid)):
            continue
        for labels, numbers in snapshot.values.get(instrument.name, ()):
            total = totals.get(labels)
            # Of two releases that run beside each other, one may know other buckets.
            if total is None or len(total) != len(numbers):
                totals[labels] = list(numbers)
            else:
                totals[labels] = [left + right for left, right in zip(total, numbers, strict=True)]
    return totals


def _read(file: Path) -> _Snapshot | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Snapshot)
    except (OSError, msgspec.DecodeError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(folder: Path, maker: int) -> None:
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)
