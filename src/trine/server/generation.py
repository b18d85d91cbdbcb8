"""One generation of workers: the process that loads the application and forks the workers from it.

A rolling restart starts a new generation, with the code as it is now, and lets the old one go. A generation is a fresh Python
process, so it sees every file anew; the workers of one generation share the memory of the application that it loaded.

It talks to the process that started it over one socket: options come in, a word that it serves goes out, and each sees
the other's end.
"""

import gc
import json
import logging
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trine.errors import SetupError
from trine.settings import Launch, read_dotenv, set_launch

from .broken import BrokenProgram
from .companion import Companion
from .inbox import SignalInbox
from .logs import configure_logs, say
from .options import ServerOptions
from .target import LoadError, load_error, load_target
from .worker import Worker, leave_process, run_worker

logger = logging.getLogger("trine.server")

# After the drain timeout and the streams' last words, a worker that is still there will not leave by itself.
_GRACE = 5.0
_LONGEST_PAUSE = 10.0


@dataclass
class _Child:
    """A worker process, or a companion of the workers, as its parent sees it."""

    number: int
    """From 1 for workers, from 0 downwards for companions."""
    ready: int
    """Descriptor that the worker writes to once it serves."""
    lifeline: int
    """Descriptor that the worker sees closing when this process ends."""
    serves: bool = False


class Generation:
    """Loads the application, keeps the wanted number of workers alive, and stops them together."""

    def __init__(self, options: ServerOptions, listener: socket.socket, control: socket.socket) -> None:
        self.options = options
        self.listener = listener
        self.control = control
        self.app: Any = None
        self.companions: list[Companion] = []
        self.children: dict[int, _Child] = {}
        self.to_start: dict[int, float] = {}
        self.failures: dict[int, int] = {}
        self.announced = False
        self.stopping = False
        self.deadline: float | None = None
        self.status = 0

    def run(self) -> int:
        """Load, fork, and wait for the end. Gives the exit status."""
        options = self.options
        try:
            if options.preload or options.development:
                self.app = self._load()
        except SetupError as error:
            report(error)
            if not options.development:
                return 1
            self.app = BrokenProgram(error)
        self.companions = [one for one in getattr(self.app, "companions", ()) if one.is_wanted(options.workers)]
        for companion in self.companions:
            companion.open()
        gc.collect()
        # What is loaded now stays in memory that all workers share: the collector must not write to it.
        gc.freeze()
        with SignalInbox(signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD) as inbox:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            self.inbox = inbox
            # Companions first: they take longest.
            self.to_start = dict.fromkeys(range(1 - len(self.companions), options.workers + 1), 0.0)
            while self.children or (self.to_start and not self.stopping):
                self._turn()
        for companion in self.companions:
            companion.close()
        return self.status

    def _load(self) -> Any:
        app = load_target(self.options.target)
        try:
            for name in ("prepare", "refuse_unsafe"):
                getattr(app, name, lambda: None)()
        except SetupError:
            raise
        except Exception as error:
            raise load_error(self.options.target, error) from error
        return app

    def _turn(self) -> None:
        now = time.monotonic()
        for number in [number for number, when in self.to_start.items() if when <= now and not self.stopping]:
            del self.to_start[number]
            self._start(number)
        waking = {child.ready: child for child in self.children.values() if not child.serves}
        deadlines = [self.deadline] if self.deadline is not None else list(self.to_start.values())
        # Once the parent has gone, its socket is always readable: only then nobody waits for it.
        listened = [*waking, *([] if self.stopping else [self.control.fileno()])]
        signals, readable = self.inbox.wait(listened, min(deadlines, default=None))
        for descriptor in readable & waking.keys():
            waking[descriptor].serves = bool(os.read(descriptor, 1)) or waking[descriptor].serves
        self._announce()
        if signal.SIGTERM in signals or self.control.fileno() in readable:
            self._stop()
        if signal.SIGQUIT in signals or (self.deadline is not None and time.monotonic() >= self.deadline):
            self._kill()
        self._reap()

    def _start(self, number: int) -> None:
        reader, writer = os.pipe()
        lifeline, held = os.pipe()
        pid = os.fork()
        if pid == 0:
            self.inbox.close()
            for descriptor in (reader, held, *(end for child in self.children.values() for end in (child.ready, child.lifeline))):
                os.close(descriptor)
            self.control.close()
            if number < 1:
                leave_process(self._accompany(self.companions[-number], lifeline, writer))
            worker = Worker(self.options, self.listener, lifeline=lifeline, ready=lambda: _tell(writer))
            leave_process(run_worker(worker, self._load if self.app is None else lambda: self.app))
        os.close(writer)
        os.close(lifeline)
        self.children[pid] = _Child(number, reader, held)

    def _accompany(self, companion: Companion, lifeline: int, writer: int) -> int:
        self.listener.close()
        try:
            return companion.run(lambda: _tell(writer), lifeline)
        except SetupError as error:
            say(str(error), logging.ERROR)
        except BaseException:
            logger.exception("%s did not start, or did not stop, in process %d.", companion.name, os.getpid())
        return 1

    def _announce(self) -> None:
        if (
            not self.announced
            and len(self.children) == self.options.workers + len(self.companions)
            and all(child.serves for child in self.children.values())
        ):
            self.announced = True
            with suppress(OSError):
                self.control.sendall(json.dumps({"docs": getattr(self.app, "docs_url", None)}).encode())

    def _stop(self) -> None:
        if not self.stopping:
            self.stopping = True
            self.listener.close()
            self.deadline = time.monotonic() + self.options.drain_timeout + _GRACE
            if not self._workers():
                self._let_companions_go()
            for pid in self._workers():
                os.kill(pid, signal.SIGTERM)

    def _workers(self) -> list[int]:
        return [pid for pid, child in self.children.items() if child.number > 0]

    def _let_companions_go(self) -> None:
        """Tell companions by their lifelines: a SIGTERM reaches them with everybody else, while workers still need them."""
        for child in self.children.values():
            if child.number < 1 and child.lifeline >= 0:
                os.close(child.lifeline)
                child.lifeline = -1

    def _kill(self) -> None:
        self._stop()
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        had_workers = bool(self._workers())
        for pid, child in list(self.children.items()):
            # Only our own: the application may have children too.
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self.children[pid]
                os.close(child.ready)
                if child.lifeline >= 0:
                    os.close(child.lifeline)
                self._ended(child, os.waitstatus_to_exitcode(status))
        if self.stopping and had_workers and not self._workers():
            # Workers needed them to the last answer.
            self._let_companions_go()

    def _ended(self, child: _Child, status: int) -> None:
        if self.stopping:
            return
        if child.number < 1 and child.serves and not status:
            # It was not needed any more. The next one begins as this one did, and waits until it is.
            self.to_start[child.number] = time.monotonic()
            return
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        name = f"Worker {child.number}" if child.number > 0 else self.companions[-child.number].name
        if not self.announced and not child.serves and not (child.number < 1 and self.options.development):
            # It has said why. A new one would fail the same way: nothing has started yet, so nothing does.
            self.status = status if status > 0 else 1
            self._stop()
            return
        failures = 0 if child.serves else self.failures.get(child.number, 0) + 1
        self.failures[child.number] = failures
        pause = min(0.5 * 2 ** (failures - 1), _LONGEST_PAUSE) if failures else 0.0
        say(f"{name} {how}; a new one takes its place{f' in {pause:g} seconds' if pause else ''}.", logging.ERROR)
        self.to_start[child.number] = time.monotonic() + pause


