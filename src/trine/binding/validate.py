"""From text and JSON to typed values: Pydantic's validators, msgspec's decoders, and what their errors look like to a client."""

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from inspect import isclass
from typing import Annotated, Any, get_args, get_origin

import msgspec
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError
from pydantic.warnings import UnsupportedFieldAttributeWarning
from pydantic_core import SchemaValidator

from trine.errors import SetupError
from trine.http.json import find_json_error

from .annotations import bare_type
from .params import UNSET
from .portable import portable
from .signature import Input

ErrorDetail = dict[str, Any]
Location = tuple[str | int, ...]

LARGE_BODY = 16 * 1024
"""Above this many bytes a list stops at its first misfit, and errors do not repeat their input.

Ten megabytes of `{},` would otherwise become millions of errors, gigabytes of memory and half a minute of work.
"""
MAX_ERRORS = 1000
"""So many errors are listed; of more only the number is told."""


@dataclass(frozen=True)
class BodyCodec:
    """How JSON bytes become a value. `decode` raises one of `failures`; `explain` turns that into error details."""

    decode: Callable[[bytes], Any]
    decode_large: Callable[[bytes], Any]
    """Does the same for a body above `LARGE_BODY`, and gives up early where it does not fit."""
    failures: tuple[type[Exception], ...]
    explain: Callable[[Exception, bytes], list[ErrorDetail]]
    is_bounded: bool
    """Whether the type itself limits how deep a value can nest: neither untyped parts nor recursion."""


def adapter_for(annotation: Any, where: str = "") -> TypeAdapter[Any]:
    """Build Pydantic's adapter for a type. Raises `SetupError` for a type that Pydantic does not know."""
    try:
        with warnings.catch_warnings():
            # What only documents, such as `deprecated`, has no effect on validation, and is meant to have none.
            warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
            adapter = TypeAdapter(portable(annotation))
            if not adapter.pydantic_complete:
                adapter.rebuild(raise_errors=True)
            return adapter
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError) as error:
        reason = str(error).splitlines()[0]
        raise SetupError(
            f"The type {annotation!r} cannot be validated: {reason}",
            hint="Use a model, a record, or a type that Pydantic knows.",
            where=where,
        ) from error


def input_annotation(item: Input) -> Any:
    """An input's type together with its constraints, as Pydantic takes them."""
    options = item.param.field_options
    for name in ("alias", "validation_alias", "serialization_alias", "alias_priority", "default_factory", "validate_default"):
        options.pop(name, None)
    return Annotated[item.annotation, Field(**options)] if options else item.annotation


def input_validator(item: Input, *, hasty: bool = False, as_json: bool = False) -> Callable[[Any], Any]:
    """Build the function that turns a received value into the declared type. Raises Pydantic's `ValidationError`.

    A hasty one stops at the first misfit of each list; with `as_json` the value is received as JSON.
    """
    schema = refuse_non_finite(adapter_for(input_annotation(item), item.where).core_schema)
    validator = SchemaValidator(stop_early(schema) if hasty else schema, _use_prebuilt=False)
    return validator.validate_json if as_json else validator.validate_python


def body_codec(annotation: Any, where: str = "") -> BodyCodec:
    """Build the decoder of a JSON body: msgspec's for its Structs and their containers, Pydantic's for the rest."""
    return _struct_codec(annotation) if is_struct_type(annotation) else _pydantic_codec(annotation, where)


def is_struct_type(annotation: Any) -> bool:
    """Whether a type is a msgspec Struct, or a container of Structs."""
    kind = bare_type(annotation)
    base = get_origin(kind) or kind
    if isclass(base) and issubclass(base, msgspec.Struct):
        return True
    return any(is_struct_type(argument) for argument in get_args(kind) if argument is not Ellipsis)


def refuse_non_finite(schema: Any) -> Any:
    """Copy a core schema so that floats refuse NaN and infinity where the field does not say otherwise.

    JSON has no such numbers (RFC 8259 §6), but Pydantic reads `NaN`, and `1e999` as infinity.
    """
    if isinstance(schema, dict):
        if (schema.get("config") or {}).get("allow_inf_nan"):
            return schema
        copied = {key: value if key in _OPAQUE else refuse_non_finite(value) for key, value in schema.items()}
        if copied.get("type") == "float":
            copied.setdefault("allow_inf_nan", False)
        return copied
    if isinstance(schema, list):
        return [refuse_non_finite(item) for item in schema]
    return tuple(refuse_non_finite(item) for item in schema) if type(schema) is tuple else schema


