"""A health check beside a model that computes 200 ms in pure Python: in a thread, in a process of its own, and at the peers.

python -m benchmarks.serving.blocked [--apps trine,trine-process,...] [--rounds 5] [--seconds 4]
"""

import argparse
import multiprocessing
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from .contenders import CONTENDERS
from .load import generate
from .servers import Served, ServerFailed
from .works import WORKS

_PORT = 18_400
_BUSY_CLIENTS = 4
_PAUSE = 0.005
"""Between two checks."""


def main() -> None:
    """Print a table: everybody beside a busy model, and idle, which is what the machine itself gives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apps", default=",".join(CONTENDERS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    chosen = parser.parse_args()
    serving: list[Served] = []
    idle: dict[str, list[float]] = {}
    busy: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in chosen.apps.split(","):
                served = Served(CONTENDERS[name], WORKS["slow"], _PORT + len(serving), Path(folder))
                serving.append(served)
                try:
                    served.wait()
                    served.pause()
                except ServerFailed as error:
                    print(error, flush=True)
                    serving.pop().stop()
            for _ in range(chosen.rounds):
                for served in serving:
                    name = served.contender.name
                    served.go_on()
                    idle.setdefault(name, []).extend(check(served, chosen.seconds / 2))
                    busy.setdefault(name, []).extend(check_beside_load(served, chosen.seconds))
                    served.pause()
        finally:
            for served in serving:
                served.stop()
    print("| | checks | p50 ms | p99 ms | longest ms | idle: p50 ms | p99 ms | longest ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, found in busy.items():
        print(f"| {name} | {len(found)} | {_percentiles(found)} | {_percentiles(idle[name])} |")


def check_beside_load(served: Served, seconds: float) -> list[float]:
    """Milliseconds of each check while a few clients keep the model busy."""
    load = multiprocessing.Process(target=generate, args=(served.port, served.request, _BUSY_CLIENTS, seconds + 0.5))
    load.start()
    time.sleep(0.5)
    found = check(served, seconds)
    load.join()
    return found


def check(served: Served, seconds: float) -> list[float]:
    """Milliseconds of each check, one every few milliseconds, over one connection."""
    connection = HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.connect()
    found = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.perf_counter()
        connection.request("GET", served.contender.health)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise ServerFailed(f"{served.contender.name} answers {answer.status} at {served.contender.health}")
        found.append((time.perf_counter() - start) * 1000)
        time.sleep(_PAUSE)
    connection.close()
    return found


def _percentiles(found: list[float]) -> str:
    ordered = sorted(found)
    return f"{ordered[len(ordered) // 2]:.1f} | {ordered[int(len(ordered) * 0.99)]:.1f} | {ordered[-1]:.1f}"


if __name__ == "__main__":
    main()
