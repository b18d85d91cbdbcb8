"""What starting costs: `python -m benchmarks.imports` times imports in fresh interpreters, and counts what gets installed."""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

STATEMENTS = {
    "nothing": "pass",
    "trine": "from trine import App",
    "trine, first route": "from trine import App\napp = App()\n@app.get('/')\ndef index() -> dict: ...\napp.prepare()",
    "fastapi": "from fastapi import FastAPI",
    "fastapi, first route": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef index() -> dict: ...",
    "flask": "from flask import Flask",
    "litestar": "from litestar import Litestar",
    "starlette": "from starlette.applications import Starlette",
    "pydantic": "import pydantic; pydantic.BaseModel",
}

PROBE = """
import time
start = time.process_time()
{statement}
spent = time.process_time() - start
with open('/proc/self/status') as status:
    lines = dict(line.split(':', 1) for line in status)
print(spent, int(lines['VmRSS'].split()[0]))
"""


def main() -> int:
    """Print CPU milliseconds and megabytes of each import above a bare interpreter's, and the base install's size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in STATEMENTS}
    for _ in range(options.rounds):
        for name, statement in STATEMENTS.items():
            if (figure := probe(statement)) is not None:
                figures[name].append(figure)
    bare_cpu, bare_memory = _middle(figures["nothing"])
    fastapi = _middle(figures["fastapi"])[0] - bare_cpu if figures["fastapi"] else None
    print(f"{'import':24}{'CPU ms':>10}{'MB':>10}{'of FastAPI':>12}")
    for name, found in figures.items():
        if name != "nothing" and found:
            cpu, memory = _middle(found)
            share = f"{(cpu - bare_cpu) / fastapi:12.2f}" if fastapi else ""
            print(f"{name:24}{(cpu - bare_cpu) * 1e3:10.1f}{(memory - bare_memory) / 1024:10.1f}{share}")
    print(f"\nbase install: {len(base_install())} distributions: {', '.join(base_install())}")
    return 0


def probe(statement: str) -> tuple[float, float] | None:
    """Run a statement in a fresh interpreter; return its CPU seconds and the process's kilobytes."""
    done = subprocess.run([sys.executable, "-c", PROBE.format(statement=statement)], capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    cpu, memory = done.stdout.split()
    return float(cpu), float(memory)


def base_install() -> list[str]:
    """Return the distributions of a base install, Trine included, as its lock file has them for this Python."""
    lock = Path(__file__).resolve().parent.parent / "requirements" / "base.lock"
    lines = re.findall(r"(?m)^([a-z0-9._-]+)==\S+(.*)$", lock.read_text())
    return sorted({"trine", *(name for name, rest in lines if "== 'win32'" not in rest)})


def _middle(found: list[tuple[float, float]]) -> tuple[float, float]:
    return median(cpu for cpu, _ in found), median(memory for _, memory in found)


if __name__ == "__main__":
    sys.exit(main())