def report(error: SetupError) -> None:
    """Print what keeps the application from starting: the place first, the traceback below."""
    details = error.details if isinstance(error, LoadError) else ""
    sys.stderr.write(f"Error: {error}\n{details}")
    sys.stderr.flush()


def export_variables(path: Path) -> None:
    """Put the variables of a `.env` file into the environment, where libraries look for their own. What is there already wins."""
    for name, variable in read_dotenv(path).items():
        os.environ.setdefault(name, variable.value)


def _tell(descriptor: int) -> None:
    os.write(descriptor, b"1")
    os.close(descriptor)


def main() -> None:
    """Run a generation. The arguments are descriptors: the listening socket, and the control socket, which has the options."""
    # Ctrl-C goes to every process of a terminal: the first one decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener, control = (socket.socket(fileno=int(descriptor)) for descriptor in sys.argv[1:3])
    with control.makefile("r") as lines:
        options = ServerOptions.from_json(lines.readline())
    configure_logs(options.log_level)
    set_launch(
        Launch(
            mode="development" if options.development else "production",
            env_file=Path(options.env_file),
            host=None if options.uds else options.host,
            workers=options.workers,
        )
    )
    try:
        export_variables(Path(options.env_file))
    except SetupError as error:
        report(error)
        sys.exit(1)
    sys.exit(Generation(options, listener, control).run())
