"""What it costs that a model is in a process of its own: CPU per item on both sides, and memory of four workers with one model.

python -m benchmarks.serving.sharing
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from trine.serving import models_of
from trine.testing import AsyncTestClient

from .shared_app import MEGABYTES, House, echo

ROOT = Path(__file__).resolve().parents[2]
CLIENTS, TURNS, BATCHES = 64, 300, 7


def cpu_of(process: int) -> float:
    """Seconds that all threads of a process have run, to the nanosecond."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


async def cost_of_an_item() -> tuple[float, float]:
    """Microseconds for an item in the web process and in the model's, with 64 in flight; the best of several batches."""
    values = dict(zip(House.model_fields, [5850, 3, 1, 2, 1, True, False, True, False, False, False], strict=True))
    house = House(**values)
    async with AsyncTestClient(echo):
        served = models_of(echo)["echo"]
        await served.predict(house)
        other = served.replicas[0].process or 0
        found = []
        for _ in range(BATCHES):
            before = cpu_of(os.getpid()), cpu_of(other)
            for _ in range(TURNS):
                await asyncio.gather(*[served.submit(house) for _ in range(CLIENTS)])
            web, model = cpu_of(os.getpid()) - before[0], cpu_of(other) - before[1]
            found.append((web / TURNS / CLIENTS * 1e6, model / TURNS / CLIENTS * 1e6))
        return min(found, key=sum)


async def cost_of_waiting() -> float:
    """Microseconds of the web side that are the harness's own: futures, and waiting for them together."""
    loop = asyncio.get_running_loop()
    found = []
    for _ in range(BATCHES):
        before = cpu_of(os.getpid())
        for _ in range(TURNS):
            futures = [loop.create_future() for _ in range(CLIENTS)]
            loop.call_soon(lambda futures=futures: [future.set_result(None) for future in futures])
            await asyncio.gather(*futures)
        found.append((cpu_of(os.getpid()) - before) / TURNS / CLIENTS * 1e6)
    return min(found)


def memory(megabytes: int, port: int) -> float:
    """Megabytes of all processes of `trine run` with four workers, each page counted once (proportional set size)."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "BENCH_MEGABYTES": str(megabytes)}
    trine = Path(sys.executable).with_name("trine")
    words = [trine, "run", "benchmarks/serving/shared_app.py:app", "--workers", "4", "--port", str(port), "--no-access-log"]
    process = subprocess.Popen(words, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/models/ready", timeout=5):
                    break
            except OSError:
                time.sleep(0.2)
        return sum(map(_pss_of, _group(process.pid))) / 1024
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _group(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def _pss_of(process: int) -> int:
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


if __name__ == "__main__":
    web, model = asyncio.run(cost_of_an_item())
    waiting = asyncio.run(cost_of_waiting())
    shared = web + model - waiting
    print(f"CPU per item: {web:.1f} µs web and {model:.1f} µs model; {shared:.1f} µs without the harness's {waiting:.1f}")
    empty, full = memory(0, 18_490), memory(MEGABYTES, 18_491)
    copies = (full - empty) / MEGABYTES
    print(f"Memory: {full:.0f} MB with the model, {empty:.0f} MB without: {copies:.2f} × one copy of {MEGABYTES} MB")
