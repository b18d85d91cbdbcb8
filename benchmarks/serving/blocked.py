"""A health check beside a model that computes 200 ms in pure Python, in a thread and in a process of its own.

python -m benchmarks.serving.blocked
"""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 6.0


def measure(runner: str, port: int) -> list[float]:
    """Milliseconds of each health check, sorted, while four clients keep the model busy."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "TRINE_MODELS_RUNNER": runner}
    trine = Path(sys.executable).with_name("trine")
    words = [trine, "run", "benchmarks/serving/slow_app.py", "--port", str(port), "--no-access-log"]
    server = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    busy = []
    try:
        _wait(f"http://127.0.0.1:{port}/models/ready")
        client = [sys.executable, __file__, "--client", str(port)]
        busy = [subprocess.Popen(client) for _ in range(4)]
        time.sleep(1.0)
        connection = HTTPConnection("127.0.0.1", port)
        found = []
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            start = time.perf_counter()
            connection.request("GET", "/models/health")
            connection.getresponse().read()
            found.append((time.perf_counter() - start) * 1000)
            time.sleep(0.005)
        return sorted(found)
    finally:
        for process in busy:
            process.kill()
        server.send_signal(signal.SIGTERM)
        server.wait(40)


def _wait(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def keep_busy(port: int) -> None:
    """Ask the model again and again."""
    connection = HTTPConnection("127.0.0.1", port)
    while threading.main_thread().is_alive():
        connection.request("POST", "/slow", b"1", {"content-type": "application/json"})
        connection.getresponse().read()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--client"]:
        keep_busy(int(sys.argv[2]))
    for number, runner in enumerate(("thread", "process")):
        found = measure(runner, 18_480 + number)
        p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99)]
        print(f"{runner:8} {len(found)} checks: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {found[-1]:.1f} ms", flush=True)
