"""A storage for synchronous code: the same names, waiting in its thread."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import obstore

from .content import SyncContent, as_bytes, read_sync
from .failures import told_plainly
from .info import FileInfo, StoredFile
from .names import another_name, checked_name

if TYPE_CHECKING:
    from .storage import Storage


class SyncStorage:
    """What `Storage` does, for `def` handlers, tasks and scripts."""

    def __init__(self, storage: "Storage") -> None:
        self._storage = storage
        self._store = storage.store

    def open(self, name: str, start: int = 0, stop: int | None = None) -> StoredFile:
        """Begin to read a file; iterate over it, or call `read_now()`."""
        from .storage import part

        with told_plainly(self._storage.name, name):
            return StoredFile(self._storage.name, obstore.get(self._store, checked_name(name), options=part(start, stop)))

    def read(self, name: str) -> bytes:
        """The whole content of a small file."""
        return self.open(name).read_now()

    def stream(self, name: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        yield from self.open(name, start, stop)

    def info(self, name: str) -> FileInfo:
        """What is known of a file without reading it."""
        with told_plainly(self._storage.name, name):
            found = obstore.get(self._store, checked_name(name), options={"head": True})
        return FileInfo.of(found.meta, found.attributes)

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""
        try:
            self.info(name)
        except FileNotFoundError:
            return False
        return True

    def list(self, folder: str = "") -> Iterator[FileInfo]:
        """Every file in a folder and below it; all files without one."""
        with told_plainly(self._storage.name):
            for page in obstore.list(self._store, checked_name(folder) if folder else None, chunk_size=1000):
                for meta in page:
                    yield FileInfo.of(meta)

    def save(
        self,
        name: str,
        content: SyncContent,
        *,
        content_type: str | None = None,
        download: str | None = None,
        if_exists: Literal["rename", "replace", "refuse"] = "rename",
        max_size: int | None = None,
    ) -> FileInfo:
        """Keep content under a name, and tell the name that it got."""
        attributes = self._storage.attributes(name, content_type, download)
        whole = as_bytes(content, max_size)
        if whole is not None and if_exists != "replace":
            name = self._create(name, whole, attributes, may_rename=if_exists == "rename")
        elif if_exists == "replace":
            self._write(checked_name(name), whole if whole is not None else read_sync(content, max_size), attributes)
        else:
            name = self._create(name, b"", attributes, may_rename=if_exists == "rename")
            try:
                self._write(name, read_sync(content, max_size), attributes)
            except BaseException:
                self.delete(name)
                raise
        return self.info(name)

    def delete(self, name: str) -> None:
        """Remove a file. It is fine when there is none."""
        try:
            with told_plainly(self._storage.name, name):
                obstore.delete(self._store, checked_name(name))
        except FileNotFoundError:
            return

    def _create(self, name: str, whole: bytes, attributes: Any, *, may_rename: bool) -> str:
        from .storage import ATTEMPTS

        wanted = checked_name(name)
        for _ in range(ATTEMPTS):
            try:
                with told_plainly(self._storage.name, name):
                    obstore.put(self._store, name, whole, attributes=attributes, mode="create")
            except FileExistsError:
                if not may_rename:
                    raise
                name = another_name(wanted)
            else:
                return name
        raise FileExistsError(f"There is a file '{wanted}' in storage '{self._storage.name}' already.")

    def _write(self, name: str, content: Any, attributes: Any) -> None:
        from .storage import PARTS_AT_ONCE

        with told_plainly(self._storage.name, name):
            obstore.put(self._store, name, content, attributes=attributes, max_concurrency=PARTS_AT_ONCE)
