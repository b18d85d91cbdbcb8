"""What happens to one input at run time: take it or its default, convert it, or say what is wrong with it.

A reader returns the value, or `FAILED` after it added error details. Generated code calls readers wherever a plain
comparison does not already settle the matter.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache, partial
from typing import Any

import msgspec
from pydantic import ValidationError

from trine.errors import RequestValidationError, UnsupportedEncoding
from trine.http import FormData, UploadFile

from .annotations import holds, is_upload, says
from .models import chosen_of, is_optional, is_sent, picker, picking, received_from, values_of, wire_locations
from .params import UNSET
from .signature import Input
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
RAW_JSON_TYPES = frozenset(map(str.encode, JSON_TYPES))
BOOLEANS = {"true": True, "false": False}
_IMMUTABLE = (str, bytes, int, float, bool, complex, type(None), frozenset, tuple)


def location_of(item: Input, alias: str | None = None) -> tuple[str, ...]:
    """Where an input stands, as error details say it."""
    return ("body" if item.kind in ("form", "file") else item.kind, alias or item.alias)


def value_reader(item: Input, alias: str | None = None) -> Reader:
    """Read one received value, under one of its names; None stands for its absence."""
    location = location_of(item, alias)
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
    read_by_alias, takes_all = {alias: value_reader(item, alias) for alias in item.aliases}, item.is_sequence
    read_absent, chosen = read_by_alias[item.alias], chosen_of(item.kind)

    def read_all(source: Any, errors: Errors) -> Any:
        for alias, read_value in read_by_alias.items():
            values = values_of(source, alias)
            if values:
                return read_value(values if takes_all else values[chosen], errors)
        return read_absent(None, errors)

    return read_all


def model_reader(item: Input) -> Reader:
    """Read the fields of a model one by one: a parameter model, or a form model."""
    place = "body" if item.kind == "form" else item.kind
    absent = _absence(item, (place,))
    optional = is_optional(item)
    renamed = wire_locations(item)
    validate = _model_validator(item)

    def read_model(source: Any, errors: Errors) -> Any:
        if optional and not is_sent(item, source):
            return absent(errors)
        received = received_from(source)
        try:
            return validate(received)
        except (ValidationError, msgspec.ValidationError) as error:
            for detail in _details(error, (place,), received):
                errors.append({**detail, "loc": [renamed.get(step, _plain(step)) for step in detail["loc"]]})
            return FAILED

    return read_model


def _plain(step: str | int) -> str | int:
    # Pydantic names a member of a union after its validators as well; clients know only the model.
    match = _PICKED.fullmatch(step) if isinstance(step, str) else None
    return match[1] if match else step


_PICKED = re.compile(r"function-before\[pick\(\), (.*)\]")


def _model_validator(item: Input) -> Callable[[Any], Any]:
    if is_struct_type(item.annotation):
        pick = picker(item.bare, item)
        return lambda received: msgspec.convert(pick(received), item.bare, strict=False)
    return input_validator(replace(item, annotation=picking(item.annotation, item)))


def form_reader(item: Input, run_in_thread: Callable[..., Any]) -> Reader:
    """Read one field of a form. An empty text counts as absent, as browsers send it for an empty field."""
    in_thread = run_in_thread if reads_in_thread(item) else None
    location = location_of(item)
    absent = _absence(item, location)
    validate = _validator(item)
    takes_all = item.is_sequence
    reads_bytes = item.kind == "file" and not is_upload(item.annotation)

    async def read_field(form: FormData, errors: Errors) -> Any:
        for alias in item.aliases:
            values = values_of(form, alias)
            if not takes_all:
                values = [value for value in values if value != ""]
            if values:
                break
        else:
            return absent(errors)
        if reads_bytes:
            values = [await _whole_file(value) if isinstance(value, UploadFile) else value for value in values]
        try:
            value = values if takes_all else values[-1]
            return await in_thread(validate, value) if in_thread else validate(value)
        except (ValidationError, msgspec.ValidationError) as error:
            errors.extend(_details(error, (location[0], alias), values))
            return FAILED

    return read_field


async def _whole_file(upload: UploadFile) -> bytes:
    """Read a file, and leave it as it was for others who ask for it."""
    content = await upload.read()
    await upload.seek(0)
    return content


OddBodyReader = Callable[[bytes, str | None, Errors], Any]
FailedBodyReader = Callable[[Exception, bytes, Errors], Any]


def reads_in_thread(item: Input) -> bool:
    """Whether a value, or a part of it, takes so long to decode, such as an image, that the loop must not wait for it."""
    return item.kind in ("body", "form", "file") and holds(item.annotation, "reads_in_thread")


def body_reader(item: Input, depth: int) -> tuple[BodyCodec, OddBodyReader, FailedBodyReader]:
    """The decoder of a plain JSON body, and readers of what is empty, deep, large or no JSON, and of what failed."""
    codec = body_codec(item.annotation if is_struct_type(item.annotation) else input_annotation(item), item.where)
    absent = _absence(item, ("body",))
    validate = _validator(item)
    is_binary = says(item.annotation, "reads_body")

    def read_odd_body(body: bytes, content_type: str | None, errors: Errors) -> Any:
        if not body:
            return absent(errors)
        if not is_json(content_type):
            try:
                # Not JSON: only a type that takes bytes or text as they are accepts the body.
                return validate(body)
            except (ValidationError, msgspec.ValidationError) as error:
                text = None if is_binary or len(body) > LARGE_BODY else _text(body)
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
        plain = without_equal_keys(body, error)
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
    """Parse a body that holds several values by name. Without a body none of them is there; FAILED stands for broken JSON."""

    def read_document(body: bytes, content_type: str | None, errors: Errors) -> Any:
        if not body:
            return {}
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
    """Read one value from a parsed document by its name, or the first of its names that is there."""
    absent = _absence(item, location_of(item))
    validate, hasty = _validator(item), cache(lambda: _validator(item, hasty=True))
    as_json = cache(lambda: input_validator(item, hasty=True, as_json=True))

    def read_member(document: Any, errors: Errors) -> Any:
        if not isinstance(document, dict):
            # Something was sent, and it has no place for this value: a default would hide that.
            errors.append(missing(location_of(item)))
            return FAILED
        for alias in item.aliases:
            if alias in document:
                break
        else:
            return absent(errors)
        # An explicit null is a value: only the type decides whether it is welcome.
        value, is_large = document[alias], type(document) is _LargeDocument
        try:
            return hasty()(value) if is_large else validate(value)
        except ValidationError as error:
            try:
                # What a text may stand for in a strict model (a date, a UUID) is said for JSON alone.
                return as_json()(msgspec.json.encode(value))
            except ValidationError as plain:
                details = _details(plain if plain.error_count() < error.error_count() else error, location_of(item, alias), value)
        except msgspec.ValidationError as error:
            details = _details(error, location_of(item, alias), value)
        errors.extend({**detail, "input": None} if is_large else detail for detail in details)
        return FAILED

    return read_member


def is_json(content_type: str | None) -> bool:
    """Whether a content type says JSON: `application/json`, or a type that ends in `+json` (RFC 6839 §3.1)."""
    if content_type is None:
        return False
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def misfit(errors: Errors, body: bytes, coding: str | bytes | None) -> Exception:
    """What is wrong with inputs beside a body in JSON: perhaps that the body was compressed, and nobody decompresses here."""
    coding = coding.decode("latin-1") if isinstance(coding, bytes) else coding
    if body and coding and coding.strip().lower() != "identity" and any(list(error["loc"][:1]) == ["body"] for error in errors):
        return UnsupportedEncoding(coding)
    return RequestValidationError(errors, body=body)


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
