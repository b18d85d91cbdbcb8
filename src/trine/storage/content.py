"""What can be saved: bytes, files, and streams of both kinds, counted on their way."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from trine.concurrency import iterate_in_thread
from trine.errors import BodyTooLarge

from .info import CHUNK


class AsyncReadable(Protocol):
    """Something like an `UploadFile`: it is read piece by piece, and waited for."""

    async def read(self, size: int = -1, /) -> bytes:
        """Read some bytes; none at the end."""
        ...


SyncContent = bytes | bytearray | memoryview | BinaryIO | PathLike[str] | Iterable[bytes]
Content = SyncContent | AsyncReadable | AsyncIterable[bytes]


def as_bytes(content: Any, limit: int | None) -> bytes | None:
    """The content where it is in memory already; None for everything that has to be read."""
    if not isinstance(content, bytes | bytearray | memoryview):
        return None
    whole = bytes(content)
    if limit is not None and len(whole) > limit:
        raise BodyTooLarge(len(whole), limit)
    return whole


async def read_async(content: Any, limit: int | None) -> AsyncIterator[bytes]:
    """Read content piece by piece, plain files in worker threads. Raises `BodyTooLarge` at the first byte too many."""
    size = 0
    async for chunk in _pieces(content):
        size += len(chunk)
        if limit is not None and size > limit:
            raise BodyTooLarge(None, limit)
        if chunk:
            yield bytes(chunk)


def read_sync(content: Any, limit: int | None) -> Iterator[bytes]:
    """The same in synchronous code, for content that need not be waited for."""
    size = 0
    for chunk in _sync_pieces(content):
        size += len(chunk)
        if limit is not None and size > limit:
            raise BodyTooLarge(None, limit)
        if chunk:
            yield bytes(chunk)


def _pieces(content: Any) -> AsyncIterator[bytes]:
    if hasattr(content, "__aiter__"):
        chunks: AsyncIterator[bytes] = aiter(content)
        return chunks
    file = getattr(content, "file", None)
    if hasattr(file, "read"):
        # An UploadFile: its file is a plain one, and seldom at its start once somebody has looked at it.
        content = file
        content.seek(0)
    return iterate_in_thread(_sync_pieces(content))


def _sync_pieces(content: Any) -> Iterator[bytes]:
    if isinstance(content, str):
        raise TypeError("save() takes bytes, files and streams of bytes. Encode the text: text.encode().")
    if isinstance(content, bytes | bytearray | memoryview):
        yield bytes(content)
    elif isinstance(content, PathLike):
        with Path(content).open("rb") as file:
            yield from _read(file)
    elif hasattr(content, "read"):
        yield from _read(content)
    elif hasattr(content, "__iter__"):
        yield from content
    else:
        raise TypeError(f"save() takes bytes, files and streams of bytes, not {type(content).__name__}.")


def _read(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
