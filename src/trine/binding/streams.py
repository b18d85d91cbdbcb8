"""Handlers that yield: the type of their items, and the response that sends them."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator
from functools import partial, reduce
from inspect import Parameter, isclass
from operator import or_
from typing import Any, get_args, get_origin

from trine.errors import SetupError
from trine.http import JSONLinesResponse, JSONResponse, Response, ServerSentEvent, StreamingResponse
from trine.routing import handler_name

from .annotations import bare_type, union_members
from .signature import signature_of

_STREAMS = (AsyncIterable, AsyncIterator, AsyncGenerator, Iterable, Iterator, Generator)

MakeResponse = Callable[..., Response]


def read_item_type(handler: Callable[..., Any], where: str) -> Any:
    """The type of what a handler yields, None where it says none. An event's is that of its data, also in a union."""
    annotation = signature_of(handler).return_annotation
    if get_origin(annotation) in _STREAMS:
        item = next(iter(get_args(annotation)), None)
        members = union_members(item)
        if any(_is_event(member) for member in members):
            data = [_data_of(member) for member in members]
            item = reduce(or_, [kind for kind in data if kind not in (None, Any)] or [Any])
        return None if item is Any else item
    if annotation in (Any, Parameter.empty, *_STREAMS) or isinstance(annotation, str) or _is_response(annotation):
        return None
    name = getattr(annotation, "__name__", annotation)
    raise SetupError(
        f"{handler_name(handler)}() yields, but says that it returns {name}.",
        hint=f"Write '-> AsyncIterable[{name}]', or '-> Iterable[{name}]' for a plain 'def'.",
        where=where,
    )


def stream_class(declared: type[Response]) -> type[Response]:
    """The class of a stream's response: JSON, which one value would have, becomes JSON Lines."""
    return JSONLinesResponse if issubclass(declared, JSONResponse) else declared


def stream_maker(
    kind: type[Response],
    encode: Callable[[Any], bytes],
    exact: type | None = None,
    encode_exact: Callable[[Any], bytes] = bytes,
) -> MakeResponse:
    """Make the function that puts a generator into its response. `encode` turns an item, or the data of one, into JSON."""
    if not issubclass(kind, StreamingResponse):
        return kind
    encode_item = kind.item_encoder(encode, exact, encode_exact)
    return kind if encode_item is None else partial(_encoded, kind, encode_item)


def _encoded(kind: type[StreamingResponse], encode_item: Callable[[Any], bytes], source: Any, **given: Any) -> StreamingResponse:
    response: Any = kind(source, **given)
    # The route's own, which knows the type of its items.
    response.encode_item = encode_item
    return response  # type: ignore[no-any-return] # as it was before the line above


def _data_of(item: Any) -> Any:
    return next(iter(get_args(item)), None) if _is_event(item) else item


def _is_event(item: Any) -> bool:
    kind = get_origin(item) or bare_type(item)
    return isclass(kind) and issubclass(kind, ServerSentEvent)


def _is_response(annotation: Any) -> bool:
    return isclass(annotation) and issubclass(annotation, Response)
