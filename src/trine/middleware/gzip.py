"""Compress answers (RFC 1952) for clients that take it."""

import secrets
import zlib
from collections.abc import AsyncIterator

from trine.concurrency import run_in_thread
from trine.errors import SetupError
from trine.http import FileResponse, Handler, Request, Response, StreamingResponse

from .encoding import accepts_encoding
from .header_lines import add_vary, line_of, own_copy

# Compressing more than this takes a millisecond or more: a thread's work.
_LARGE = 64 * 1024
# Compressed already, or not worth it; an event stream would keep 256 KiB of compressor for each idle client.
_LEFT_ALONE = ("audio/", "video/", "font/woff", "image/", "text/event-stream")
_COMPRESSED = frozenset(
    f"application/{kind}"
    for kind in [
        "gzip",
        "x-gzip",
        "zip",
        "zstd",
        "x-7z-compressed",
        "x-bzip2",
        "x-xz",
        "vnd.rar",
        "pdf",
        "octet-stream",
        "epub+zip",
    ]
)
_COMPRESSIBLE_IMAGES = frozenset({"image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon"})


class GZipMiddleware:
    """Compress answers of at least `minimum_size` bytes; streams are compressed chunk by chunk, as they are sent.

    A page that repeats what was sent beside a secret tells the secret by its length, however encrypted (BREACH): a random
    part of up to `noise` bytes blurs it, and where that is not enough an answer with `Cache-Control: no-transform` is left
    alone. Costs 0.3 µs for a small answer and 25 µs for 4 kB of JSON; large bodies are compressed in threads.
    """

    def __init__(self, *, minimum_size: int = 500, level: int = 6, noise: int = 100) -> None:
        if not 1 <= level <= 9:
            raise SetupError(f"GZipMiddleware has level={level}.", hint="Use 1 (fast) to 9 (small); 6 is usual.")
        if minimum_size < 0 or not 0 <= noise <= 1000:
            raise SetupError(
                f"GZipMiddleware has minimum_size={minimum_size} and noise={noise}.",
                hint="Neither may be negative, and noise is at most 1000.",
            )
        self.minimum_size = minimum_size
        self.level = level
        self.noise = noise

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""

        async def with_gzip(request: Request) -> Response:
            response = await handler(request)
            if not self._is_worth_it(response):
                return response
            response = own_copy(response)
            add_vary(response, "Accept-Encoding")
            if not accepts_encoding(", ".join(request.headers.getlist("accept-encoding")), "gzip"):
                return response
            return await self._compress(response)

        return with_gzip

    def _is_worth_it(self, response: Response) -> bool:
        status, body = response.status_code, response.body
        if status < 200 or status in (204, 206, 304) or (body is not None and len(body) < self.minimum_size):
            return False
        if line_of(response, "content-encoding") is not None or line_of(response, "content-range") is not None:
            return False
        if "no-transform" in (line_of(response, "cache-control") or ""):
            return False
        if isinstance(response, FileResponse):
            response.load_stat()
        length = response.headers.content_length if body is None else len(body)
        content_type = (line_of(response, "content-type") or "").partition(";")[0].strip().lower()
        return (length is None or length >= self.minimum_size) and _is_compressible(content_type)

    async def _compress(self, response: Response) -> Response:
        headers = response.headers
        headers["content-encoding"] = "gzip"
        del headers["accept-ranges"]
        etag = headers.get("etag")
        if etag is not None and not etag.startswith("W/"):
            # Not byte for byte what the tag was made for (RFC 9110 §8.8.1).
            headers["etag"] = f"W/{etag}"
        writer = _GZipWriter(self.level, self.noise)
        if response.body is None:
            del headers["content-length"]
            return StreamingResponse(_compressed(response, writer), response.status_code, headers, background=response.background)
        response.body = await writer.write(response.body) + writer.finish()
        headers["content-length"] = str(len(response.body))
        return response


class _GZipWriter:
    """Writes one gzip file. Its name field holds the noise: readers skip it."""

    def __init__(self, level: int, noise: int) -> None:
        self._compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._checksum = 0
        self._size = 0
        name = b"-" * secrets.randbelow(noise + 1) if noise else b""
        # Magic, deflate, the flag for a name, no time, no hints, unknown system (RFC 1952 §2.3).
        self._head = b"\x1f\x8b\x08" + (b"\x08" if name else b"\x00") + b"\x00" * 5 + b"\xff" + (name + b"\x00" if name else b"")

    async def write(self, chunk: bytes, *, flush: bool = False) -> bytes:
        """Compress a chunk; flushed, a reader can have all of it at once."""
        if len(chunk) > _LARGE:
            return await run_in_thread(self._write, chunk, flush)
        return self._write(chunk, flush)

    def finish(self) -> bytes:
        """The end of the file."""
        return self._compressor.flush() + self._checksum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")

    def _write(self, chunk: bytes, flush: bool) -> bytes:
        head, self._head = self._head, b""
        self._checksum = zlib.crc32(chunk, self._checksum)
        self._size += len(chunk)
        written = head + self._compressor.compress(chunk)
        return written + self._compressor.flush(zlib.Z_SYNC_FLUSH) if flush else written


async def _compressed(response: Response, writer: _GZipWriter) -> AsyncIterator[bytes]:
    chunks = response.chunks()
    try:
        async for chunk in chunks:
            if chunk:
                yield await writer.write(chunk, flush=True)
        yield await writer.write(b"") + writer.finish()
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


def _is_compressible(content_type: str) -> bool:
    if content_type in _COMPRESSIBLE_IMAGES:
        return True
    return content_type not in _COMPRESSED and not content_type.startswith(_LEFT_ALONE)
