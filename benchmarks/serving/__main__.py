"""Measure models behind HTTP: every contender on the same two cores, one after the other, round after round.

python -m benchmarks.serving [--works forest,digits,minilm] [--apps trine,...] [--clients 1,64] [--rounds 3] [--seconds 4]
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.servers import Server

from .works import ROOT, WORKS, Work, prepare

BIN = Path(sys.executable).parent
PORT = 18_500
BASE = "trine"


@dataclass(frozen=True)
class Contender:
    """A command that serves the work, with {port} in it."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    lists: bool = False
    """Whether a request holds a list."""


_TRINE = ("trine", "run", "benchmarks/serving/apps/trine_app.py", "--port", "{port}", "--no-access-log")
_UVICORN = ("uvicorn", "--port", "{port}", "--no-access-log", "--log-level", "warning")
CONTENDERS = {
    one.name: one
    for one in (
        Contender("trine", _TRINE, {"TRINE_MODELS_RUNNER": "thread"}),
        Contender("trine-process", _TRINE, {"TRINE_MODELS_RUNNER": "process"}),
        Contender("fastapi-def", (*_UVICORN, "benchmarks.serving.apps.fastapi_def:app"), {}),
        Contender("fastapi-async", (*_UVICORN, "benchmarks.serving.apps.fastapi_async:app"), {}),
        Contender("litserve", ("python", "-m", "benchmarks.serving.apps.litserve_app", "{port}"), {}),
        Contender(
            "bentoml",
            ("bentoml", "serve", "benchmarks.serving.apps.bentoml_app:Model", "--port", "{port}", "--api-workers", "1"),
            {"BENTOML_DO_NOT_TRACK": "True"},
            lists=True,
        ),
        Contender("ray", ("python", "-m", "benchmarks.serving.apps.ray_app", "{port}"), {"RAY_AUTH_MODE": "disabled"}),
    )
}


@dataclass(frozen=True)
class Figure:
    """What one turn of load showed."""

    rate: float
    p50: float
    p99: float
    cpu: float
    """Milliseconds of all the server's processes for a request."""
    errors: int


def run(contender: Contender, work: Work, port: int, clients: list[int], seconds: float, logs: Path) -> dict[int, Figure]:
    """Serve, check one answer, warm up, and measure at each number of clients."""
    words = [word.format(port=port) for word in contender.command]
    words[0] = str(BIN / words[0])
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    environment = os.environ | threads | path | contender.environment | {"BENCH_WORK": work.name}
    with (logs / f"{contender.name}-{work.name}.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        body = json.dumps({"items": [work.body]} if contender.lists else work.body)
        _wait(port, body, work, contender, process)
        script = logs / "post.lua"
        script.write_text(
            f"wrk.method = 'POST'\nwrk.body = [[{body}]]\nwrk.headers['content-type'] = 'application/json'\n", encoding="utf-8"
        )
        server = Server(None, process, port)  # type: ignore[arg-type] # its processes are all that is asked
        _load(script, port, 16, 1.0)
        return {count: _measure(server, script, port, count, seconds) for count in clients}
    finally:
        for word in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, word)
                process.wait(8)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def _wait(port: int, body: str, work: Work, contender: Contender, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{contender.name} ended with status {process.returncode}")
        request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", body.encode(), {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer = json.load(response)
        except OSError:
            time.sleep(0.2)
            continue
        if not work.is_right(answer[0] if contender.lists else answer):
            raise RuntimeError(f"{contender.name} answers {answer}")
        return
    raise RuntimeError(f"{contender.name} does not answer")


def _measure(server: Server, script: Path, port: int, clients: int, seconds: float) -> Figure:
    before = server.cpu()
    printed = _load(script, port, clients, seconds)
    used = server.cpu() - before
    count = int(_found(r"(\d+) requests in", printed))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", printed)
    errors = (int(bad[1]) if bad else 0) + sum(map(int, re.findall(r"(?:read|write|timeout) (\d+)", printed)))
    p50, p99 = (_milliseconds(_found(rf"(?m)^\s+{share}%\s+(\S+)", printed)) for share in (50, 99))
    rate = float(_found(r"Requests/sec:\s+([\d.]+)", printed))
    return Figure(rate, p50, p99, (used.user + used.system) / max(count, 1) * 1000, errors)


def _load(script: Path, port: int, clients: int, seconds: float) -> str:
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:.0f}s", "--timeout", "30s", "--latency", "-s", str(script)]
    return subprocess.run([*command, f"http://127.0.0.1:{port}/predict"], check=True, capture_output=True, text=True).stdout


def _found(pattern: str, printed: str) -> str:
    found = re.search(pattern, printed)
    if found is None:
        raise RuntimeError(f"wrk counted nothing: {printed}")
    return found[1]


def _milliseconds(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise RuntimeError(f"wrk says {text}")


def main() -> None:
    """Run the rounds and print a table for each work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", default=",".join(WORKS))
    parser.add_argument("--apps", default=",".join(CONTENDERS))
    parser.add_argument("--clients", default="1,8,64,256")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--output", type=Path, help="where the table goes, besides the terminal")
    chosen = parser.parse_args()
    clients = [int(count) for count in chosen.clients.split(",")]
    prepare()
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        port = PORT
        for work in (WORKS[name] for name in chosen.works.split(",")):
            figures: dict[str, list[dict[int, Figure]]] = {name: [] for name in chosen.apps.split(",")}
            for _ in range(chosen.rounds):
                for name, found in figures.items():
                    port += 1
                    try:
                        found.append(run(CONTENDERS[name], work, port, clients, chosen.seconds, Path(folder)))
                    except RuntimeError as error:
                        print(error, flush=True)
            lines += table(work.name, figures, clients)
            print("\n".join(lines), flush=True)
            if chosen.output:
                chosen.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def table(title: str, figures: dict[str, list[dict[int, Figure]]], clients: list[int]) -> list[str]:
    """The medians of all rounds; ratios are taken within a round."""
    lines = [
        f"### {title}",
        "",
        "| clients | | requests/s | p50 ms | p99 ms | CPU ms/request | × FastAPI | errors |",
        "|---|" * 1,
    ]
    lines[-1] = "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for count in clients:
        for name, found in figures.items():
            if not found:
                continue
            turns = [turn[count] for turn in found]
            others = [figures[other] for other in ("fastapi-def", "fastapi-async") if figures.get(other)]
            ratios = [
                turn.rate / max(other[number][count].rate for other in others)
                for number, turn in enumerate(turns)
                if others and all(number < len(other) for other in others)
            ]
            ratio = f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})" if ratios else ""
            shown = [median(getattr(turn, word) for turn in turns) for word in ("rate", "p50", "p99", "cpu")]
            errors = sum(turn.errors for turn in turns)
            lines.append(
                f"| {count} | {name} | {shown[0]:,.0f} | {shown[1]:.1f} | {shown[2]:.1f} | {shown[3]:.2f} | {ratio} | {errors} |"
            )
    return [*lines, ""]


if __name__ == "__main__":
    main()
