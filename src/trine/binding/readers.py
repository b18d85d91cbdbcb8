"""What happens to one input at run time: take it or its default, convert it, or say what is wrong with it.

A reader returns the value, or `FAILED` after it added error details. Generated code calls readers wherever a plain
comparison does not already settle the matter.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import cache, partial
from inspect import isclass
from typing import Any, get_type_hints

import msgspec
from pydantic import AliasChoices, ValidationError

from trine.http import FormData, Headers, ImmutableMultiDict, UploadFile

from .params import UNSET, Header
from .signature import Input, is_fields_model, is_sequence_type, is_upload, union_members
from .validate import (
    LARGE_BODY,
    BodyCodec,
    ErrorDetail,
    body_codec,
    default_of,
    input_annotation,
    input_validator,
    is_struct_type,
    json_error,
    located,
    missing,
    too_deep,
    without_equal_keys,
)

FAILED: Any = object()
Errors = list[ErrorDetail]
Reader = Callable[[Any, Errors], Any]

JSON_TYPES = frozenset({"application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"})
BOOLEANS = {"true": True, "false": False}
_IMMUTABLE = (str, bytes, int, float, bool, complex, type(None), frozenset, tuple)


def location_of(item: Input) -> tuple[str, ...]:
    """Where an input stands, as error details say it."""
    return ("body" if item.kind in ("form", "file") else item.kind, item.alias)


def value_reader(item: Input) -> Reader:
    """Read one received value; None stands for its absence."""
    location = location_of(item)
    absent = _absence(item, location)
    validate = _validator(item)

    def read_value(raw: Any, errors: Errors) -> Any:
        if raw is None:
            return absent(errors)
        try:
            return validate(raw)
        except (ValidationError, msgspec.ValidationError) as error:
            errors.extend(_details(error, location, raw))
            return FAILED

    return read_value


def list_reader(item: Input) -> Reader:
    """Read every value of a name, or the first of several names that is there, from a multi-dict or headers."""
    read_value, takes_all = value_reader(item), item.is_sequence

    def read_all(source: Any, errors: Errors) -> Any:
        for alias in item.aliases:
            values = _values(source, alias)
            if values:
                return read_value(values if takes_all else values[-1], errors)
        return read_value(None, errors)

    return read_all


def model_reader(item: Input) -> Reader:
    """Read the fields of a model one by one: a parameter model, or a form model."""
    place = "body" if item.kind == "form" else item.kind
    names = _field_names(item)
    absent = _absence(item, (place,))
    validate = _validator(item)
    is_header = item.kind == "header"

    def read_model(source: Any, errors: Errors) -> Any:
        data: dict[str, Any] = {}
        for wire_name, name, takes_all in names:
            values = _values(source, wire_name)
            if values:
                data[name] = values if takes_all else values[-1]
        # Whether further names are welcome is the model's decision (`extra="forbid"`).
        known = {wire_name for wire_name, _, _ in names}
        for name in dict.fromkeys(source.keys()):
            if name not in known and not (is_header and name in _TRANSPORT_HEADERS):
                values = _values(source, name)
                data[name] = values if len(values) > 1 else values[0]
        if not data and not item.required:
            return absent(errors)
        try:
            return validate(data)
        except (ValidationError, msgspec.ValidationError) as error:
            errors.extend(_details(error, (place,), data))
            return FAILED

    return read_model


def form_reader(item: Input) -> Reader:
    """Read one field of a form. An empty text counts as absent, as browsers send it for an empty field."""
    location = location_of(item)
    absent = _absence(item, location)
    validate = _validator(item)
    takes_all = item.is_sequence
    reads_bytes = item.kind == "file" and not is_upload(item.annotation)

    async def read_field(form: FormData, errors: Errors) -> Any:
        values: list[Any] = []
        for alias in item.aliases:
            values = values or _values(form, alias)
        if not values:
            return absent(errors)
        if reads_bytes:
            values = [await value.read() if isinstance(value, UploadFile) else value for value in values]
        try:
            return validate(values if takes_all else values[-1])
        except (ValidationError, msgspec.ValidationError) as error:
            errors.extend(_details(error, location, values))
            return FAILED

    return read_field


OddBodyReader = Callable[[bytes, str | None, Errors], Any]
FailedBodyReader = Callable[[Exception, bytes, Errors], Any]


def body_reader(item: Input, depth: int) -> tuple[BodyCodec, OddBodyReader, FailedBodyReader]:
    """The decoder of a plain JSON body, and readers of what is empty, deep, large or no JSON, and of what failed."""
    codec = body_codec(item.annotation if is_struct_type(item.annotation) else input_annotation(item), item.where)
    absent = _absence(item, ("body",))
    validate = _validator(item)

    def read_odd_body(body: bytes, content_type: str | None, errors: Errors) -> Any:
        if not body:
            return absent(errors)
        if not is_json(content_type):
            try:
                # Not JSON: only a type that takes bytes or text as they are accepts the body.
                return validate(body)
            except (ValidationError, msgspec.ValidationError) as error:
                text = _text(body) if len(body) <= LARGE_BODY else None
                errors.extend({**detail, "input": text} for detail in _details(error, ("body",), body))
                return FAILED
        if not codec.is_bounded and too_deep(body, depth):
            errors.append(depth_error(depth))
            return FAILED
        try:
            return codec.decode(body) if len(body) <= LARGE_BODY else codec.decode_large(body)
        except codec.failures as error:
            return read_failed_body(error, body, errors)

    def read_failed_body(error: Exception, body: bytes, errors: Errors) -> Any:
        plain = without_equal_keys(body) if isinstance(error, ValidationError | msgspec.ValidationError) else None
        if plain is not None:
            try:
                return codec.decode_large(plain)
            except codec.failures as final:
                error, body = final, plain
        errors.extend(codec.explain(error, body))
        return FAILED

    return codec, read_odd_body, read_failed_body


class _LargeDocument(dict[str, Any]):
    """A document from a body above `LARGE_BODY`: its members report errors briefly."""


def document_reader(depth: int) -> OddBodyReader:
    """Parse a body that holds several values by name. None stands for no body, FAILED for broken JSON."""

    def read_document(body: bytes, content_type: str | None, errors: Errors) -> Any:
        if not body:
            return None
        if not is_json(content_type):
            return _text(body)
        if too_deep(body, depth):
            errors.append(depth_error(depth))
            return FAILED
        try:
            document = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            errors.append(json_error(body, str(error)))
            return FAILED
        return _LargeDocument(document) if len(body) > LARGE_BODY and isinstance(document, dict) else document

    return read_document


def member_reader(item: Input) -> Reader:
    """Read one value from a parsed document by its name."""
    location = location_of(item)
    absent = _absence(item, location)
    validate, hasty = _validator(item), cache(lambda: _validator(item, hasty=True))

    def read_member(document: Any, errors: Errors) -> Any:
        if not isinstance(document, dict) or item.alias not in document:
            return absent(errors)
        # An explicit null is a value: only the type decides whether it is welcome.
        value, is_large = document[item.alias], type(document) is _LargeDocument
        try:
            return hasty()(value) if is_large else validate(value)
        except (ValidationError, msgspec.ValidationError) as error:
            details = _details(error, location, value)
            errors.extend({**detail, "input": None} if is_large else detail for detail in details)
            return FAILED

    return read_member


def is_json(content_type: str | None) -> bool:
    """Whether a content type says JSON: `application/json`, or a type that ends in `+json` (RFC 6839 §3.1)."""
    if content_type is None:
        return False
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def depth_error(limit: int) -> ErrorDetail:
    """JSON that nests deeper than the route accepts."""
    return {
        "type": "json_too_deep",
        "loc": ["body"],
        "msg": f"JSON may nest at most {limit} levels deep here",
        "input": {},
        "ctx": {"limit": limit},
    }


def _absence(item: Input, location: tuple[str, ...]) -> Callable[[Errors], Any]:
    if item.required:

        def refuse(errors: Errors) -> Any:
            errors.append(missing(location))
            return FAILED

        return refuse
    if item.param.options.get("validate_default"):
        return _validated_default(item, location)
    factory = item.param.options.get("default_factory")
    if factory is not None and item.default is UNSET:
        return lambda errors: factory()
    default = default_of(item)
    if isinstance(default, _IMMUTABLE):
        return lambda errors: default
    return lambda errors: deepcopy(default)


def _validated_default(item: Input, location: tuple[str, ...]) -> Callable[[Errors], Any]:
    validate = _validator(item)
    factory = item.param.options.get("default_factory")

    def give_default(errors: Errors) -> Any:
        value = deepcopy(item.default) if factory is None else factory()
        try:
            return validate(value)
        except (ValidationError, msgspec.ValidationError) as error:
            errors.extend(_details(error, location, value))
            return FAILED

    return give_default


def _validator(item: Input, *, hasty: bool = False) -> Callable[[Any], Any]:
    if is_struct_type(item.annotation):
        return lambda value: msgspec.convert(value, item.annotation, strict=False)
    validate = input_validator(item, hasty=hasty)
    # Objects with attributes are welcome wherever a record is, as responses are.
    return partial(validate, from_attributes=True) if item.kind == "body" else validate  # type: ignore[call-arg] # Pydantic's validate_python


def _details(error: Exception, location: tuple[str, ...], value: Any) -> Errors:
    if isinstance(error, ValidationError):
        return located(error, location)
    return [{"type": "value_error", "loc": list(location), "msg": str(error), "input": value}]


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _values(source: Any, name: str) -> list[Any]:
    if isinstance(source, ImmutableMultiDict | Headers):
        return [value for value in source.getlist(name) if value != "" or not isinstance(source, FormData)]
    return [source[name]] if name in source else []


def _field_names(item: Input) -> list[tuple[str, str, bool]]:
    """A model's fields: the name on the wire, the name that the model's validator takes, and whether it is a list."""
    models = [member for member in union_members(item.annotation) if is_fields_model(member)]
    hyphens = isinstance(item.param, Header) and item.param.convert_underscores
    names: list[tuple[str, str, bool]] = []
    for name, annotation, alias in [field for model in models for field in _fields(model)]:
        wire_name = alias or (name.replace("_", "-") if hyphens else name)
        takes_all = any(is_sequence_type(member) for member in union_members(annotation))
        names.append((wire_name, alias or name, takes_all))
    return names


def _fields(model: Any) -> list[tuple[str, Any, str | None]]:
    if hasattr(model, "model_fields"):
        return [(name, field.annotation, _alias(field)) for name, field in model.model_fields.items()]
    if isclass(model) and issubclass(model, msgspec.Struct):
        return [
            (field.name, field.type, field.encode_name if field.encode_name != field.name else None)
            for field in msgspec.structs.fields(model)
        ]
    return [(name, annotation, None) for name, annotation in get_type_hints(model, include_extras=True).items()]


def _alias(field: Any) -> str | None:
    alias = field.validation_alias or field.alias
    if isinstance(alias, AliasChoices):
        alias = alias.choices[0]
    return alias if isinstance(alias, str) else None


# Every client sends these: they are no fields of a model that forbids extra ones, unless it declares them.
_TRANSPORT_HEADERS = frozenset({"host", "accept", "accept-encoding", "connection", "user-agent"})
