"""Functions that yield: each becomes one that returns a streamed response."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterable, AsyncIterator, Callable
from functools import wraps
from typing import Any, get_args

from trine.binding.encode import response_codec
from trine.compat.starlette.responses import Response, StreamingResponse
from trine.concurrency import iterate_in_thread
from trine.http import JSONResponse as TrineJSONResponse
from trine.http.sse import ServerSentEvent, encode_event

from .encoders import jsonable_encoder
from .sse import EventSourceResponse, format_sse_event

PING_SECONDS = 15.0
"""How long a stream of events may be silent before a comment keeps its connection alive."""

Encode = Callable[[Any], bytes]


def as_response_endpoint(
    endpoint: Callable[..., Any], response_class: Any, status_code: int | None, options: dict[str, Any]
) -> Callable[..., Any]:
    """Give a function that yields the form that Trine binds: it returns a response, and takes the same inputs."""
    if not yields(endpoint):
        return endpoint
    signature = inspect.signature(endpoint, eval_str=True)
    encode = _item_encoder(next(iter(get_args(signature.return_annotation)), None), options)
    if issubclass(response_class, EventSourceResponse):
        make = _events(response_class, encode)
    elif issubclass(response_class, TrineJSONResponse):
        make = _json_lines(encode)
    else:
        make = response_class

    @wraps(endpoint)
    async def answer_with_stream(*, stream_reply: Response, **arguments: Any) -> Any:
        source = endpoint(**arguments)
        items = source if isinstance(source, AsyncIterable) else iterate_in_thread(source)
        response = make(_taking_turns(items))
        response.status_code = stream_reply.status_code or status_code or response.status_code
        for name, value in stream_reply.headers.items():
            response.headers.append(name, value)
        return response

    # Read as what it is now: an `async def` whose answer is not validated as a whole, and that sees what dependencies say.
    reply = inspect.Parameter("stream_reply", inspect.Parameter.KEYWORD_ONLY, annotation=Response)
    parameters = [parameter.replace(kind=reply.kind) for parameter in signature.parameters.values()]
    declared = signature.replace(parameters=[*parameters, reply], return_annotation=StreamingResponse)
    del answer_with_stream.__wrapped__
    answer_with_stream.__streams__ = endpoint  # type: ignore[attr-defined] # read by the documentation
    answer_with_stream.__signature__ = declared  # type: ignore[attr-defined] # read by inspect
    return answer_with_stream


async def _taking_turns(items: AsyncIterable[Any]) -> AsyncIterator[Any]:
    # A generator that never waits would keep the loop for itself, and could not even be cancelled.
    try:
        async for item in items:
            yield item
            await asyncio.sleep(0)
    finally:
        await _close(items)


def yields(endpoint: Any) -> bool:
    """Whether a handler is a generator, asynchronous or not."""
    return inspect.isgeneratorfunction(endpoint) or inspect.isasyncgenfunction(endpoint)


def _item_encoder(item_type: Any, options: dict[str, Any]) -> Encode:
    if item_type in (None, Any) or (inspect.isclass(item_type) and issubclass(item_type, ServerSentEvent)):
        return _encode_untyped
    return response_codec(item_type, options, "").encode  # type: ignore[arg-type] # the words of a route


def _encode_untyped(value: Any) -> bytes:
    return json.dumps(_finite(jsonable_encoder(value)), ensure_ascii=False, allow_nan=False).encode("utf-8")


def _finite(value: Any) -> Any:
    """Replace what JSON cannot say: numbers that are not finite become null."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {_key(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def _key(key: Any) -> Any:
    if isinstance(key, float) and key - key != 0:
        return {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(key, "NaN")
    return key


def _json_lines(encode: Encode) -> Callable[[AsyncIterable[Any]], StreamingResponse]:
    async def lines(items: AsyncIterable[Any]) -> AsyncIterator[bytes]:
        try:
            async for item in items:
                yield encode(item) + b"\n"
        finally:
            await _close(items)

    return lambda items: StreamingResponse(lines(items), media_type="application/jsonl")


def _events(response_class: Any, encode: Encode) -> Callable[[AsyncIterable[Any]], StreamingResponse]:
    async def events(items: AsyncIterable[Any]) -> AsyncIterator[bytes]:
        try:
            async for item in kept_alive(items):
                yield item if isinstance(item, _Ping) else _encode_event(item, encode)
        finally:
            await _close(items)

    return lambda items: response_class(events(items))


class _Ping(bytes):
    """A comment between events."""


async def kept_alive(items: AsyncIterable[Any]) -> AsyncIterator[Any]:
    """Give the items, and a ping wherever the next one takes long."""
    iterator = aiter(items)
    waiting: asyncio.Future[Any] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(anext(iterator))
            done, _ = await asyncio.wait([waiting], timeout=PING_SECONDS)
            if not done:
                yield _Ping(format_sse_event(comment="ping"))
                continue
            item, waiting = waiting, None
            try:
                yield item.result()
            except StopAsyncIteration:
                return
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


def _encode_event(item: Any, encode: Encode) -> bytes:
    if not isinstance(item, ServerSentEvent):
        return format_sse_event(data_str=encode(item).decode())
    if item.data is None:
        return encode_event(item)
    data = _encode_untyped(item.data).decode()
    return format_sse_event(data_str=data, event=item.event, id=item.id, retry=item.retry, comment=item.comment)


async def _close(items: AsyncIterable[Any]) -> None:
    close = getattr(items, "aclose", None)
    if close is not None:
        await close()
