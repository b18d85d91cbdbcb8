"""Real processes of the `trine` command: started, waited for by what they say, and stopped after the test."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 40
PROGRAM = Path(__file__).with_name("program.py")


class Process:
    """A running `trine` command and what it has printed."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def printed(self) -> str:
        """Everything that it has written so far, on either stream."""
        return self.log.read_text()

    @property
    def url(self) -> str:
        """Where it says that it serves."""
        return self.wait_for(r"https?://[\w.\[\]:]+:\d+")[0]

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.rpartition(":")[2])

    def wait_for(self, pattern: str, times: int = 1) -> re.Match[str]:
        """Wait until it has printed something, the given number of times; give the last match."""
        found: list[re.Match[str]] = []

        def printed() -> bool:
            found[:] = re.finditer(pattern, self.printed)
            if len(found) < times and self.process.poll() is not None:
                pytest.fail(f"It ended with {self.process.returncode} before it printed {pattern!r}:\n{self.printed}")
            return len(found) >= times

        until(printed, f"It did not print {pattern!r}")
        return found[-1]

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait until it has ended; give its exit status."""
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            pytest.fail(f"It did not end:\n{self.printed}")

    def stop(self) -> int:
        """Ask it to stop, and wait."""
        self.send(signal.SIGTERM)
        return self.end()


def until(condition: Callable[[], object], failure: str) -> None:
    """Wait for something that only asking can tell."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{failure} within {PATIENCE} seconds.")
        time.sleep(0.02)


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., Process]]:
    """Start `trine WORDS...` in the test's folder, with no variables of Trine but the given ones."""
    with starting(tmp_path) as run:
        yield run


@contextmanager
def starting(folder: Path) -> Iterator[Callable[..., Process]]:
    """Start `trine WORDS...` in a folder; what still runs at the end is killed."""
    started: list[Process] = []
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRINE_")}

    def run(*words: str | Path, **env: str) -> Process:
        log = folder / f"log-{len(started)}.txt"
        command = [str(Path(sys.executable).with_name("trine")), *map(str, words)]
        with log.open("w") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, text=True, cwd=folder, env=clean | {"NO_COLOR": "1"} | env
            )
        started.append(Process(process, log))
        return started[-1]

    try:
        yield run
    finally:
        for process in started:
            process.process.kill()
            process.process.wait()


@pytest.fixture
def serve(start) -> Callable[..., Process]:
    """Start `trine run` with the test program on a free port, and wait until it serves."""

    def run(*options: str | Path, program: Path = PROGRAM, **env: str) -> Process:
        process = start("run", program, "--port", "0", *options, **env)
        process.wait_for("is served at")
        return process

    return run
