"""The parts of a form while it arrives: nothing of it is kept, and what is not read is not asked for."""

import os
from collections import deque
from collections.abc import AsyncIterator

from .batches import BATCH, Batches, Pieces
from .headers import Headers
from .multipart_reader import Event, FormLimits, MultipartReader, PartHead, refusing_broken_forms
from .new_file import Digest, NewFile


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
        file, waiting, batches = NewFile(path, digest, overwrite=overwrite), Pieces(), Batches()
        try:
            await batches.run(file.open)
            await batches.done()
            async for chunk in self:
                waiting.add(chunk)
                if waiting.size >= BATCH:
                    await batches.run(file.write, waiting.take())
            await batches.run(file.write, waiting.take())
            await batches.run(file.publish)
            await batches.done()
        except BaseException:
            try:
                await batches.settle()
            finally:
                batches.when_done(file.discard)
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
