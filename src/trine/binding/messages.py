"""Typed WebSocket messages: `WebSocket[In, Out]` in a signature, compiled to a decoder and an encoder."""

from collections.abc import Callable, Iterator
from typing import Any, get_args, get_origin

from trine.errors import MessageValidationError, SetupError
from trine.http.json import encode_json
from trine.websocket import MessageCodec, WebSocket

from .annotations import bare_type
from .encode import response_codec
from .plan import Plan
from .readers import depth_error
from .signature import Call, signature_of
from .validate import LARGE_BODY, BodyCodec, ErrorDetail, body_codec, too_deep, without_equal_keys


def message_codec(plan: Plan, max_depth: int) -> MessageCodec | None:
    """Build the codec of the models that a WebSocket handler or its dependencies name, None where none does."""
    found = {models: call for step in plan.steps for call, models in _declared(step.call)}
    if not found:
        return None
    if len(found) > 1:
        (first, one), (second, other) = list(found.items())[:2]
        raise SetupError(
            f"{_name(one)}() and {_name(other)}() share a WebSocket, but one names {_said(first)} and the other {_said(second)}.",
            hint="Name the same models in both, or leave one of them a plain WebSocket.",
        )
    ((incoming, outgoing), call) = next(iter(found.items()))
    return model_codec(incoming, outgoing, place=_place(call), max_depth=max_depth)


def model_codec(incoming: Any, outgoing: Any, *, place: str = "", max_depth: int = 64) -> MessageCodec:
    """Build the codec of messages of two models; `Any` stands for whatever JSON can say. Raises `SetupError`."""
    return MessageCodec(_decoder(incoming, place, max_depth), _encoder(outgoing, place))


def _declared(call: Call) -> Iterator[tuple[Call, tuple[Any, Any]]]:
    for name, special in call.specials:
        if special == "websocket":
            annotation = bare_type(signature_of(call.function).parameters[name].annotation)
            models = get_args(annotation)
            if get_origin(annotation) is not None and issubclass(get_origin(annotation), WebSocket):
                if len(models) > 2:
                    raise SetupError(
                        f"{_name(call)}() names {len(models)} models for its WebSocket.",
                        hint="Write WebSocket[In, Out]; a union names several: WebSocket[Join | Say, Event].",
                        where=_place(call),
                    )
                yield call, (models[0], models[1] if len(models) > 1 else Any)


def _decoder(model: Any, place: str, max_depth: int) -> Callable[[str | bytes], Any]:
    codec = _body_codec(model, place)

    def decode_message(data: str | bytes) -> Any:
        body = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
        if not codec.is_bounded and too_deep(body, max_depth):
            raise _misfit([depth_error(max_depth)], body)
        try:
            return codec.decode(body) if len(body) <= LARGE_BODY else codec.decode_large(body)
        except codec.failures as error:
            return _decode_again(codec, body, error)

    return decode_message


def _decode_again(codec: BodyCodec, body: bytes, error: Exception) -> Any:
    """Of equal keys the last one counts: try without the others, and else say what is wrong."""
    plain = without_equal_keys(body, error)
    if plain is not None:
        try:
            return codec.decode_large(plain)
        except codec.failures as final:
            error, body = final, plain
    raise _misfit(codec.explain(error, body), body) from error


def _misfit(details: list[ErrorDetail], body: bytes) -> MessageValidationError:
    return MessageValidationError([{**detail, "loc": ["message", *detail["loc"][1:]]} for detail in details], body=body)


def _body_codec(model: Any, place: str) -> BodyCodec:
    try:
        return body_codec(model, place)
    except TypeError as error:
        raise SetupError(
            f"msgspec cannot decode {model!r}: {error}",
            hint="Give each Struct of a union a tag (class Join(Struct, tag=True)), and do not mix Structs with models.",
            where=place,
        ) from error


def _encoder(model: Any, place: str) -> Callable[[Any], str]:
    if model is Any:
        return lambda value: encode_json(value).decode()
    codec = response_codec(model, {}, place)
    exact, encode_exact, encode = codec.exact, codec.encode_exact, codec.encode

    def encode_message(value: Any) -> str:
        return (encode_exact(value) if type(value) is exact else encode(value)).decode()

    return encode_message


def _said(models: tuple[Any, Any]) -> str:
    return f"[{', '.join(getattr(model, '__name__', repr(model)) for model in models)}]"


def _name(call: Call) -> str:
    return getattr(call.function, "__qualname__", None) or type(call.function).__qualname__


def _place(call: Call) -> str:
    code = getattr(call.function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else ""
