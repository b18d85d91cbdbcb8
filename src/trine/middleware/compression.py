"""Compress answers for clients that take it: with zstd, brotli or gzip."""

from collections.abc import AsyncIterator, Collection
from functools import lru_cache

from trine.concurrency import run_in_thread
from trine.errors import SetupError
from trine.http import FileResponse, Handler, Request, Response, StreamingResponse
from trine.http.negotiate import best_coding

from .codings import ENCODERS, Coding, Encoder, GZipEncoder, available, some_noise
from .header_lines import add_vary, line_of, own_copy

# Compressing more than this takes a millisecond or more: a thread's work.
_LARGE = 64 * 1024
_LEVELS = {"gzip": (1, 9), "br": (0, 11), "zstd": (1, 19)}
_EVENTS = "text/event-stream"
# A stream keeps its compressor while it is open: 0.1 MB with these two, 0.5 MB with brotli.
_STREAM_ORDER = ("zstd", "gzip", "br")
_STREAM_ZSTD_LEVEL = 1
# What an event stream's compressor takes for each client that listens: 43 kB instead of 107.
_EVENT_WINDOW = 12
# Compressed already, or not worth it.
_LEFT_ALONE = ("audio/", "video/", "font/woff", "image/")
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


class CompressionMiddleware:
    """Compress answers of at least `minimum_size` bytes, with what the client likes best of `codings`: all that are installed.

    Streams are compressed chunk by chunk, as they are sent; event streams too where `event_streams` is True, with gzip alone: it
    takes 43 kB for each client that listens. Left alone is what is compressed already, a part of a file, and an answer with
    `Cache-Control: no-transform`. A page that repeats what was sent beside a secret tells the secret by its length, however
    encrypted (BREACH): a random part of up to `noise` bytes blurs it, and where that is not enough use `no-transform`.
    Large bodies are compressed in threads.
    """

    def __init__(
        self,
        *,
        codings: Collection[Coding] | None = None,
        minimum_size: int = 500,
        gzip_level: int = 6,
        brotli_quality: int = 4,
        zstd_level: int = 3,
        noise: int = 100,
        event_streams: bool = False,
    ) -> None:
        name = type(self).__name__
        self.codings = tuple(available(codings, name))
        self.levels = {"gzip": gzip_level, "br": brotli_quality, "zstd": zstd_level}
        for coding, level in self.levels.items():
            low, high = _LEVELS[coding]
            if not low <= level <= high:
                raise SetupError(f"{name} has {level} as the level of {coding}.", hint=f"Use {low} (fast) to {high} (small).")
        if minimum_size < 0 or not 0 <= noise <= 1000:
            raise SetupError(
                f"{name} has minimum_size={minimum_size} and noise={noise}.",
                hint="Neither may be negative, and noise is at most 1000.",
            )
        self.minimum_size = minimum_size
        self.noise = noise
        self.event_streams = event_streams
        self._stream_codings = tuple(coding for coding in _STREAM_ORDER if coding in self.codings)

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""

        async def with_compression(request: Request) -> Response:
            response = await handler(request)
            media_type = _media_type(response)
            if not self._is_worth_it(response, media_type):
                return response
            response = own_copy(response)
            add_vary(response, "Accept-Encoding")
            coding = _choose(", ".join(request.headers.getlist("accept-encoding")), self._offers(response, media_type))
            if coding is None:
                return response
            if isinstance(response, FileResponse):
                response = response.answer(request.method, request.headers)
                if response.status_code in (206, 304):
                    return response
            return await self._compress(response, coding, media_type)

        return with_compression

    def _offers(self, response: Response, media_type: str) -> tuple[str, ...]:
        if media_type == _EVENTS:
            return ("gzip",)
        return self.codings if response.body is not None else self._stream_codings

    def _is_worth_it(self, response: Response, media_type: str) -> bool:
        status, body = response.status_code, response.body
        if status < 200 or status in (204, 205, 206, 304) or (body is not None and len(body) < self.minimum_size):
            return False
        if line_of(response, "content-encoding") is not None or line_of(response, "content-range") is not None:
            return False
        if "no-transform" in (line_of(response, "cache-control") or ""):
            return False
        if media_type == _EVENTS and not (self.event_streams and "gzip" in self.codings):
            return False
        if isinstance(response, FileResponse):
            response.load_stat()
        length = response.headers.content_length if body is None else len(body)
        return (length is None or length >= self.minimum_size) and _is_compressible(media_type)

    async def _compress(self, response: Response, coding: str, media_type: str) -> Response:
        headers = response.headers
        headers["content-encoding"] = coding
        del headers["accept-ranges"]
        etag = headers.get("etag")
        if etag is not None and not etag.startswith("W/"):
            # Not byte for byte what the tag was made for (RFC 9110 §8.8.1).
            headers["etag"] = f"W/{etag}"
        encoder = self._encoder(coding, media_type, is_stream=response.body is None)
        if response.body is None:
            del headers["content-length"]
            return StreamingResponse(
                _compressed(response, encoder), response.status_code, headers, background=response.background
            )
        if len(response.body) > _LARGE:
            response.body = await run_in_thread(_whole, encoder, response.body)
        else:
            response.body = _whole(encoder, response.body)
        headers["content-length"] = str(len(response.body))
        return response

    def _encoder(self, coding: str, media_type: str, *, is_stream: bool) -> Encoder:
        noise, level = some_noise(self.noise), self.levels[coding]
        if media_type == _EVENTS:
            return GZipEncoder(level, noise, window=_EVENT_WINDOW)
        return ENCODERS[coding](min(level, _STREAM_ZSTD_LEVEL) if is_stream and coding == "zstd" else level, noise)


class GZipMiddleware(CompressionMiddleware):
    """Compress answers with gzip alone: `CompressionMiddleware(codings=["gzip"])` under the name that Starlette knows."""

    def __init__(self, *, minimum_size: int = 500, compresslevel: int = 6, noise: int = 100) -> None:
        super().__init__(codings=["gzip"], minimum_size=minimum_size, gzip_level=compresslevel, noise=noise)


@lru_cache(maxsize=256)
def _choose(line: str, offers: tuple[str, ...]) -> str | None:
    """The coding that a client likes best, None where it wants what is not compressed at least as much as that."""
    best = best_coding(line[:_LONGEST_LINE], (*offers, "identity"))
    return None if best == "identity" else best


_LONGEST_LINE = 1024


def _whole(encoder: Encoder, body: bytes) -> bytes:
    return encoder.write(body, flush=False) + encoder.finish()


async def _compressed(response: Response, encoder: Encoder) -> AsyncIterator[bytes]:
    chunks = response.chunks()
    try:
        async for chunk in chunks:
            if len(chunk) > _LARGE:
                yield await run_in_thread(encoder.write, chunk, flush=True)
            elif chunk:
                yield encoder.write(chunk, flush=True)
        yield encoder.finish()
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


def _media_type(response: Response) -> str:
    return (line_of(response, "content-type") or "").partition(";")[0].strip().lower()


def _is_compressible(content_type: str) -> bool:
    if content_type in _COMPRESSIBLE_IMAGES:
        return True
    return content_type not in _COMPRESSED and not content_type.startswith(_LEFT_ALONE)
