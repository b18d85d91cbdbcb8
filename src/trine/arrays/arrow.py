"""Arrow's stream format: what is sent is looked at before pyarrow may unpack it."""

import struct
from typing import Any

STREAM_TYPE = "application/vnd.apache.arrow.stream"


def read_stream(pa: Any, data: bytes, max_rows: int) -> Any:
    """Read a table from a stream. Raises ValueError that says what is wrong.

    Buffers may be compressed inside the format, and then a kilobyte can stand for gigabytes: that is refused. Without it,
    nothing in memory is larger than what was sent.
    """
    try:
        _refuse_compression(pa, data)
        reader = pa.ipc.open_stream(pa.BufferReader(data))
        batches, rows = [], 0
        for batch in reader:
            batches.append(batch)
            rows += batch.num_rows
            if rows > max_rows:
                raise ValueError(f"it has more than {max_rows} rows")
        table = pa.Table.from_batches(batches, schema=reader.schema)
        table.validate(full=True)
    except (pa.ArrowException, OSError, struct.error, IndexError, EOFError) as error:
        raise ValueError("it is no complete Arrow stream") from error
    return table


def write_stream(pa: Any, table: Any) -> bytes:
    """Write a table as a stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _refuse_compression(pa: Any, data: bytes) -> None:
    for message in pa.ipc.MessageReader.open_stream(pa.BufferReader(data)):
        if message.type == "schema":
            continue
        metadata = memoryview(message.metadata)
        batch = _field(metadata, _root(metadata), 2, is_table=True)
        if batch is not None and message.type == "dictionary":
            batch = _field(metadata, batch, 1, is_table=True)
        if batch is None or _field(metadata, batch, 3, is_table=True) is not None:
            raise ValueError("its buffers are compressed; send them as they are, and compress the body instead")


def _root(data: memoryview) -> int:
    """The place of the outermost table (FlatBuffers' format: offsets are relative to where they stand)."""
    (offset,) = struct.unpack_from("<I", data)
    return int(offset)


def _field(data: memoryview, table: int, index: int, *, is_table: bool) -> int | None:
    """Where a table keeps a field, None where it has none. Of a field that is a table, where that is."""
    (back,) = struct.unpack_from("<i", data, table)
    (size,) = struct.unpack_from("<H", data, table - back)
    slot = 4 + 2 * index
    if slot >= size:
        return None
    (offset,) = struct.unpack_from("<H", data, table - back + slot)
    if not offset:
        return None
    place = table + int(offset)
    return place + int(struct.unpack_from("<I", data, place)[0]) if is_table else place
