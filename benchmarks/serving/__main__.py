"""Measure models behind HTTP: every contender on the same processors, one after the other, round after round.

python -m benchmarks.serving [--works forest,digits,minilm] [--apps trine,...] [--clients 1,8,64,256] [--rounds 5] [--seconds 1.5]
"""

import argparse
import os
import tempfile
from pathlib import Path

from .contenders import CONTENDERS
from .load import generate
from .servers import Served, ServerFailed
from .table import Figure, about, table
from .works import WORKS, Work, prepare

_PORT = 18_500


def main() -> None:
    """Run the rounds and print a table for each work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", default="forest,digits,minilm")
    parser.add_argument("--apps", default=",".join(CONTENDERS))
    parser.add_argument("--clients", default="1,8,64,256")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5, help="how long each number of clients sends")
    parser.add_argument("--output", type=Path, help="where the tables go, besides the terminal")
    chosen = parser.parse_args()
    clients = [int(count) for count in chosen.clients.split(",")]
    prepare()
    lines = [about(chosen.rounds, chosen.seconds), ""]
    print(lines[0], flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for work in (WORKS[name] for name in chosen.works.split(",")):
            found, missing = measure(work, chosen.apps.split(","), clients, chosen.rounds, chosen.seconds, Path(folder))
            added = [f"### {work.name}", "", *table(found, clients), *missing, ""]
            print("\n".join(added), flush=True)
            lines += added
            if chosen.output:
                chosen.output.write_text("\n".join(lines), encoding="utf-8")


def measure(
    work: Work, names: list[str], clients: list[int], rounds: int, seconds: float, logs: Path
) -> tuple[dict[str, list[dict[int, Figure]]], list[str]]:
    """All figures of each contender, a dictionary for each round, and a line about each that could not be measured."""
    found: dict[str, list[dict[int, Figure]]] = {}
    missing: list[str] = []
    serving: list[Served] = []
    try:
        for name in names:
            served = Served(CONTENDERS[name], work, _PORT + len(serving) + os.getpid() % 1000 * 10, logs)
            serving.append(served)
            try:
                served.wait()
                served.warm_up(1.0)
                served.pause()
                found[name] = []
            except ServerFailed as error:
                missing.append(f"{name} is missing: {str(error).splitlines()[0]}")
                print(error, flush=True)
                serving.pop().stop()
        for number in range(rounds):
            # Another one begins each time: nobody is always measured after the same neighbour.
            turn = number % len(serving)
            for served in serving[turn:] + serving[:turn]:
                served.go_on()
                served.warm_up(0.3)
                found[served.contender.name].append({count: _figure(served, count, seconds) for count in clients})
                served.pause()
    finally:
        for served in serving:
            served.stop()
    return found, missing


def _figure(served: Served, clients: int, seconds: float) -> Figure:
    before = served.cpu()
    load = generate(served.port, served.request, clients, seconds)
    used = served.cpu() - before
    return Figure(load.rate, used / max(len(load.latencies), 1) * 1000, load.errors, tuple(load.latencies))


if __name__ == "__main__":
    main()
