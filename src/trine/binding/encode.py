"""From a handler's value to bytes: validated against the response model, reduced to it, encoded."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import isclass
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError

from trine.errors import ResponseValidationError
from trine.http.json import encode_json
from trine.routing import RouteOptions

from .annotations import bare_type
from .dictionaries import dictionary_encoder
from .validate import adapter_for, is_struct_type, located

_PASSED_ON = {
    "response_model_include": "include",
    "response_model_exclude": "exclude",
    "response_model_exclude_unset": "exclude_unset",
    "response_model_exclude_defaults": "exclude_defaults",
    "response_model_exclude_none": "exclude_none",
}
VALUE_OPTIONS = tuple(_PASSED_ON)
"""The route options that leave parts of a value out."""


@dataclass(frozen=True)
class ResponseCodec:
    """How a handler's value becomes the bytes of a JSON body.

    A value of exactly the type `exact` goes straight to `encode_exact`; everything else to `encode`, which validates
    first and raises `ResponseValidationError`. `to_value` gives the same as plain JSON values, for other media types, and
    `check` the validated value itself.
    """

    exact: type | None
    encode_exact: Callable[[Any], bytes]
    encode: Callable[[Any], bytes]
    to_value: Callable[[Any], Any]
    check: Callable[[Any], Any]

    def for_class(self, response_class: Any) -> Callable[[Any], Any]:
        """What makes of a handler's value what a response class takes: plain values, or the object where it `takes_objects`."""
        return self.check if getattr(response_class, "takes_objects", False) else self.to_value


def untyped_codec(encode: Callable[[Any], bytes] = encode_json) -> ResponseCodec:
    """The codec of a route without response model: whatever JSON can say."""
    return ResponseCodec(dict, encode, encode, lambda value: msgspec.json.decode(encode(value)), lambda value: value)


def response_codec(model: Any, options: RouteOptions, where: str) -> ResponseCodec:
    """Build the codec of a response model: msgspec's for its Structs, Pydantic's for the rest."""
    if is_struct_type(model):
        return _struct_codec(model)
    return _pydantic_codec(model, options, where)


def _struct_codec(model: Any) -> ResponseCodec:
    encode = msgspec.json.Encoder().encode

    def validated(value: Any) -> Any:
        try:
            return msgspec.convert(value, model, from_attributes=True)
        except msgspec.ValidationError as error:
            detail = {"type": "value_error", "loc": ["response"], "msg": str(error), "input": value}
            raise ResponseValidationError([detail], body=value) from error

    def encode_validated(value: Any) -> bytes:
        return encode(validated(value))

    kind, exact = bare_type(model), None
    if isclass(kind):
        exact = kind
    return ResponseCodec(exact, encode, encode_validated, lambda value: msgspec.json.decode(encode_validated(value)), validated)


def _pydantic_codec(model: Any, options: RouteOptions, where: str) -> ResponseCodec:
    adapter = adapter_for(model, where)
    validate, serializer = adapter.validator.validate_python, adapter.serializer
    chosen = {word: options[name] for name, word in _PASSED_ON.items() if options.get(name)}  # type: ignore[literal-required] # names of RouteOptions
    by_alias = options.get("response_model_by_alias", True)
    if "include" in chosen or "exclude" in chosen:
        chosen.update({word: _as_set(chosen[word]) for word in ("include", "exclude") if word in chosen})
    to_json, to_python = serializer.to_json, serializer.to_python

    def validated(value: Any) -> Any:
        try:
            return validate(value, from_attributes=True)
        except ValidationError as error:
            raise ResponseValidationError(located(error, ("response",)), body=value) from error

    encode_dictionaries = None if chosen else dictionary_encoder(adapter.core_schema)

    def encode(value: Any) -> bytes:
        if encode_dictionaries is not None and (
            type(value) is dict or (type(value) is list and value and type(value[0]) is dict)
        ):
            try:
                return encode_dictionaries(value)
            except ValidationError:
                # Something else is among them, or does not fit: then the model says what.
                pass
        return to_json(validated(value), by_alias=by_alias, **chosen)

    def encode_exact(value: Any) -> bytes:
        return to_json(value, by_alias=by_alias, **chosen)

    def to_value(value: Any) -> Any:
        return to_python(validated(value), mode="json", by_alias=by_alias, **chosen)

    kind = bare_type(model)
    trusted = isclass(kind) and issubclass(kind, BaseModel) and kind.model_config.get("revalidate_instances", "never") == "never"
    # Without aliases `to_json` itself is the whole encoder, one call instead of two.
    direct = trusted and not chosen and not _has_aliases(adapter.core_schema)
    return ResponseCodec(kind if trusted else None, to_json if direct else encode_exact, encode, to_value, validated)


def _as_set(chosen: Any) -> Any:
    return set(chosen) if isinstance(chosen, list | tuple) else chosen


def _has_aliases(schema: Any) -> bool:
    if isinstance(schema, dict):
        return "serialization_alias" in schema or any(
            _has_aliases(value) for key, value in schema.items() if key not in ("metadata", "config", "default", "cls")
        )
    return isinstance(schema, list | tuple) and any(_has_aliases(item) for item in schema)
