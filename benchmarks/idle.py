"""What an idle event stream costs: `python -m benchmarks.idle`.

Thousands of clients open a stream, get its first event, and wait. The figure is the server's memory for each, beside that
of an application written by hand on the same server; a health check is asked meanwhile.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAM = """
import asyncio
from collections.abc import AsyncIterable

from trine import App, EventSourceResponse

HEADERS = [("content-type", "text/event-stream")]
trine = App()


@trine.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterable[int]:
    yield 1
    await asyncio.Event().wait()


@trine.get("/health")
async def health() -> dict[str, bool]:
    return {"ok": True}


class Raw:
    async def __rsgi__(self, scope, proto):
        if scope.path == "/health":
            proto.response_bytes(200, [], b"{}")
            return
        transport = proto.response_stream(200, HEADERS)
        await transport.send_bytes(b"data: 1\\n\\n")
        await asyncio.Event().wait()


raw = Raw()
"""


def main() -> int:
    """Print the memory of each stream and the health check's times, for both applications."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__)
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="for which the health check is asked")
    options = parser.parse_args()
    print(f"{'':8}{'kB each':>10}{'health p50 ms':>15}{'p99 ms':>10}{'max ms':>10}")
    for name in ("raw", "trine"):
        with running(name) as (port, pid), ExitStack() as clients:
            ask(port)
            before = memory(pid)
            for number in range(options.streams):
                # Each address of the loopback has its own ports, and a listener has room for so many at a time.
                clients.enter_context(opened(port, f"127.0.0.{2 + number // 20_000}"))
            each = (memory(pid) - before) / options.streams
            until = time.monotonic() + options.seconds
            times = []
            while time.monotonic() < until:
                times.append(ask(port))
                time.sleep(0.01)
        times.sort()
        middle, late, worst = times[len(times) // 2], times[int(len(times) * 0.99)], times[-1]
        print(f"{name:8}{each:10.1f}{middle:15.2f}{late:10.2f}{worst:10.2f}", flush=True)
    return 0


@contextmanager
def running(name: str) -> Iterator[tuple[int, int]]:
    """Serve one of the applications; give its port, and the process that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "idle_app.py").write_text(PROGRAM)
        command = [Path(sys.executable).parent / "trine", "run", f"idle_app:{name}", "--no-access-log", "--port", str(port)]
        environment = {**os.environ, "PYTHONPATH": f"{folder}:{os.environ.get('PYTHONPATH', '')}"}
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                wait_for(port)
                yield port, newest_child(process.pid)
            finally:
                process.send_signal(signal.SIGTERM)
                time.sleep(0.2)
                process.send_signal(signal.SIGTERM)  # At once: nobody waits for the streams.


def wait_for(port: int) -> None:
    """Return once somebody listens."""
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def newest_child(pid: int) -> int:
    """The process at the end of the line: parents do not answer."""
    while True:
        children = [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]
        if not children:
            return pid
        pid = max(children)


def memory(pid: int) -> float:
    """The memory of a process in kB, what it shares included."""
    status = Path(f"/proc/{pid}/status").read_text()
    return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


@contextmanager
def opened(port: int, address: str) -> Iterator[None]:
    """Open a stream and wait for its first event."""
    with socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(address, 0)) as client:
        client.sendall(b"GET /events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        received = b""
        while b"data: 1\n\n" not in received:
            received += client.recv(4096)
        yield


def ask(port: int) -> float:
    """Ask the health check on a new connection; give its milliseconds."""
    started = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        while client.recv(4096):
            continue
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(main())
