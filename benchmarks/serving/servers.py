"""A contender's processes: started, checked, held still while others are measured, and stopped with all that they started."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from ..processes import cpu_of, tree
from .contenders import Contender
from .load import generate, request_bytes
from .works import ROOT, Work

_BIN = Path(sys.executable).parent
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class ServerFailed(Exception):
    """A contender did not start, or answers something wrong."""


class Served:
    """A contender that serves a work."""

    def __init__(self, contender: Contender, work: Work, port: int, logs: Path) -> None:
        self.contender, self.work, self.port = contender, work, port
        words = [word.format(port=port) for word in contender.command]
        environment = os.environ | _ONE_THREAD | contender.environment
        environment |= {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "BENCH_WORK": work.name}
        environment["PATH"] = f"{_BIN}:{os.environ['PATH']}"
        self.log = logs / f"{contender.name}-{work.name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(_BIN / words[0]), *words[1:]], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.body = json.dumps({"items": [work.body]} if contender.lists else work.body).encode()
        self.request = request_bytes("/predict", self.body)

    def wait(self, timeout: float = 120.0) -> None:
        """Wait for the first answer, and check it."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(f"{self.contender.name} ended with status {self.process.returncode}: {self._end_of_log()}")
            request = urllib.request.Request(self.url("/predict"), self.body, {"content-type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=20) as response:
                    answer = json.load(response)
            except OSError:
                time.sleep(0.2)
                continue
            if not self.work.is_right(answer[0] if self.contender.lists else answer):
                raise ServerFailed(f"{self.contender.name} answers {answer}")
            return
        raise ServerFailed(f"{self.contender.name} does not answer within {timeout:.0f} seconds: {self._end_of_log()}")

    def warm_up(self, seconds: float) -> None:
        """Have it answer for a while."""
        generate(self.port, self.request, 16, seconds)

    def url(self, path: str) -> str:
        """Where a path is."""
        return f"http://127.0.0.1:{self.port}{path}"

    def cpu(self) -> float:
        """Seconds that all its processes have used."""
        used = cpu_of(self.process.pid)
        return used.user + used.system

    def pause(self) -> None:
        """Hold all its processes still: what runs beside the one that is measured takes its time."""
        self._tell(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let them run again."""
        self._tell(signal.SIGCONT)

    def stop(self) -> None:
        """End everything that it has started, at last by force."""
        everybody = list(tree(self.process.pid))
        self._tell(signal.SIGCONT)
        _kill(self.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for process in everybody:
            _kill(process, signal.SIGKILL)
        self.process.wait(5)

    def _tell(self, word: signal.Signals) -> None:
        for process in list(tree(self.process.pid)):
            _kill(process, word)

    def _end_of_log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]


def _kill(process: int, word: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, word)
