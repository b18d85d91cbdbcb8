"""The table of the results page: CPU microseconds a request, and how many times as much Trine's is."""

from collections.abc import Iterable
from pathlib import Path
from statistics import median

from ..results import Results, Run
from .contenders import BY_NAME
from .works import WORKS

TITLES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
BASE = "trine"

INTRODUCTION = """## Rows from a database, through real servers

Made by `python -m benchmarks.database`: requests per second of *server CPU*, as above; the database's own CPU is not among them.
Every application has its own copy of the same rows and indexes, the connections that its documentation advises (ten of them
where there is a pool), and gave the right answers, and refused wrong requests, before it was timed. A cell says the CPU
microseconds of one request, then how many times as many requests Trine answers with the same CPU: the median of the rounds, and
the range. **Bold** where Trine is ahead, *slanted* where it is not. Read is one row of four columns by its key, the 20 newest of
10,000, and those with their authors and tags; written are 100 rows of one request, and one column of one row. Nobody waits for a
disk.
"""


def write_table(results: Results, path: Path) -> None:
    """Write the page's part."""
    machine = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in sorted(results.versions.items()))
    parts = [
        INTRODUCTION,
        f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; {versions}. {machine['note']}\n",
    ]
    for database, title in TITLES.items():
        runs = {name: _newest(results, f"{database} {name}") for name in WORKS}
        found = {name: run for name, run in runs.items() if run is not None and run.rounds}
        if found:
            parts.append(_table(title, found))
    path.write_text("\n".join(parts))


def _newest(results: Results, workload: str) -> Run | None:
    return next((run for run in reversed(results.runs) if run.workload == workload), None)


def _table(title: str, runs: dict[str, Run]) -> str:
    some = next(iter(runs.values()))
    how = f"{len(some.rounds)} rounds of {some.seconds:g} s, {some.connections} connections"
    lines = [f"### {title}\n\n{how}.\n", _row(["application", "server", *(WORKS[name].title for name in runs)])]
    lines.append(_row(["---", "---", *("---:" for _ in runs)]))
    for app in BY_NAME:
        cells = [_cell(run, app) for run in runs.values()]
        if any(cells):
            lines.append(_row([app, BY_NAME[app].server, *cells]))
    lines += [
        f"\n{app} is left out of '{name}': {why.splitlines()[0]}"
        for name, run in runs.items()
        for app, why in run.refused.items()
    ]
    return "\n".join(lines) + "\n"


def _cell(run: Run, app: str) -> str:
    # On a crowded machine an application may have come to nothing.
    figures = [figure for figure in run.figures(app) if figure.requests]
    if not figures:
        return ""
    cost = f"{1e6 / median(figure.per_cpu_second for figure in figures):,.0f}"
    ratio = None if app == BASE else run.ratio(BASE, app)
    if ratio is None:
        return cost
    mark = "**" if ratio.is_ahead else "*"
    return f"{cost}; {mark}{ratio.median:.2f}{mark} ({min(ratio.values):.2f}–{max(ratio.values):.2f})"


def print_ratios(run: Run) -> None:
    """Say how each application did."""
    for app in run.apps:
        if figures := [figure for figure in run.figures(app) if figure.requests]:
            rate = median(figure.per_cpu_second for figure in figures)
            wall = median(figure.per_second for figure in figures)
            ratio = run.ratio(BASE, app)
            print(f"{run.workload:20} {app:20} {1e6 / rate:8.1f} µs {wall:8,.0f}/s  Trine ÷ it {ratio}")


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