def stop_early(schema: Any) -> Any:
    """Copy a core schema so that lists, tuples and sets report their first misfit alone."""
    if isinstance(schema, dict):
        copied = {key: value if key in _OPAQUE else stop_early(value) for key, value in schema.items()}
        if copied.get("type") in ("list", "tuple", "set", "frozenset"):
            copied["fail_fast"] = True
        return copied
    if isinstance(schema, list):
        return [stop_early(item) for item in schema]
    return tuple(stop_early(item) for item in schema) if type(schema) is tuple else schema


# Parts of a core schema that hold values or documentation, not schemas.
_OPAQUE = frozenset({"metadata", "config", "default", "cls", "serialization", "expected"})


def _holds(schema: Any, kind: str) -> bool:
    if isinstance(schema, dict):
        return schema.get("type") == kind or any(_holds(value, kind) for key, value in schema.items() if key not in _OPAQUE)
    return isinstance(schema, list | tuple) and any(_holds(item, kind) for item in schema)


def _is_untyped(schema: Any) -> bool:
    """Whether a part of a core schema takes anything: `Any`, a plain `dict`, a plain `list`."""
    if isinstance(schema, dict):
        kind = schema.get("type")
        if kind == "any" or (kind == "dict" and "values_schema" not in schema):
            return True
        if kind in ("list", "set", "frozenset") and "items_schema" not in schema:
            return True
        return any(_is_untyped(value) for key, value in schema.items() if key not in _OPAQUE)
    return isinstance(schema, list | tuple) and any(_is_untyped(item) for item in schema)


