"""`trine run`: the process that stays. It holds the socket, starts generations of workers, and passes signals on.

    this process ─ generation ─┬─ worker
                               └─ worker

It loads neither the application nor Pydantic, so that it stays small, and a restart always reads the code anew.

SIGTERM and SIGINT stop the server when everything in flight has been answered; a second one stops it at once.
SIGHUP replaces all workers, one generation by another, without refusing a connection.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trine.errors import SetupError

from .inbox import SignalInbox
from .listen import discard, let_go, open_listener, open_successor, refuse_new, steer_to
from .logs import say
from .options import ServerOptions

Announce = Callable[[ServerOptions, dict[str, Any]], None]
"""Called once the server answers, with its options and what the application says of itself: `docs`, the path of its pages."""

_GRACE = 8.0
_PAUSE = 1.0
CANNOT_LISTEN = 3


@dataclass
class _Started:
    """A generation, as the process that started it sees it."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    listener: socket.socket
    """Its own while it serves beside an older generation; the one and only otherwise."""
    ready: bool = False
    leaving: bool = False


class Server:
    """Runs an application until a signal ends it."""

    def __init__(self, options: ServerOptions, *, announce: Announce, changes: int | None = None) -> None:
        self.options = options
        self.announce = announce
        self.changes = changes
        """Descriptor that becomes readable when the program's files have changed: then it is started anew."""
        self.generations: list[_Started] = []
        self.stopping = False
        self.restart_wanted = False
        self.announced = False
        self.deadline: float | None = None
        self.start_again: float | None = None
        self.status = 0

    def run(self) -> int:
        """Listen, start, and stay until the end. Gives the exit status."""
        try:
            self.listener = open_listener(self.options.host, self.options.port, self.options.uds)
            self._write_pid()
        except SetupError as error:
            say(str(error), logging.ERROR)
            return CANNOT_LISTEN
        if self.options.uds is None:
            self.options = replace(self.options, port=self.listener.getsockname()[1])
        try:
            with SignalInbox(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD) as inbox:
                self._start(self.listener)
                while self.generations or (self.start_again is not None and not self.stopping):
                    self._turn(inbox)
        finally:
            self.listener.close()
            self._remove_files()
        return self.status

    def _turn(self, inbox: SignalInbox) -> None:
        waiting = {started.control.fileno(): started for started in self.generations if not started.ready}
        changes = [self.changes] if self.changes is not None and not self.stopping else []
        signals, readable = inbox.wait([*waiting, *changes], self.deadline if self.stopping else self.start_again)
        if {signal.SIGTERM, signal.SIGINT} & signals:
            self._stop()
        if self.changes in readable:
            os.read(self.changes or 0, 65536)
            self._restart_after_change()
        if signal.SIGHUP in signals:
            self._restart()
        for descriptor in readable & waiting.keys():
            self._hear(waiting[descriptor])
        self._reap()
        now = time.monotonic()
        if self.start_again is not None and self.start_again <= now and not self.stopping:
            self.start_again = None
            self._start(self.listener)
        if self.stopping and self.deadline is not None and self.deadline <= now:
            for started in self.generations:
                started.process.send_signal(signal.SIGQUIT)
            self.deadline = now + _PAUSE

    def _start(self, listener: socket.socket) -> None:
        ours, theirs = socket.socketpair()
        descriptors = [listener.fileno(), theirs.fileno()]
        command = [sys.executable, "-P", "-m", "trine.server", *map(str, descriptors)]
        process = subprocess.Popen(command, pass_fds=descriptors)  # noqa: S603 - ourselves
        theirs.close()
        # Where it has ended already, the end of the process says so.
        with suppress(OSError):
            ours.sendall(f"{self.options.to_json()}\n".encode())
        self.generations.append(_Started(process, ours, listener))

    def _hear(self, started: _Started) -> None:
        said = b""
        with suppress(OSError):
            said = started.control.recv(4096)
        if not said:
            return
        started.ready = True
        if self.stopping or (started.leaving and self.changes is not None):
            return
        if not self.announced:
            self.announced = True
            self.announce(self.options, json.loads(said))
        elif self.changes is None:
            say("New workers serve.")
        if started.listener is not self.listener:
            steer_to(started.listener, self.options.uds)
            let_go(self.listener)
            self.listener = started.listener
        for other in self.generations[: self.generations.index(started)]:
            self._tell_to_leave(other)
        if self.restart_wanted and self.changes is None:
            self.restart_wanted = False
            self._restart()

    def _tell_to_leave(self, started: _Started) -> None:
        if not started.leaving:
            started.leaving = True
            started.process.send_signal(signal.SIGTERM)

    def _restart(self) -> None:
        """Start a new generation beside the one that serves, which leaves when the new one can answer."""
        if self.stopping:
            return
        if any(not started.ready for started in self.generations):
            self.restart_wanted = True
            return
        say("Starting new workers.")
        try:
            self._start(open_successor(self.listener, self.options.uds))
        except (OSError, SetupError) as error:
            say(f"New workers cannot be started: {error}.", logging.ERROR)

    def _restart_after_change(self) -> None:
        """Let the generation go, then start the next: a program may hold what only one can have. Clients wait meanwhile."""
        if any(started.ready and not started.leaving for started in self.generations):
            self._hold_new_clients()
        for started in self.generations:
            self._tell_to_leave(started)
        self.start_again = None if self.generations else 0.0
        self.restart_wanted = bool(self.generations)

    def _hold_new_clients(self) -> None:
        """Let new clients wait at a socket of their own: leaving workers cut off whom they have accepted and not read."""
        try:
            successor = open_successor(self.listener, self.options.uds)
            successor.listen(self.options.backlog)
        except (OSError, SetupError):
            return  # They come to the old socket, and most of them are answered.
        steer_to(successor, self.options.uds)
        let_go(self.listener)
        self.listener = successor

    def _reap(self) -> None:
        for started in list(self.generations):
            status = started.process.poll()
            if status is None:
                continue
            self.generations.remove(started)
            started.control.close()
            if started.listener is not self.listener and not started.ready:
                discard(started.listener, self.options.uds)
            if not self.stopping:
                self._ended(started, status)

    def _ended(self, started: _Started, status: int) -> None:
        if self.changes is not None and self.restart_wanted and not self.generations:
            self.restart_wanted = False
            self.start_again = 0.0
        elif started.leaving:
            return
        elif not started.ready and any(other.ready for other in self.generations):
            say("The new workers did not start; the old ones stay.", logging.ERROR)
            self.restart_wanted = False
        elif not self.announced:
            self.status = status if status > 0 else 1
        elif all(other.leaving for other in self.generations):
            say(f"The workers' process ended with status {status}; a new one is started.", logging.ERROR)
            self.start_again = time.monotonic() + (0.0 if started.ready else _PAUSE)

    def _stop(self) -> None:
        if self.stopping:
            for started in self.generations:
                started.process.send_signal(signal.SIGQUIT)
            return
        say("Stopping when everything in flight is answered; a second signal stops at once.")
        self.stopping = True
        self.deadline = time.monotonic() + self.options.drain_timeout + _GRACE
        refuse_new(self.listener, self.options.uds)
        let_go(self.listener)
        for started in self.generations:
            self._tell_to_leave(started)

    def _write_pid(self) -> None:
        path = self.options.pid_file
        if path is None:
            return
        with suppress(OSError, ValueError):
            other = int(Path(path).read_text())
            os.kill(other, 0)
            if other != os.getpid():
                hint = "Stop it, or name another file with --pid-file."
                raise SetupError(f"{path} belongs to process {other}, which runs.", hint=hint)
        try:
            Path(path).write_text(f"{os.getpid()}\n")
        except OSError as error:
            hint = "Name another file with --pid-file."
            raise SetupError(f"{path} cannot be written: {error.strerror}.", hint=hint) from None

    def _remove_files(self) -> None:
        with suppress(OSError, ValueError):
            if self.options.pid_file is not None and int(Path(self.options.pid_file).read_text()) == os.getpid():
                Path(self.options.pid_file).unlink()


def run(options: ServerOptions, *, announce: Announce, changes: int | None = None) -> int:
    """Serve an application until a signal ends it. Gives the exit status; `announce` is called once it answers."""
    return Server(options, announce=announce, changes=changes).run()
