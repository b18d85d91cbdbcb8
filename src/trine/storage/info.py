"""What is known of a file, and the file itself while it is read."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trine.http.file_response import media_type_of

from .failures import told_plainly

if TYPE_CHECKING:
    from obstore import GetResult

# As much as a worker or a client is given at once.
CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a storage knows of a file without reading it."""

    name: str
    size: int
    modified: datetime
    etag: str | None
    content_type: str
    """What was said when it was saved, where the store keeps that; else what the ending of the name stands for."""

    @classmethod
    def of(cls, meta: Any, attributes: Any = None) -> "FileInfo":
        """Read what a store says."""
        said = (attributes or {}).get("Content-Type")
        name = meta["path"]
        return cls(name, meta["size"], meta["last_modified"], meta["e_tag"], said or media_type_of(name))


class StoredFile:
    """A file that is being read: nothing of it has come yet but what it is."""

    def __init__(self, storage: str, found: "GetResult") -> None:
        self.info = FileInfo.of(found.meta, found.attributes)
        self.span: tuple[int, int] = found.range
        """Which bytes are read, as (start, stop)."""
        self._storage = storage
        self._found = found

    async def read(self) -> bytes:
        """All bytes at once: for files whose size is known to be small."""
        with told_plainly(self._storage, self.info.name):
            return bytes(await self._found.bytes_async())

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes one chunk after the other, as the store sends them."""
        with told_plainly(self._storage, self.info.name):
            async for chunk in self._found.stream(CHUNK):
                yield bytes(chunk)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.chunks()

    def read_now(self) -> bytes:
        """All bytes at once, in synchronous code."""
        with told_plainly(self._storage, self.info.name):
            return bytes(self._found.bytes())

    def __iter__(self) -> Iterator[bytes]:
        with told_plainly(self._storage, self.info.name):
            for chunk in self._found.stream(CHUNK):
                yield bytes(chunk)
