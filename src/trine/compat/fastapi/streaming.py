"""Functions that yield: each becomes one that returns a streamed response."""

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Callable
from functools import wraps
from typing import Any, get_args

from trine.concurrency import iterate_in_thread
from trine.http import JSONResponse as TrineJSONResponse
from trine.http import StreamingResponse


def as_response_endpoint(endpoint: Callable[..., Any], response_class: Any, status_code: int | None) -> Callable[..., Any]:
    """Give a function that yields the form that Trine binds: it returns a response, and takes the same inputs."""
    if not (inspect.isgeneratorfunction(endpoint) or inspect.isasyncgenfunction(endpoint)):
        return endpoint
    signature = inspect.signature(endpoint, eval_str=True)
    item_type = next(iter(get_args(signature.return_annotation)), None)
    is_class = isinstance(response_class, type)
    if is_class and issubclass(response_class, TrineJSONResponse):
        return _streamed(endpoint, signature, _JSONLines(item_type), status_code)
    return _streamed(endpoint, signature, response_class, status_code)


def _streamed(endpoint: Callable[..., Any], signature: inspect.Signature, make: Any, status_code: int | None) -> Callable[..., Any]:
    @wraps(endpoint)
    async def answer_with_stream(**arguments: Any) -> Any:
        source = endpoint(**arguments)
        items = source if isinstance(source, AsyncIterable) else iterate_in_thread(source)
        return make(items) if status_code is None else make(items, status_code=status_code)

    # The signature without the type that is yielded: no response is validated against it as a whole.
    answer_with_stream.__signature__ = signature.replace(return_annotation=StreamingResponse)  # type: ignore[attr-defined] # read by inspect
    return answer_with_stream


class _JSONLines:
    """Makes a response of one JSON document a line (application/jsonl)."""

    def __init__(self, item_type: Any) -> None:
        from trine.binding.encode import response_codec, untyped_codec

        self.encode = (untyped_codec() if item_type in (None, Any) else response_codec(item_type, {}, "")).encode

    def __call__(self, items: AsyncIterable[Any], status_code: int = 200) -> StreamingResponse:
        return StreamingResponse(self._lines(items), status_code, media_type="application/jsonl")

    async def _lines(self, items: AsyncIterable[Any]) -> AsyncIterator[bytes]:
        try:
            async for item in items:
                yield self.encode(item) + b"\n"
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()
