"""The load generator: wrk on a core of its own, one fixed request."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .workloads import Request

UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


class LoadFailed(Exception):
    """Not every answer under load was a success."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of the load generator saw."""

    requests: int
    per_second: float
    p50_us: float
    p99_us: float


def write_script(request: Request, path: Path) -> Path:
    """Write the request as a wrk script. wrk renders it once, so the script costs nothing under load."""
    lines = [f"wrk.method = {_quote(request.method)}"]
    lines += [f"wrk.headers[{_quote(name)}] = {_quote(value)}" for name, value in request.headers.items()]
    if request.body:
        # Beside the script: a body may be megabytes of any bytes.
        body = path.with_suffix(".body")
        body.write_bytes(request.body)
        lines += [f'local file = io.open({_quote(str(body))}, "rb")', 'wrk.body = file:read("*a")', "file:close()"]
    path.write_text("\n".join(lines) + "\n")
    return path


def generate(request: Request, script: Path, port: int, *, seconds: float, connections: int, core: int) -> Load:
    """Send the request over and over for some seconds. Raise LoadFailed on any answer that is not 2xx."""
    command = ["taskset", "-c", str(core), "wrk", "--latency", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    command += ["-s", str(script), f"http://127.0.0.1:{port}{request.path}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if bad := re.search(r"Non-2xx or 3xx responses: (\d+)", out):
        raise LoadFailed(f"{bad[1]} answers were not 2xx")
    return Load(
        int(_find(r"(\d+) requests in", out)),
        float(_find(r"Requests/sec:\s+([\d.]+)", out)),
        _duration(_find(r"(?m)^ +50%\s+(\S+)", out)),
        _duration(_find(r"(?m)^ +99%\s+(\S+)", out)),
    )


def generate_messages(path: str, port: int, *, seconds: float, connections: int, core: int) -> Load:
    """Echo text over WebSockets for some seconds. Raise LoadFailed where anything else comes back."""
    command = [
        "taskset",
        "-c",
        str(core),
        sys.executable,
        "-m",
        "benchmarks.sockets",
        str(port),
        path,
        str(connections),
        str(seconds),
    ]
    seen = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if seen["failure"] is not None:
        raise LoadFailed(seen["failure"])
    return Load(seen["messages"], seen["per_second"], seen["p50_us"], seen["p99_us"])


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise LoadFailed(f"wrk printed no {pattern!r}:\n{text}")
    return found[1]


def _duration(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()  # type: ignore[union-attr]  # wrk always adds a unit
    return float(number) * UNITS[unit]


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
