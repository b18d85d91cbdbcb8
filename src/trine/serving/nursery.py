"""Model processes that the application starts itself: under a server that knows nothing of them, and in tests."""

import asyncio
import contextlib
import json
import logging
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from inspect import isclass
from pathlib import Path
from typing import Any

from trine.errors import SetupError
from trine.settings.launch import launch

from .companion import ModelAddresses
from .declaration import ModelDeclaration

logger = logging.getLogger("trine.serving")

_SENT = (
    "name",
    "version",
    "max_batch",
    "max_wait_ms",
    "max_queue",
    "timeout",
    "load_timeout",
    "devices",
    "replicas",
    "grow_wait_ms",
    "shrink_after",
)
"""Options that matter to a process which finds the class, and not its declaration: it was made in a function."""
_LONGEST_PAUSE = 10.0
_PATIENCE = 10.0


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    control: socket.socket
    is_ready: bool = False


class Nursery:
    """Starts a fresh Python process for each replica, and another when one ends. Ends them with the application."""

    def __init__(self, addresses: ModelAddresses) -> None:
        self.addresses = addresses
        self.children: dict[int, _Child] = {}
        self.failures: dict[int, int] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._is_stopping = False

    def start(self) -> None:
        """Start the replicas. They load their models meanwhile."""
        self._loop = asyncio.get_running_loop()
        self._order = json.dumps(_order(self.addresses.declaration))
        self.addresses.open()
        for number in range(self.addresses.declaration.replicas[0]):
            self._spawn(number)

    def start_spare(self, number: int) -> None:
        """Start a replica above the least, if it is not there. Once it has ended, it stays away until it is asked for again."""
        if number not in self.children and not self._is_stopping:
            self._spawn(number)

    async def stop(self) -> None:
        """Let the processes end, and end those that do not."""
        self._is_stopping = True
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for child in self.children.values():
            self._loop.remove_reader(child.control)
            child.control.close()
        for child in self.children.values():
            try:
                await asyncio.to_thread(child.process.wait, _PATIENCE)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self.children.clear()
        self.addresses.close()

    def _spawn(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        listener = self.addresses.listeners[number]
        descriptors = [theirs.fileno(), listener.fileno()]
        command = [sys.executable, "-P", "-m", "trine.serving", *map(str, descriptors), str(number), str(self.addresses.folder)]
        process = subprocess.Popen(command, pass_fds=descriptors, stdin=subprocess.DEVNULL)  # noqa: S603 - ourselves
        theirs.close()
        with contextlib.suppress(OSError):
            ours.sendall(f"{self._order}\n".encode())
        ours.setblocking(False)  # noqa: FBT003 - positional in the standard library
        child = self.children[number] = _Child(process, ours)
        self._loop.add_reader(ours, self._hear, number, child)

    def _hear(self, number: int, child: _Child) -> None:
        try:
            said = child.control.recv(16)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if said:
            child.is_ready = True
            self.failures[number] = 0
            return
        self._loop.remove_reader(child.control)
        child.control.close()
        del self.children[number]
        status = child.process.wait()
        failures = self.failures[number] = 0 if child.is_ready else self.failures.get(number, 0) + 1
        pause = min(0.5 * 2 ** (failures - 1), _LONGEST_PAUSE) if failures else 0.0
        name = self.addresses.declaration.name
        if number >= self.addresses.declaration.replicas[0]:
            if status:
                logger.error("A spare process of the model %s ended with status %d.", name, status)
            return
        logger.error("The process of the model %s ended with status %d; a new one takes its place.", name, status)
        timer = self._loop.call_later(pause, self._again, number)
        self._timers = {one for one in self._timers if one.when() > time.monotonic()} | {timer}

    def _again(self, number: int) -> None:
        if not self._is_stopping:
            self._spawn(number)


def check_importable(declaration: ModelDeclaration) -> None:
    """Raise `SetupError` for a model that a fresh process could not find again."""
    source = declaration.source
    module = sys.modules.get(source.__module__)
    found: Any = module
    for part in source.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is not source or getattr(module, "__file__", None) is None:
        what = "class" if isclass(source) else "function"
        raise SetupError(
            f"The model {declaration.name} cannot run in a process of its own: no import gives the {what} {source.__qualname__}.",
            hint=f"Declare the {what} at the top level of a module, start with 'trine run', or say runner='thread'.",
            where=declaration.where,
        )


def _order(declaration: ModelDeclaration) -> dict[str, Any]:
    check_importable(declaration)
    source = declaration.source
    options: dict[str, Any] = dict(declaration.options)
    sent = {name: options[name] for name in _SENT if name in options and not callable(options[name])}
    return {
        "module": source.__module__,
        "file": str(Path(sys.modules[source.__module__].__file__ or "").resolve()),
        "name": source.__qualname__,
        "options": {**sent, "name": declaration.name},
        "path": sys.path,
        "mode": launch().mode,
        "env_file": str(launch().env_file),
    }
