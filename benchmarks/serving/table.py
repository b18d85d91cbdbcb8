"""What was measured, as tables: medians of the rounds, ratios within a round."""

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import median

from .contenders import PEERS_BASE


@dataclass(frozen=True)
class Figure:
    """What one turn of load showed."""

    rate: float
    cpu: float
    """Milliseconds of all the server's processes for a request."""
    errors: int
    latencies: tuple[float, ...]


Rounds = dict[str, list[dict[int, Figure]]]


def about(rounds: int, seconds: float) -> str:
    """Where and when, with which versions."""
    found = []
    for name in ("fastapi", "uvicorn", "litserve", "bentoml", "ray", "onnxruntime", "scikit-learn", "granian"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    cores = len(os.sched_getaffinity(0))
    machine = f"Python {platform.python_version()}, Linux {platform.release()}, {_processor()}, {cores} processors"
    when = f"{rounds} rounds of {seconds:g} s, {time.strftime('%Y-%m-%d')}, load {os.getloadavg()[0]:.1f} before the first"
    return f"{machine}; {', '.join(found)}. {when}."


def table(found: Rounds, clients: list[int]) -> list[str]:
    """The medians of all rounds, and percentiles of all answers together."""
    lines = [
        "| clients | | requests/s | p50 ms | p99 ms | CPU ms/request | rate × FastAPI | per CPU second × FastAPI | errors |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for count in clients:
        for name, rounds in found.items():
            if not rounds:
                continue
            turns = [turn[count] for turn in rounds]
            latencies = sorted(latency for turn in turns for latency in turn.latencies) or [float("nan")]
            rate, cpu = (median(getattr(turn, word) for turn in turns) for word in ("rate", "cpu"))
            rates, cpus = _ratios(found, name, count)
            p50, p99 = (latencies[int(len(latencies) * share)] for share in (0.5, 0.99))
            errors = sum(turn.errors for turn in turns)
            lines.append(f"| {count} | {name} | {rate:,.0f} | {p50:.2f} | {p99:.1f} | {cpu:.3f} | {rates} | {cpus} | {errors} |")
    return lines


def _ratios(found: Rounds, name: str, clients: int) -> tuple[str, str]:
    """How much more it answers than FastAPI's better handler: in a second, and in a second of CPU."""
    base = [found[other] for other in PEERS_BASE if found.get(other)]
    if not base:
        return "", ""
    rates, cpus = [], []
    for number, turn in enumerate(found[name]):
        others = [other[number][clients] for other in base]
        rates.append(turn[clients].rate / max(other.rate for other in others))
        cpus.append(min(other.cpu for other in others) / max(turn[clients].cpu, 1e-9))
    return _range(rates), _range(cpus)


def _range(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
