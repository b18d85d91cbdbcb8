"""What an HTML form sends: fields, and files that wait in memory or on disk."""

import asyncio
from typing import TYPE_CHECKING, Any, BinaryIO

from trine.concurrency import run_in_thread

from .batches import BATCH
from .headers import Headers
from .new_file import NewFile
from .query import ImmutableMultiDict

if TYPE_CHECKING:
    from os import PathLike

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

    from .new_file import Digest


class UploadFile:
    """A file that a client sent. `file` is a plain binary file, for synchronous code.

    The asynchronous methods leave the event loop only when the file has grown onto the disk. `filename` is the
    client's own, without any folders: it names the upload, and it is no path to write to.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        size: int | None = None,
        filename: str | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.file = file
        self.size = size
        self.filename = filename
        self.headers = headers or Headers()

    @property
    def content_type(self) -> str | None:
        """What the client says the file is. Nothing has verified it."""
        return self.headers.get("content-type")

    async def read(self, size: int = -1) -> bytes:
        """Read bytes from where the last call ended; all that are left when no size is given."""
        return self.file.read(size) if self._in_memory else await run_in_thread(self.file.read, size)

    async def write(self, data: bytes) -> None:
        """Write bytes where the last call ended."""
        if self.size is not None:
            self.size += len(data)
        if self._in_memory and not self._would_roll(len(data)):
            self.file.write(data)
        else:
            await run_in_thread(self.file.write, data)

    async def seek(self, offset: int) -> None:
        """Continue reading or writing at this offset."""
        if self._in_memory:
            self.file.seek(offset)
        else:
            await run_in_thread(self.file.seek, offset)

    async def save(self, path: "str | PathLike[str]", *, digest: "Digest | None" = None, overwrite: bool = False) -> int:
        """Copy the whole file to a path, in a worker thread, and give its size. `digest` takes every byte on the way.

        The copy has its name only when it is complete. Raises `FileExistsError` where a file is there already.
        """
        # Shielded: the thread reads from the file, which must stay open until it has ended.
        copying = run_in_thread(_copy, self.file, path, digest, overwrite=overwrite)
        try:
            return await asyncio.shield(copying)
        except asyncio.CancelledError:
            await asyncio.wait([copying])
            raise

    async def close(self) -> None:
        """Close the file; a temporary one is gone then."""
        if self._in_memory:
            self.file.close()
        else:
            await run_in_thread(self.file.close)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(filename={self.filename!r}, size={self.size!r}, headers={self.headers!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls._validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: "CoreSchema", handler: "GetJsonSchemaHandler") -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "application/octet-stream"}

    @classmethod
    def _validate(cls, value: Any) -> "UploadFile":
        if not isinstance(value, UploadFile):
            raise ValueError(f"Expected UploadFile, received: {type(value)}")  # noqa: TRY004 - what validation errors are made of
        return value

    @property
    def _in_memory(self) -> bool:
        # SpooledTemporaryFile tells nowhere else whether it has reached the disk; anything unknown counts as slow.
        return not getattr(self.file, "_rolled", not hasattr(self.file, "getbuffer"))

    def _would_roll(self, length: int) -> bool:
        limit = getattr(self.file, "_max_size", 0)
        return bool(limit) and self.file.tell() + length > limit


def _copy(source: BinaryIO, path: "str | PathLike[str]", digest: "Digest | None", *, overwrite: bool) -> int:
    copy, place, size = NewFile(path, digest, overwrite=overwrite), source.tell(), 0
    try:
        copy.open()
        source.seek(0)
        while piece := source.read(BATCH):
            size += len(piece)
            copy.write([piece])
        copy.publish()
    except BaseException:
        copy.discard()
        raise
    finally:
        source.seek(place)
    return size


class FormData(ImmutableMultiDict[str, str | UploadFile]):
    """The fields and files of a form. Looking up a name gives its last value, `getlist` gives all."""

    async def close(self) -> None:
        """Close every file. Files that rolled to the disk are deleted by that."""
        for _, value in self._list:
            if isinstance(value, UploadFile):
                await value.close()
