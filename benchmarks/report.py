"""RESULTS.md: one table per workload, ratios first."""

from collections.abc import Iterable
from statistics import median

from .contenders import BY_NAME
from .results import Results, Run
from .workloads import WORKLOADS

RAW_OF = {"Granian, RSGI": "raw-rsgi", "Uvicorn": "raw-asgi"}
HEADER = (
    "application",
    "server",
    "req/s of CPU",
    "CPU µs",
    "in kernel",
    "wall req/s",
    "p50 ms",
    "p99 ms",
    "peak MB",
    "of raw",
    "× FastAPI",
    "Trine ÷ it",
)


def render(all_results: Iterable[Results], command: str) -> str:
    """Return the whole page for all Pythons that were measured."""
    parts = [INTRODUCTION.format(command=command)]
    for results in all_results:
        parts.append(_machine(results))
        parts += [_workload(results, name) for name in WORKLOADS if any(run.workload == name for run in results.runs)]
    return "\n".join(parts)


INTRODUCTION = """# Results

Made by `{command}`. Each figure is requests per second of *server CPU*: user and system time of all of the server's
processes, one worker pinned to one core, the load generator on the other. Ratios are taken within one round; the median
counts, and the range stands behind it. "of raw" compares with the application written by hand for the same server.
"Trine ÷ it" compares `trine run` with the row, and says *ahead* where the median and all rounds but one are above 1.
Every row gave the right answers, and refused the wrong requests, before it was timed.

`trine` is `trine run` as it is shipped, access log off. `trine-rsgi` and `trine-asgi` are the same application on Granian's
own command line and on Uvicorn, with the options of the applications written by hand beside them. A worker of `trine run`
that has one processor only, as here, enters Linux's batch class; `raw-rsgi-batch` and `trine-rsgi-batch` were put there by
hand. The last is what `trine run` would be without its short way: the standard path, in the same circumstances.
"""


def _machine(results: Results) -> str:
    machine = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in sorted(results.versions.items()))
    return (
        f"## Python {machine.get('python', '?')}\n\n{machine.get('cpu', '?')}, {machine.get('cores', '?')} cores, "
        f"Linux {machine.get('kernel', '?')}; Python built {machine.get('build', '?')}. {machine.get('note', '')}\n\n"
        f"{versions}.\n"
    )


def _workload(results: Results, name: str) -> str:
    newest = next(run for run in reversed(results.runs) if run.workload == name)
    how = f"{len(newest.rounds)} rounds of {newest.seconds:g} s, {newest.connections} connections"
    lines = [f"### {WORKLOADS[name].title}\n\n{how}.\n", _row(HEADER), _row(["---"] * 2 + ["---:"] * (len(HEADER) - 2))]
    rows = []
    for app in BY_NAME:
        # On a crowded machine an application may have come to nothing.
        if (run := results.latest(name, app)) and median(figure.requests for figure in run.figures(app)):
            rows.append((median(figure.per_cpu_second for figure in run.figures(app)), _row(_cells(results, run, app))))
    lines += [row for _, row in sorted(rows, reverse=True)]
    refused = {app: why for run in results.runs if run.workload == name for app, why in run.refused.items()}
    lines += [f"\n{app} is left out: {why.splitlines()[0]}" for app, why in refused.items() if not results.latest(name, app)]
    return "\n".join(lines) + "\n"


def _cells(results: Results, run: Run, app: str) -> list[str]:
    figures = run.figures(app)
    contender = BY_NAME[app]

    def middle(name: str) -> float:
        return float(median(getattr(figure, name) for figure in figures))

    rate = middle("per_cpu_second")
    return [
        app,
        contender.server + (", threads" if contender.threads and run.workload == "sync" else ""),
        f"{rate:,.0f}",
        f"{1e6 / rate:.1f}",
        f"{median(figure.system / figure.cpu for figure in figures):.0%}",
        f"{middle('per_second'):,.0f}",
        f"{middle('p50_us') / 1e3:.2f}",
        f"{middle('p99_us') / 1e3:.2f}",
        f"{peak:,.0f}" if (peak := max(figure.peak_mb for figure in figures)) else "",
        _against(results, run.workload, app, RAW_OF.get(contender.server)),
        _against(results, run.workload, app, "fastapi"),
        _trine_over(results, run.workload, app),
    ]


def _against(results: Results, workload: str, app: str, reference: str | None) -> str:
    if reference is None or app == reference:
        return ""
    run = results.latest(workload, app, reference)
    return str(run.ratio(app, reference)) if run else ""


def _trine_over(results: Results, workload: str, app: str) -> str:
    trine = "trine-pages" if workload == "page" else "trine"
    if app == trine or not (run := results.latest(workload, app, trine)):
        return ""
    ratio = run.ratio(trine, app)
    return f"{ratio}{' ahead' if ratio and ratio.is_ahead else ''}"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
