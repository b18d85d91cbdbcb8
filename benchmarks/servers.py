"""Server processes under test: started on one core, asked for their CPU time, stopped with everything they started."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .contenders import Contender
from .processes import CPU, cpu_of, peak_mb_of

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


class ServerFailed(Exception):
    """A server did not start, or died."""


@dataclass(frozen=True, slots=True)
class Server:
    """One running application: its first process and its port."""

    contender: Contender
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def cpu(self) -> CPU:
        """Return the CPU seconds that all its processes have used."""
        return cpu_of(self.process.pid)

    def peak_mb(self) -> float:
        """Return the most memory in MB that its processes have held, added up."""
        return peak_mb_of(self.process.pid)

    def require_alive(self) -> None:
        """Raise ServerFailed when the first process has ended."""
        if self.process.poll() is not None:
            # Granian ends with 0 when it was asked to (SIGTERM, SIGINT), and with 1 when a worker died.
            said = self.log.read_text()[-2000:]
            raise ServerFailed(f"{self.contender.name} ended with status {self.process.returncode}\n{said}")


@contextmanager
def running(contender: Contender, port: int, core: int, environment: Mapping[str, str], logs: Path) -> Iterator[Server]:
    """Run an application until the block ends; its output goes to a file named after it."""
    if _is_listening(port):
        raise ServerFailed(f"port {port} is taken, and a shared port would split the load")
    log = logs / f"{contender.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *contender.command_line(BIN, port)],
            cwd=ROOT,
            env=os.environ
            | contender.environment_for(port)
            | environment
            | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}:{os.environ.get('PYTHONPATH', '')}"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for_port(process, port, log)
        yield Server(contender, process, port, log)
    finally:
        _stop(process)


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path, timeout: float = 40.0) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerFailed(f"server ended with status {process.returncode}, see {log}\n{log.read_text()[-2000:]}")
        if _is_listening(port):
            return
        time.sleep(0.05)
    raise ServerFailed(f"nothing listens on port {port} after {timeout:.0f} s, see {log}\n{log.read_text()[-2000:]}")


def _is_listening(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.2):
            return True
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    # The server leads its own session, so its group holds exactly what it started.
    for word in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, word)
        except ProcessLookupError:
            break
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
