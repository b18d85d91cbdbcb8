"""How long an async route waits while plain `def` handlers block: `python -m benchmarks.blocked`.

64 clients keep asking a handler that sleeps; one more asks an async route, one request after the other. The figure is
how much later its answers come than on the idle server: every blocked handler holds a thread, and none the event loop.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = """
import time

from trine import App

app = App()


@app.get("/blocked")
def blocked() -> dict[str, bool]:
    time.sleep({seconds})
    return {{"ok": True}}


@app.get("/prompt")
async def prompt() -> dict[str, bool]:
    return {{"ok": True}}
"""


def main() -> int:
    """Print the delay at the median, at p99 and at worst, for each server."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blocked", description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--sleep", type=float, default=0.2, help="seconds that the blocked handler sleeps")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--servers", default="granian,uvicorn")
    options = parser.parse_args()
    print(f"{'ms':10}{'idle p50':>10}{'blocked p50':>13}{'delay p50':>11}{'delay p99':>11}{'delay max':>11}")
    for server in options.servers.split(","):
        with running(server, options.sleep) as port:
            ask(port, "/prompt", 200)
            idle = ask(port, "/prompt", options.requests)
            with blocked_clients(port, options.clients, options.sleep):
                busy = ask(port, "/prompt", options.requests)
        base = statistics.median(idle)
        delays = sorted(1000 * (each - base) for each in busy)
        middle, late, worst = delays[len(delays) // 2], delays[int(len(delays) * 0.99)], delays[-1]
        print(
            f"{server:10}{1000 * base:10.2f}{1000 * statistics.median(busy):13.2f}{middle:11.2f}{late:11.2f}{worst:11.2f}",
            flush=True,
        )
    return 0


@contextmanager
def running(server: str, seconds: float) -> Iterator[int]:
    """Serve the program with `trine run` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "blocked_app.py"
        program.write_text(PROGRAM.format(seconds=seconds), encoding="utf-8")
        trine = Path(sys.executable).with_name("trine")
        command = [trine, "run", str(program), "--port", str(port), "--server", server, "--no-access-log"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while process.poll() is None and socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


@contextmanager
def blocked_clients(port: int, count: int, seconds: float) -> Iterator[None]:
    """Keep that many requests waiting in the blocked handler."""
    over = threading.Event()

    def keep_asking() -> None:
        while not over.is_set():
            ask(port, "/blocked", 5)

    threads = [threading.Thread(target=keep_asking, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    time.sleep(2 * seconds)  # Until every thread of the server sleeps.
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def ask(port: int, path: str, count: int) -> list[float]:
    """Ask for a path on one connection, one request after the other, and give the seconds that each answer took."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    taken = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            start = time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(4096)
            while b'{"ok":true}' not in answer:
                answer += connection.recv(4096)
            taken.append(time.perf_counter() - start)
    return taken


if __name__ == "__main__":
    sys.exit(main())
