"""A model's processes: where they listen, and how they are started, by `trine run` or by the application itself."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from .declaration import ModelDeclaration
from .host import run_host


class ModelAddresses:
    """The sockets of a model's replicas. Whoever keeps the processes alive holds them: a new process takes over the same one."""

    def __init__(self, declaration: ModelDeclaration) -> None:
        self.declaration = declaration
        self.count = declaration.replicas[1]
        self.is_kept = False
        """Whether the server keeps the processes, so that the application need not."""
        self.listeners: list[socket.socket] = []
        self._folder: Path | None = None
        self._owner = 0

    @property
    def folder(self) -> Path:
        """Where sockets and shared arrays are: in memory, for this user alone."""
        if self._folder is None:
            raise RuntimeError("The model's sockets are not open.")
        return self._folder

    @property
    def paths(self) -> list[Path]:
        """The address of every replica."""
        return [self.folder / f"{number}.sock" for number in range(self.count)]

    def open(self) -> None:
        """Listen on every address. Nobody answers there before a process is started."""
        if self.listeners:
            return
        memory = Path("/dev/shm")  # noqa: S108 - the folder made in it is private
        self._folder = Path(tempfile.mkdtemp(prefix="trine-", dir=memory if os.access(memory, os.W_OK) else None))
        self._owner = os.getpid()
        for path in self.paths:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen(128)
            self.listeners.append(listener)

    def let_go(self) -> None:
        """Close this process's copies of the listening sockets: others hold them."""
        for listener in self.listeners:
            listener.close()
        self.listeners = []

    def close(self) -> None:
        """Stop listening, and remove the folder."""
        self.let_go()
        if self._folder is not None and self._owner == os.getpid():
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


class ModelProcess:
    """A replica as a companion of the workers."""

    def __init__(self, addresses: ModelAddresses, number: int, is_wanted: Callable[[int], bool]) -> None:
        self.addresses = addresses
        self.number = number
        self.is_wanted = is_wanted
        self.name = f"Model {addresses.declaration.name}"

    def open(self) -> None:
        """Listen, for all replicas at once."""
        self.addresses.open()
        self.addresses.is_kept = True

    def run(self, ready: Callable[[], None], lifeline: int) -> int:
        """Be the replica's process."""
        addresses = self.addresses
        listener = addresses.listeners.pop(self.number)
        folder = addresses.folder
        addresses.let_go()
        return run_host(addresses.declaration, self.number, folder, listener, ready, lifeline)

    def close(self) -> None:
        """Stop listening."""
        self.addresses.close()
