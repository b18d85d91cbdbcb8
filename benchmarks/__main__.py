"""`python -m benchmarks`: time Trine, the hand-written limits and the peers on real servers, and write RESULTS.md."""

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .contenders import ALL, BY_NAME, Contender
from .gate import check
from .report import render
from .results import Results, Run
from .rounds import Plan, measure
from .servers import running
from .workloads import WORKLOADS

HERE = Path(__file__).resolve().parent

SERVER_HEADERS = frozenset({"content-type", "content-length"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, one workload after the other, and write the tables."""
    options = _parser().parse_args(arguments)
    if options.list:
        print("\n".join(f"{c.name:22} {c.server:20} {' '.join(sorted(c.workloads))}" for c in ALL if c.is_installed()))
        return 0
    if shutil.which("wrk") is None:
        print("wrk is not installed. Install it with: apt-get install wrk", file=sys.stderr)
        return 2

    folder = HERE.parent / ".cache" / "benchmarks" if options.label else HERE / "results"
    results = Results(folder / f"{options.label or platform.python_version()}.json")
    contenders = [BY_NAME[name] for name in options.apps] if options.apps else [c for c in ALL if c.is_installed()]
    results.machine.update(_machine())
    results.machine["note"] = options.note
    results.versions.update(_versions(contenders))
    plan = Plan(
        options.rounds,
        options.seconds,
        options.warm_up,
        options.connections,
        options.server_core,
        options.load_core,
        options.port,
        _mirrored_headers(options),
    )
    for name in options.workloads or WORKLOADS:
        taking_part = [contender for contender in contenders if name in contender.workloads]
        run = measure(WORKLOADS[name], taking_part, plan, results, resume=options.resume)
        results.save()
        _print_ratios(run)
    if options.label is None:
        write_report()
    return 0


def write_report() -> None:
    """Write RESULTS.md from all figures on disk, and what other programs measured behind them."""
    found = [Results(path) for path in sorted((HERE / "results").glob("*.json"))]
    pages = [path.read_text() for path in sorted((HERE / "results").glob("*.md"))]
    (HERE / "RESULTS.md").write_text("\n".join([render(found, "python -m benchmarks"), *pages]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--workloads", type=_names_of(WORKLOADS), help=f"of {','.join(WORKLOADS)}; all when absent")
    parser.add_argument("--apps", type=_names_of(BY_NAME), help="see --list; all that are installed when absent")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of load, for each application in each round")
    parser.add_argument("--warm-up", type=float, default=2.0, help="seconds of load before the first round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--port", type=int, default=9100, help="of the first application; the others follow")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was interrupted, skip complete ones")
    parser.add_argument("--label", help="keep the figures under this name, and out of RESULTS.md: for a run on a busy machine")
    parser.add_argument("--note", default="", help="one sentence about the circumstances, for RESULTS.md")
    parser.add_argument("--list", action="store_true", help="name the applications and leave")
    return parser


def _names_of(known: Mapping[str, object]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := [name for name in chosen if name not in known]:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return chosen

    return names


def _mirrored_headers(options: argparse.Namespace) -> dict[str, str]:
    """Ask Trine once for the headers that it sends by default, so that hand-written applications send the same."""
    trine = BY_NAME.get("trine-rsgi")
    if trine is None or not trine.is_installed():
        return {}
    workload = WORKLOADS["json"]
    environment = {"BENCHMARK_WORKLOAD": workload.name}
    with (
        tempfile.TemporaryDirectory() as logs,
        running(trine, options.port, options.server_core, environment, Path(logs)) as server,
    ):
        headers = check(workload, server.port)
    return {"BENCHMARK_HEADERS": json.dumps([pair for pair in headers.items() if pair[0] not in SERVER_HEADERS])}


def _machine() -> dict[str, str]:
    models = [
        line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return {
        "python": platform.python_version(),
        "build": "with profile-guided optimisation"
        if "--enable-optimizations" in arguments
        else "without profile-guided optimisation",
        "cpu": models[0] if models else platform.machine(),
        "cores": str(os.cpu_count()),
        "kernel": platform.release(),
    }


def _versions(contenders: Sequence[Contender]) -> dict[str, str]:
    names = {name for contender in contenders for name in contender.packages}
    return {name: importlib.metadata.version(name) for name in names}


def _print_ratios(run: Run) -> None:
    for app in run.apps:
        if figures := run.figures(app):
            rate = sorted(figure.per_cpu_second for figure in figures)[len(figures) // 2]
            versus = "  ".join(
                f"{run.ratio(app, other)} × {other}"
                for other in ("raw-rsgi", "raw-asgi", "fastapi")
                if app != other and run.ratio(app, other)
            )
            print(f"{run.workload:14} {app:20} {rate:10,.0f}/CPU s  {1e6 / rate:7.1f} µs  {versus}")


if __name__ == "__main__":
    sys.exit(main())
