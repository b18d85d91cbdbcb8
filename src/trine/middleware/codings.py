"""Content codings (RFC 9110 §8.4.1): what compresses and decompresses, piece by piece, in bounded memory."""

import secrets
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Literal, Protocol

from trine.errors import SetupError

Coding = Literal["zstd", "br", "gzip"]
# The best first, where a client likes several equally.
CODINGS: tuple[Coding, ...] = ("zstd", "br", "gzip")
_LIBRARIES = {"zstd": "zstandard", "br": "brotli"}

PIECE = 64 * 1024
"""The most that a decoder gives at once, but for a zstd block more."""
_MAX_MEMBERS = 1000
# Encoders must not ask for more, and decoders must have as much (RFC 9659 §3).
_ZSTD_WINDOW = 8 * 1024 * 1024
# A zstd frame makes a block of 128 kB out of four bytes: so many bytes at a time keep what comes out below 4 MB.
_ZSTD_SLICE = 128


class Encoder(Protocol):
    """Compresses one body."""

    def write(self, chunk: bytes, *, flush: bool) -> bytes:
        """Compress a chunk; flushed, a reader can have all of it at once."""
        ...

    def finish(self) -> bytes:
        """The end of the body."""
        ...


class Decoder(Protocol):
    """Decompresses one body. Both methods raise `ValueError` for what is broken."""

    def read(self, data: bytes) -> Iterator[bytes]:
        """Decompress what has come, in pieces: how much there will be is not known before."""
        ...

    def finish(self) -> None:
        """Check that nothing is missing."""
        ...


def available(wanted: Collection[str] | None, what: str) -> list[str]:
    """The codings to use: those that are wanted, or all whose library is installed. Raises `SetupError`."""
    if isinstance(wanted, str):
        raise SetupError(f"{what} has codings={wanted!r}, a text.", hint=f"Write codings=[{wanted!r}].")
    for coding in wanted or ():
        if coding not in CODINGS:
            raise SetupError(f"{what} has the coding {coding!r}.", hint=f"There are {', '.join(CODINGS)}.")
        if not _is_installed(coding):
            hint = 'Install it with: pip install "trine[compression]"'
            raise SetupError(f"{what} needs {_LIBRARIES[coding]} for {coding!r}.", hint=hint)
    return [coding for coding in CODINGS if (_is_installed(coding) if wanted is None else coding in wanted)]


def _is_installed(coding: str) -> bool:
    return coding == "gzip" or find_spec(_LIBRARIES[coding]) is not None


# Compressing ----------------------------------------------------------------------------------------------------------


class GZipEncoder:
    """Writes one gzip file (RFC 1952). Its name field holds the noise: readers skip it."""

    def __init__(self, level: int, noise: int, *, window: int = zlib.MAX_WBITS) -> None:
        self._compressor = zlib.compressobj(level, zlib.DEFLATED, -window, zlib.DEF_MEM_LEVEL if window > 12 else 5)
        self._checksum = 0
        self._size = 0
        name = b"-" * noise
        # Magic, deflate, the flag for a name, no time, no hints, unknown system (RFC 1952 §2.3).
        self._head = b"\x1f\x8b\x08" + (b"\x08" if name else b"\x00") + b"\x00" * 5 + b"\xff" + (name + b"\x00" if name else b"")

    def write(self, chunk: bytes, *, flush: bool) -> bytes:
        """Compress a chunk."""
        head, self._head = self._head, b""
        self._checksum = zlib.crc32(chunk, self._checksum)
        self._size += len(chunk)
        written = head + self._compressor.compress(chunk)
        return written + self._compressor.flush(zlib.Z_SYNC_FLUSH) if flush else written

    def finish(self) -> bytes:
        """The rest, the checksum and the size."""
        head, self._head = self._head, b""
        end = self._checksum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")
        return head + self._compressor.flush() + end


class BrotliEncoder:
    """Writes one brotli stream (RFC 7932). Metadata blocks at its end hold the noise: readers skip them."""

    def __init__(self, level: int, noise: int) -> None:
        import brotli  # type: ignore[import-untyped] # it declares no types

        self._compressor = brotli.Compressor(quality=level)
        self._noise = noise

    def write(self, chunk: bytes, *, flush: bool) -> bytes:
        """Compress a chunk."""
        written: bytes = self._compressor.process(chunk)
        return written + self._compressor.flush() if flush else written

    def finish(self) -> bytes:
        """The rest, and the noise: it may stand where a flush has come to a whole byte."""
        noise = b"".join(map(_brotli_metadata, _cut(self._noise, 256)))
        flushed: bytes = self._compressor.flush() + noise if noise else b""
        return flushed + bytes(self._compressor.finish())


