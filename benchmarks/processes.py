"""What the processes of a server have used: the first one and everything that it started."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CPU:
    """Seconds in programs and in the kernel."""

    user: float
    system: float

    def __add__(self, other: "CPU") -> "CPU":
        return CPU(self.user + other.user, self.system + other.system)

    def __sub__(self, earlier: "CPU") -> "CPU":
        return CPU(self.user - earlier.user, self.system - earlier.system)


def tree(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            listed = children.read_text().split()
        except OSError:
            continue
        for child in listed:
            yield from tree(int(child))


def cpu_of(pid: int) -> CPU:
    """What all processes of a tree have used."""
    return sum(map(_own_cpu, tree(pid)), CPU(0.0, 0.0))


def peak_mb_of(pid: int) -> float:
    """The most memory in MB that the processes of a tree have held, added up (VmHWM)."""
    return sum(map(_own_peak, tree(pid))) / 1024


def _own_cpu(pid: int) -> CPU:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return CPU(0.0, 0.0)
    # Counted from behind the command's name, which may contain spaces: utime, stime, then those of children that ended.
    user, system, user_of_ended, system_of_ended = map(int, text.rpartition(")")[2].split()[11:15])
    return CPU((user + user_of_ended) / _TICK, (system + system_of_ended) / _TICK)


def _own_peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) if found else 0
