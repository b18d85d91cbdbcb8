"""Decompress what clients send compressed, and not more of it than they may send."""

import asyncio
from collections.abc import AsyncIterator, Collection
from functools import partial

from trine.errors import BadRequest, BodyTooLarge, RequestTooLarge, SetupError, UnsupportedEncoding
from trine.http import Handler, Headers, Request, Response

from .codings import Coding, Decoder, available, decoders_for

# So much may come of very little: a short text that repeats itself is no attack.
_FREE = 1024 * 1024
# What is decompressed at once, before the next look at the limits.
_SLICE = 16 * 1024


class DecompressionMiddleware:
    """Decompress request bodies with a `Content-Encoding`: those of `codings`, all that are installed, and deflate with gzip.

    What comes out counts against the route's `max_body_size`, and may not be more than `max_ratio` times what came in: both
    end in 413, before a bomb takes memory. A coding that is not taken, or several at once, gets 415 with the list of those
    that are. Handlers, and middleware below, see a plain body of unknown length.
    """

    def __init__(self, *, codings: Collection[Coding] | None = None, max_ratio: int = 100) -> None:
        if max_ratio < 2:
            hint = "Most bodies shrink to a tenth; 100 is usual."
            raise SetupError(f"DecompressionMiddleware has max_ratio={max_ratio}.", hint=hint)
        self.codings = available(codings, "DecompressionMiddleware")
        self.max_ratio = max_ratio
        self._decoders = decoders_for(self.codings)

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""
        accepted = [*self.codings, *(["deflate"] if "gzip" in self.codings else [])]

        async def with_decompression(request: Request) -> Response:
            coding = ", ".join(request.headers.getlist("content-encoding")).strip().lower()
            if coding in ("", "identity"):
                return await handler(request)
            make_decoder = self._decoders.get(coding)
            if make_decoder is None:
                raise UnsupportedEncoding(coding, accepted)
            _describe_plain_body(request)
            request.decoder = partial(self._decode, make_decoder())
            return await handler(request)

        return with_decompression

    async def _decode(self, decoder: Decoder, request: Request, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        taken = given = 0
        try:
            async for chunk in chunks:
                for start in range(0, len(chunk), _SLICE):
                    data = chunk[start : start + _SLICE]
                    taken += len(data)
                    _check_taken(taken, request.body_limit)
                    for piece in decoder.read(data):
                        given += len(piece)
                        if given > _FREE and given > taken * self.max_ratio:
                            raise _TooDense(self.max_ratio)
                        yield piece
                        # Others have their turn, however much comes out of a little.
                        await asyncio.sleep(0)
            if taken:
                decoder.finish()
        except ValueError as error:
            raise BadRequest(f"The request body cannot be decompressed: {error}.", {"connection": "close"}) from error


class _TooDense(RequestTooLarge):
    def __init__(self, ratio: int) -> None:
        message = f"The request body grows to more than {ratio} times its size, which is not accepted here."
        super().__init__(413, message, {"connection": "close"})


def _check_taken(taken: int, limit: int | None) -> None:
    # Also what decompresses to nothing takes time.
    if limit is not None and taken > limit:
        raise BodyTooLarge(None, limit)


def _describe_plain_body(request: Request) -> None:
    lines = [(name, value) for name, value in request.headers.multi_items() if name not in _OF_THE_CODING]
    # There is a body, and nobody knows how long it is.
    headers = Headers([*lines, ("transfer-encoding", "chunked")])
    request.headers = headers
    request.scope = {**request.scope, "headers": headers.raw}


_OF_THE_CODING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
