"""Reading the body of an HTML form: `multipart/form-data` (RFC 7578) and `application/x-www-form-urlencoded`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO, cast

from .batches import BATCH, Batches, Pieces, write_pieces
from .form import FormData, UploadFile
from .multipart_reader import (
    Event,
    FormLimits,
    MultipartReader,
    PartHead,
    field_too_large,
    too_many,
)
from .query import parse_query


async def parse_multipart(stream: AsyncIterator[bytes], content_type: str, limits: FormLimits) -> FormData:
    """Parse a multipart form while it arrives. Raises `MultipartError`; no temporary file outlives an error or a cancellation."""
    reader = MultipartReader(content_type, limits)
    writer = _FormWriter(limits.spool_size)
    try:
        async with closing_source(stream):
            async for chunk in stream:
                for event in reader.feed(chunk):
                    writer.take(event)
                if writer.waiting >= BATCH:
                    await writer.write()
        reader.finish()
        await writer.finish()
    except BaseException:
        writer.abandon()
        raise
    return FormData(writer.items)


async def parse_urlencoded(stream: AsyncIterator[bytes], limits: FormLimits) -> FormData:
    """Parse a urlencoded form. Raises `MultipartError` as soon as a limit is passed."""
    body = bytearray()
    fields, last_start = 1, 0
    async with closing_source(stream):
        async for chunk in stream:
            fields += chunk.count(b"&")
            if fields > limits.max_fields:
                raise too_many("fields", limits.max_fields, "max_fields")
            last = chunk.rfind(b"&")
            if last >= 0:
                last_start = len(body) + last + 1
            body += chunk
            if len(body) - last_start > limits.max_part_size:
                raise field_too_large(None, limits)
    data = bytes(body)
    if len(data) > limits.max_part_size and max(map(len, data.split(b"&"))) > limits.max_part_size:
        raise field_too_large(None, limits)
    return FormData(parse_query(data, max_fields=limits.max_fields))


class _FormWriter:
    """Take what the reader finds, and keep what is waiting for the disk until somebody may await."""

    def __init__(self, spool_size: int) -> None:
        self.spool_size = spool_size
        self.items: list[tuple[str, str | UploadFile]] = []
        self.waiting = 0
        self._head = PartHead()
        self._upload: UploadFile | None = None
        self._pieces = Pieces()
        self._uploads: list[UploadFile] = []
        self._writes: list[_Write] = []
        self._batches = Batches()

    def take(self, event: Event) -> None:
        """Keep a part's head, some of its bytes, or note its end."""
        if type(event) is bytes:
            self._pieces.add(event)
            if self._upload is not None:
                self.waiting += len(event)
                self._upload.size = (self._upload.size or 0) + len(event)
        elif type(event) is PartHead:
            self._head = event
            self._upload = None if event.filename is None else self._open_upload(event)
        else:
            self._end_part()

    async def write(self) -> None:
        """Write what is waiting, in a worker thread where a file has grown beyond the memory that it may take."""
        if self._upload is not None:
            self._collect(self._upload)
        writes, self._writes, self.waiting = self._writes, [], 0
        if any((upload.size or 0) > self.spool_size for upload, _ in writes):
            await self._batches.run(_write, writes, self.spool_size)
        else:
            # An earlier batch may belong to the same file.
            await self._batches.done()
            _write(writes, self.spool_size)

    async def finish(self) -> None:
        """Write the rest, and let every file be read from its start."""
        self._upload = None
        await self.write()
        await self._batches.done()
        for upload in self._uploads:
            upload.file.seek(0)

    def abandon(self) -> None:
        """Close every file, as soon as no thread writes to one."""
        self._batches.when_done(self._close_files)

    def _end_part(self) -> None:
        head, upload = self._head, self._upload
        if upload is None:
            self.items.append((head.name, b"".join(self._pieces.take()).decode(head.codec, "replace")))
        else:
            self._collect(upload)
            self.items.append((head.name, upload))

    def _collect(self, upload: UploadFile) -> None:
        if self._pieces.size:
            self._writes.append((upload, self._pieces.take()))

    def _open_upload(self, head: PartHead) -> UploadFile:
        from tempfile import SpooledTemporaryFile

        # Open beyond this block on purpose: it belongs to the UploadFile.
        file = SpooledTemporaryFile(max_size=self.spool_size)  # noqa: SIM115
        upload = UploadFile(cast("BinaryIO", file), size=0, filename=head.filename, headers=head.headers)
        self._uploads.append(upload)
        return upload

    def _close_files(self) -> None:
        for upload in self._uploads:
            upload.file.close()


_Write = tuple[UploadFile, list[bytes | bytearray]]


def _write(writes: list[_Write], spool_size: int) -> None:
    for upload, pieces in writes:
        if (upload.size or 0) <= spool_size:
            upload.file.writelines(pieces)
        else:
            # Asked for its descriptor, a spooled file goes to the disk; what it held in memory lies there then.
            descriptor = upload.file.fileno()
            upload.file.flush()
            write_pieces(descriptor, pieces)


@asynccontextmanager
async def closing_source(stream: AsyncIterator[bytes]) -> AsyncIterator[None]:
    """Close an async generator that was not read to its end, as soon as that is known."""
    try:
        yield
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
