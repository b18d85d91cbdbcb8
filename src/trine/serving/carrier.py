"""Large arrays between processes: through shared memory, so that their bytes pass no socket.

An array of 100 kB or more is written to a file in memory that only this user can read, and the message carries its name. Whoever
reads it removes the name at once, so nothing is left behind by a process that is killed later. Smaller arrays are part of
the message.
"""

import mmap
import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

SHARED_FROM = 100_000
"""Bytes from which an array goes through shared memory; below, a message costs less."""
_INLINE, _SHARED = 1, 2

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Carrier:
    """Encodes messages that may hold arrays. `folder` is where shared ones are put; None keeps all inside the message."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._lent: list[Path] = []
        self.encode = msgspec.msgpack.Encoder(enc_hook=self._put).encode
        self.decode = msgspec.msgpack.Decoder(ext_hook=self._take).decode

    def take_back(self) -> None:
        """Remove what was sent and never read, once nobody can read it any more."""
        lent, self._lent = self._lent, []
        for path in lent:
            with suppress(OSError):
                path.unlink()

    def forget(self) -> None:
        """Everything that was sent has been read."""
        self._lent.clear()

    def _put(self, value: Any) -> Any:
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            if isinstance(value, numpy.generic):
                return value.item()
            if isinstance(value, numpy.ndarray):
                return self._put_array(numpy, value)
        raise TypeError(f"A {type(value).__name__} cannot travel between processes. Give numbers, texts, models or arrays.")

    def _put_array(self, numpy: Any, array: Any) -> msgspec.msgpack.Ext:
        if array.dtype.hasobject:
            raise TypeError("An array of Python objects cannot travel between processes. Use numbers.")
        array = numpy.ascontiguousarray(array)
        about = [array.dtype.str, list(array.shape)]
        if self.folder is None or array.nbytes < SHARED_FROM:
            return msgspec.msgpack.Ext(_INLINE, _encode([*about, array.tobytes()]))
        path = self.folder / secrets.token_hex(8)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, array.nbytes)
            with mmap.mmap(descriptor, array.nbytes) as shared:
                numpy.frombuffer(shared, array.dtype)[:] = array.reshape(-1)
        finally:
            os.close(descriptor)
        self._lent.append(path)
        return msgspec.msgpack.Ext(_SHARED, _encode([*about, path.name]))

    def _take(self, code: int, data: memoryview) -> Any:
        import numpy

        dtype, shape, content = _decode(data)
        if code == _INLINE:
            # A copy: what a model gets may be written to.
            return numpy.frombuffer(content, dtype).reshape(shape).copy()
        if self.folder is None or code != _SHARED:
            raise ValueError(f"A message holds something of the unknown kind {code}.")
        path = self.folder / Path(content).name
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            path.unlink()
            shared = mmap.mmap(descriptor, 0)
        finally:
            os.close(descriptor)
        # The memory is given back with the last array that looks at it.
        return numpy.frombuffer(shared, dtype).reshape(shape)
