"""Measurements on disk: raw figures per round, so that a run can stop and go on, and tables can be made again."""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from .load import Load
from .processes import CPU


@dataclass(frozen=True, slots=True)
class Figure:
    """One application in one round."""

    requests: int
    cpu: float
    """Seconds in programs and in the kernel together."""
    system: float
    """Those in the kernel: what sockets and thread switches cost on this machine."""
    per_second: float
    p50_us: float
    p99_us: float
    peak_mb: float = 0.0
    """The most memory that the server's processes have held, added up; nothing in older results."""

    @classmethod
    def of(cls, load: Load, cpu: CPU, peak_mb: float) -> "Figure":
        """Join what the load generator saw with the CPU seconds that the server used."""
        return cls(load.requests, cpu.user + cpu.system, cpu.system, load.per_second, load.p50_us, load.p99_us, peak_mb)

    @property
    def per_cpu_second(self) -> float:
        """Return requests per second of server CPU: the figure that ratios compare."""
        return self.requests / self.cpu if self.cpu else 0.0


@dataclass(frozen=True, slots=True)
class Ratio:
    """One application's figure over another's within each round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the median, which counts."""
        return median(self.values)

    @property
    def is_ahead(self) -> bool:
        """Tell whether the median, and all rounds but one, are above 1.0."""
        return self.median > 1.0 and sum(value <= 1.0 for value in self.values) <= 1

    def __str__(self) -> str:
        return f"{self.median:.2f} ({min(self.values):.2f}–{max(self.values):.2f})"


Round = dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Run:
    """Interleaved rounds of one workload with one set of applications."""

    workload: str
    seconds: float
    connections: int
    apps: list[str]
    rounds: list[Round]
    refused: dict[str, str]
    """Applications that did not pass the gate or did not start, and why."""

    def figures(self, app: str) -> list[Figure]:
        """Return an application's figures, one a round."""
        return [found[app] for found in self.rounds if app in found]

    def ratio(self, app: str, reference: str) -> Ratio | None:
        """Compare two applications round by round; None when they never met. A round without an answer says nothing."""
        values = [
            found[app].per_cpu_second / found[reference].per_cpu_second
            for found in self.rounds
            if app in found and reference in found and found[app].requests and found[reference].requests
        ]
        return Ratio(tuple(values)) if values else None


class Results:
    """All runs made with one Python, kept in one JSON file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        found = json.loads(path.read_text()) if path.exists() else {"machine": {}, "versions": {}, "runs": []}
        self.machine: dict[str, str] = found["machine"]
        self.versions: dict[str, str] = found["versions"]
        self.runs = [_run_from(run) for run in found["runs"]]

    def unfinished(self, run: Run, rounds: int) -> Run | None:
        """Return an earlier run of the same kind, complete or not."""
        for old in reversed(self.runs):
            same = (old.workload, old.seconds, old.connections, old.apps) == (
                run.workload,
                run.seconds,
                run.connections,
                run.apps,
            )
            if same and len(old.rounds) <= rounds:
                return old
        return None

    def latest(self, workload: str, *apps: str) -> Run | None:
        """Return the newest run of a workload in which all these applications were timed."""
        for run in reversed(self.runs):
            if run.workload == workload and all(run.figures(app) for app in apps):
                return run
        return None

    def save(self) -> None:
        """Write the file, whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        document = {"machine": self.machine, "versions": self.versions, "runs": [_run_to(run) for run in self.runs]}
        text = json.dumps(document, indent=1)
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(text + "\n")
        temporary.replace(self.path)


FIELDS = ("requests", "cpu", "system", "per_second", "p50_us", "p99_us", "peak_mb")


def _run_to(run: Run) -> dict[str, Any]:
    # One line per figure keeps the file short and its changes readable.
    rounds = [
        {app: " ".join(f"{getattr(figure, name):.10g}" for name in FIELDS) for app, figure in r.items()} for r in run.rounds
    ]
    return {
        "workload": run.workload,
        "seconds": run.seconds,
        "connections": run.connections,
        "apps": run.apps,
        "refused": run.refused,
        "rounds": rounds,
    }


def _run_from(found: dict[str, Any]) -> Run:
    rounds = [{app: _figure_from(text) for app, text in r.items()} for r in found["rounds"]]
    return Run(found["workload"], found["seconds"], found["connections"], found["apps"], rounds, found["refused"])


def _figure_from(text: str) -> Figure:
    requests, *rest = text.split()
    return Figure(int(float(requests)), *map(float, rest))