class ZstdEncoder:
    """Writes one zstd frame (RFC 8878). A skippable frame behind it holds the noise."""

    def __init__(self, level: int, noise: int) -> None:
        import zstandard

        self._compressor = zstandard.ZstdCompressor(level=level).compressobj()
        self._block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        self._noise = noise

    def write(self, chunk: bytes, *, flush: bool) -> bytes:
        """Compress a chunk."""
        written = self._compressor.compress(chunk)
        return written + self._compressor.flush(self._block) if flush else written

    def finish(self) -> bytes:
        """The rest, and the noise."""
        skipped = b"\x50\x2a\x4d\x18" + self._noise.to_bytes(4, "little") + b"-" * self._noise
        return self._compressor.flush() + (skipped if self._noise else b"")


ENCODERS: dict[str, Callable[[int, int], Encoder]] = {"gzip": GZipEncoder, "br": BrotliEncoder, "zstd": ZstdEncoder}


def some_noise(most: int) -> int:
    """How many bytes of noise a body gets: nobody can tell."""
    return secrets.randbelow(most + 1) if most else 0


def _cut(size: int, most: int) -> list[int]:
    return [min(most, size - start) for start in range(0, size, most)]


def _brotli_metadata(size: int) -> bytes:
    # ISLAST=0, MNIBBLES=3 (no data), a reserved bit, MSKIPBYTES=1, and the size less one (RFC 7932 §9.2).
    return (3 << 1 | 1 << 4 | (size - 1) << 6).to_bytes(2, "little") + b"-" * size


# Decompressing --------------------------------------------------------------------------------------------------------


class ZlibDecoder:
    """Reads gzip, several members one after the other, or `deflate`, which is zlib's form of it (RFC 9110 §8.4.1.2)."""

    def __init__(self, coding: Literal["gzip", "deflate"]) -> None:
        self._window = 31 if coding == "gzip" else 15
        self._reader = zlib.decompressobj(self._window)
        self._members = 1

    def read(self, data: bytes) -> Iterator[bytes]:
        """Decompress what has come."""
        while data:
            if self._reader.eof:
                self._next_member()
            try:
                piece = self._reader.decompress(data, PIECE)
            except zlib.error as error:
                raise ValueError(str(error)) from None
            if piece:
                yield piece
            data = self._reader.unused_data if self._reader.eof else self._reader.unconsumed_tail
            while not data and len(piece) == PIECE and not self._reader.eof:
                # Everything is read, but not everything given.
                piece = self._reader.decompress(b"", PIECE)
                if piece:
                    yield piece

    def finish(self) -> None:
        """Check that the last member is whole."""
        if not self._reader.eof:
            raise ValueError("it ends too early")

    def _next_member(self) -> None:
        self._members += 1
        if self._window == 15 or self._members > _MAX_MEMBERS:
            raise ValueError("there is more behind its end")
        self._reader = zlib.decompressobj(self._window)


class BrotliDecoder:
    """Reads one brotli stream."""

    def __init__(self) -> None:
        import brotli

        self._reader = brotli.Decompressor()
        self._error = brotli.error

    def read(self, data: bytes) -> Iterator[bytes]:
        """Decompress what has come."""
        while True:
            try:
                piece = self._reader.process(data, output_buffer_limit=PIECE)
            except self._error:
                raise ValueError("it is broken, or there is more behind its end") from None
            data = b""
            if piece:
                yield piece
            elif self._reader.can_accept_more_data():
                return

    def finish(self) -> None:
        """Check that the stream is whole."""
        if not self._reader.is_finished():
            raise ValueError("it ends too early")


class ZstdDecoder:
    """Reads zstd frames, one after the other."""

    def __init__(self) -> None:
        import zstandard

        self._pieces: list[bytes] = []
        reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        sink: Any = _Sink(self._pieces)
        self._reader: Any = reader.stream_writer(sink, write_size=PIECE)
        self._error = zstandard.ZstdError
        self._compress = zstandard.compress

    def read(self, data: bytes) -> Iterator[bytes]:
        """Decompress what has come."""
        for start in range(0, len(data), _ZSTD_SLICE):
            self._write(data[start : start + _ZSTD_SLICE])
            yield from self._pieces
            self._pieces.clear()

    def finish(self) -> None:
        """Check that the last frame is whole: then one more frame can be read."""
        self._write(self._compress(b"whole"))
        if b"".join(self._pieces) != b"whole":
            raise ValueError("it ends too early")

    def _write(self, data: bytes) -> None:
        try:
            self._reader.write(data)
        except self._error as error:
            raise ValueError(str(error)) from None


class _Sink:
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)


DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: ZlibDecoder("gzip"),
    "x-gzip": lambda: ZlibDecoder("gzip"),
    "deflate": lambda: ZlibDecoder("deflate"),
    "br": BrotliDecoder,
    "zstd": ZstdDecoder,
}


def decoders_for(codings: Sequence[str]) -> dict[str, Callable[[], Decoder]]:
    """The decoders of these codings, under every name that clients use; with gzip comes deflate."""
    names = {*codings, *(("x-gzip", "deflate") if "gzip" in codings else ())}
    return {name: decoder for name, decoder in DECODERS.items() if name in names}
