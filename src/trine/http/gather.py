"""A body that does not say how long it will be: it lies in a temporary file until it is complete and small enough."""

from collections.abc import AsyncIterator
from io import FileIO

from trine.concurrency import run_in_thread
from trine.errors import BodyTooLarge

from .batches import BATCH, Batches, Pieces, write_pieces


async def gather_body(chunks: AsyncIterator[bytes], limit: int | None = None) -> bytes:
    """Return all chunks as one. Of a body above the limit hardly more than a batch was ever in memory."""
    pieces, batches, file, size = Pieces(), Batches(), None, 0
    try:
        async for chunk in chunks:
            size += len(chunk)
            if limit is not None and size > limit:
                raise BodyTooLarge(None, limit)
            pieces.add(chunk)
            # Let go before the next one is asked for: its memory serves again.
            del chunk
            if pieces.size > BATCH:
                if file is None:
                    file = _new_file()
                await batches.run(write_pieces, file.fileno(), pieces.take())
        if file is None:
            return b"".join(pieces.take())
        await batches.run(write_pieces, file.fileno(), pieces.take())
        await batches.done()
        file.seek(0)
        return await run_in_thread(file.readall)
    finally:
        if file is not None:
            batches.when_done(file.close)


def _new_file() -> FileIO:
    # Few applications receive such bodies: the others need not load what makes files.
    from tempfile import TemporaryFile

    return TemporaryFile(buffering=0)