def _pydantic_codec(annotation: Any, where: str) -> BodyCodec:
    schema = adapter_for(annotation, where).core_schema
    has_untyped_parts = _is_untyped(schema)
    strict_schema = refuse_non_finite(schema)
    validator = SchemaValidator(strict_schema, _use_prebuilt=False)

    @cache
    def hasty() -> SchemaValidator:
        # Built when the first large body comes, if ever.
        return SchemaValidator(stop_early(strict_schema), _use_prebuilt=False)

    def strictly(validate_json: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def decode_strictly(body: bytes) -> Any:
            # Untyped parts have no schema that could refuse NaN: msgspec's parser does.
            check_json(body)
            return validate_json(body)

        return decode_strictly if has_untyped_parts else validate_json

    def explain(error: Exception, body: bytes) -> list[ErrorDetail]:
        if not isinstance(error, ValidationError) or _is_syntax(error):
            return [json_error(body, str(error))]
        if len(body) > LARGE_BODY:
            return located(error, ("body",), with_input=False)
        try:
            # The same errors as for a value that was parsed first, so that their texts do not depend on the way.
            validator.validate_python(parse_json(body), from_attributes=True)
        except ValidationError as plain:
            # A strict model takes texts for dates from JSON alone: its own errors are the true ones then.
            error = plain if plain.error_count() == error.error_count() else error
        except (ValueError, RecursionError):
            return located(error, ("body",), with_input=False)
        return located(error, ("body",))

    return BodyCodec(
        strictly(validator.validate_json),
        strictly(lambda body: hasty().validate_json(body)),
        (ValidationError, *_BROKEN),
        explain,
        is_bounded=not has_untyped_parts and not _holds(schema, "definition-ref"),
    )


# How msgspec refuses: it decodes bytes of a text only where it needs the text.
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _is_syntax(error: ValidationError) -> bool:
    return error.error_count() == 1 and error.errors(include_input=False)[0]["type"] == "json_invalid"


def _struct_codec(annotation: Any) -> BodyCodec:
    decode = msgspec.json.Decoder(annotation).decode

    def explain(error: Exception, body: bytes) -> list[ErrorDetail]:
        if isinstance(error, msgspec.ValidationError):
            return [_struct_error(str(error), body)]
        return [json_error(body, str(error))]

    return BodyCodec(decode, decode, _BROKEN, explain, is_bounded=_is_bounded(msgspec.inspect.type_info(annotation)))


def _is_bounded(kind: Any, above: tuple[Any, ...] = ()) -> bool:
    """Whether a type of msgspec's limits how deep a value can nest. `above` are the types that it is part of."""
    if isinstance(kind, _UNTYPED) or any(kind is outer for outer in above):
        return False
    parts = [part for name in kind.__struct_fields__ for part in _as_tuple(getattr(kind, name))]
    kinds = [part.type if isinstance(part, msgspec.inspect.Field) else part for part in parts]
    return all(_is_bounded(part, (*above, kind)) for part in kinds if isinstance(part, msgspec.inspect.Type))


_UNTYPED = (msgspec.inspect.AnyType, msgspec.inspect.RawType, msgspec.inspect.CustomType)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _struct_error(message: str, body: bytes) -> ErrorDetail:
    """msgspec stops at the first failure and says where as a path: `Expected int, got str - at $.a.b[0]`."""
    text, _, path = message.partition(" - at `$")
    location: list[str | int] = ["body"]
    for step in path.rstrip("`").replace("[", ".[").split("."):
        if step.startswith("[") and step.endswith("]"):
            location.append(int(step[1:-1]))
        elif step.startswith("["):
            break  # `[...]`: somewhere in a dictionary, and msgspec does not say where.
        elif step:
            location.append(step)
    kind = "missing" if "missing required field" in text else "value_error"
    if kind == "missing":
        location.append(text.split("`")[1])
    return {"type": kind, "loc": location, "msg": text, "input": _value_at(body, location[1:])}


def _value_at(body: bytes, path: list[str | int]) -> Any:
    if len(body) > LARGE_BODY:
        return None
    try:
        value = parse_json(body)
    except (ValueError, RecursionError):
        return None  # A number of 100,000 digits: msgspec skips it, Python does not.
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
    return value


def without_equal_keys(body: bytes, error: Exception) -> bytes | None:
    """The same JSON with only the last of equal keys, or None where these cannot be what the error is about.

    The last one counts, but decoders look at the earlier ones too and may refuse them.
    """
    if isinstance(error, ValidationError):
        if error.error_count() > MAX_ERRORS:
            return None
    elif not isinstance(error, msgspec.ValidationError):
        return None
    found = False

    def take_last(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        last = dict(pairs)
        found = found or len(last) < len(pairs)
        return last

    try:
        value = json.loads(body.decode(), object_pairs_hook=take_last)
    except (ValueError, RecursionError):
        return None
    return json.dumps(value).encode() if found else None


def check_json(body: bytes) -> None:
    """Raise `msgspec.DecodeError` for anything that RFC 8259 does not allow, numbers beyond a double included."""
    msgspec.json.decode(body)


def parse_json(body: bytes) -> Any:
    """Parse JSON into plain values. Of two equal keys the last one counts. Raises ValueError."""
    return json.loads(body)


def json_error(body: bytes, reason: str) -> ErrorDetail:
    """Say where a body stops being JSON, in characters."""
    position, message = find_json_error(body, reason)
    return {"type": "json_invalid", "loc": ["body", position], "msg": "JSON decode error", "input": {}, "ctx": {"error": message}}


def too_deep(body: bytes, limit: int) -> bool:
    """Whether JSON nests deeper than `limit`. Linear, and nearly free for a body with few brackets."""
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    # Only brackets and quotes decide. Escapes go first, while they still stand beside what they escape.
    rest = body.replace(b"\\\\", b"").replace(b'\\"', b"").translate(_ONE_KIND, _NOT_STRUCTURE)
    rest = b"".join(rest.split(b'"')[::2])
    for _ in range(limit):
        # Each pass takes the innermost level away.
        shorter = rest.replace(b"[]", b"")
        if len(shorter) == len(rest):
            break
        rest = shorter
    # What is left nests too deep or is not JSON at all; the parsers refuse the latter with a better message.
    depth = 0
    for character in rest[: 4 * limit]:
        depth += 1 if character == _OPEN else -1
        if depth > 0 and (depth > limit or rest.endswith(b"]")):
            return True
    return False


_OPEN = ord("[")
# Brackets and braces count alike: with two kinds, one pass could take two levels away.
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))


def located(error: ValidationError, prefix: Location, *, with_input: bool = True) -> list[ErrorDetail]:
    """Pydantic's errors with the place in the request in front, without links."""
    count = error.error_count()
    if count > MAX_ERRORS:
        message = f"{count} values do not fit: more than the {MAX_ERRORS} that are listed"
        context = {"count": count, "limit": MAX_ERRORS}
        return [{"type": "too_many_errors", "loc": [*prefix], "msg": message, "input": None, "ctx": context}]
    details = [{**detail, "loc": [*prefix, *detail["loc"]]} for detail in error.errors(include_url=False)]
    return details if with_input else [{**detail, "input": None} for detail in details]


def missing(location: Location, value: Any = None) -> ErrorDetail:
    """A required input that is not there."""
    return {"type": "missing", "loc": list(location), "msg": "Field required", "input": value}


def default_of(item: Input) -> Any:
    """The declared default, None where there is none."""
    return None if item.default is UNSET else item.default
