"""The parts of a form while it arrives: nothing of it is kept, and what is not read is not asked for."""

import os
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from .batches import BATCH, Batches, Pieces, write_pieces
from .headers import Headers
from .multipart_reader import Event, FormLimits, MultipartReader, PartHead, refusing_broken_forms


class Digest(Protocol):
    """What takes bytes one after the other, such as `hashlib.sha256()`."""

    def update(self, data: bytes | bytearray, /) -> None:
        """Take some bytes."""
        ...


class Part:
    """A field or a file of a form, while it arrives. Read it, save it, or pass it over, before the next one is asked for."""

    def __init__(self, head: PartHead, events: "_Events") -> None:
        self.name = head.name
        self.filename = head.filename
        self.headers: Headers = head.headers
        self.size = 0
        """The bytes that have been read so far."""
        self._codec = head.codec
        self._events = events
        self._is_over = False

    @property
    def content_type(self) -> str | None:
        """What the client says the part is. Nothing has verified it."""
        return self.headers.get("content-type")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the bytes in pieces, as they arrive. The client is asked for more only when more is wanted."""
        if self._is_over and self._events.current is not self:
            raise RuntimeError(f"The part {self.name!r} has passed: read it before the next one is asked for.")
        while not self._is_over:
            event = await self._events.next()
            if type(event) is bytes:
                self.size += len(event)
                yield event
                del event
            else:
                self._is_over = True

    async def read(self) -> bytes:
        """The rest of the part, in memory. Only the limit of the body bounds a file's size, unless `max_file_size` is set."""
        data = bytearray()
        async for chunk in self:
            data += chunk
        return bytes(data)

    async def text(self) -> str:
        """The rest of the part as text, in the charset that the form says."""
        return (await self.read()).decode(self._codec, "replace")

    async def save(self, path: str | os.PathLike[str], *, digest: Digest | None = None, overwrite: bool = False) -> int:
        """Write the rest of the part to a path, in worker threads, and give its size. `digest` takes every byte on the way.

        The file has its name only when it is complete: until then it lies beside it under a name that ends in `.part`,
        and whatever goes wrong, it is gone. Raises `FileExistsError` where a file is there already.
        """
        target = Path(path)
        writer = _FileWriter(target, digest)
        try:
            await writer.batches.run(writer.open, overwrite=overwrite)
            await writer.batches.done()
            async for chunk in self:
                writer.waiting.add(chunk)
                if writer.waiting.size >= BATCH:
                    await writer.batches.run(writer.write, writer.waiting.take())
            await writer.batches.run(writer.write, writer.waiting.take())
            await writer.batches.run(writer.publish, overwrite=overwrite)
            await writer.batches.done()
        except BaseException:
            try:
                await writer.batches.settle()
            finally:
                writer.batches.when_done(writer.discard)
            raise
        return self.size


async def stream_parts(stream: AsyncIterator[bytes], content_type: str, limits: FormLimits) -> AsyncIterator[Part]:
    """Give the parts of a multipart form one after the other. Raises `BadRequest` for a form that is broken or too large."""
    events = _Events(stream, content_type, limits)
    try:
        while isinstance(head := await events.next(), PartHead):
            part = events.current = Part(head, events)
            yield part
            async for _ in part:
                # Passed over: the next part lies behind it.
                continue
    finally:
        await events.close()


class _Events:
    """What the reader finds, one after the other, read from the client when it is asked for."""

    def __init__(self, stream: AsyncIterator[bytes], content_type: str, limits: FormLimits) -> None:
        self.current: Part | None = None
        self._stream = stream
        with refusing_broken_forms():
            self._reader = MultipartReader(content_type, limits)
        self._waiting: deque[Event] = deque()

    async def next(self) -> Event:
        """The next event; None at the end of a part, and behind the last one. Raises for a form that is cut off."""
        while not self._waiting:
            try:
                chunk = await anext(self._stream)
            except StopAsyncIteration:
                with refusing_broken_forms():
                    self._reader.finish()
                return None
            with refusing_broken_forms():
                self._waiting.extend(self._reader.feed(chunk))
            del chunk
        return self._waiting.popleft()

    async def close(self) -> None:
        """Read no more."""
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()


class _FileWriter:
    """A file beside its final place. Its methods block."""

    def __init__(self, target: Path, digest: Digest | None) -> None:
        self.target = target
        self.digest = digest
        self.waiting = Pieces()
        self.batches = Batches()
        self._place = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.part")
        self._file: BinaryIO | None = None

    def open(self, *, overwrite: bool) -> None:
        """Make the file. Raises FileExistsError before anything is read."""
        if not overwrite and self.target.exists():
            raise FileExistsError(f"There is a file at {self.target} already.")
        self._file = self._place.open("xb", buffering=0)

    def write(self, pieces: list[bytes | bytearray]) -> None:
        """Write all of it."""
        if self.digest is not None:
            for piece in pieces:
                self.digest.update(piece)
        if self._file is not None:
            write_pieces(self._file.fileno(), pieces)

    def publish(self, *, overwrite: bool) -> None:
        """Give the complete file its name."""
        if self._file is not None:
            self._file.close()
        if overwrite:
            self._place.replace(self.target)
            return
        try:
            # A link is made only where there is none: of two uploads to one name, one wins and the other is told.
            self.target.hardlink_to(self._place)
        except FileExistsError:
            raise
        except OSError:
            # A file system without links.
            self._place.rename(self.target)
            return
        self._place.unlink()

    def discard(self) -> None:
        """Take the file away."""
        if self._file is not None:
            self._file.close()
        with suppress(OSError):
            self._place.unlink(missing_ok=True)
