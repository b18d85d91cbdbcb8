"""What an operation answers: success, the further answers that were declared, and refused inputs."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from inspect import Signature, isclass
from typing import Any

from trine.binding.annotations import bare_type
from trine.binding.bound import BoundRoute
from trine.binding.signature import signature_of
from trine.errors import SetupError, status_phrase
from trine.http import JSONLinesResponse, JSONResponse, MsgPackResponse
from trine.routing import Deprecation

from .merge import merge
from .schemas import Described, Schema, Schemas

_is_status = re.compile(r"[1-5]([0-9][0-9]|XX)|DEFAULT").fullmatch
_RANGES = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "default": "Default Response",
}


@dataclass(frozen=True, eq=False)
class Answer:
    """One status, what was written about it by hand, and the type of its body."""

    status: str
    written: dict[str, Any]
    media_type: str | None
    place: Described | None = None
    schema: Schema | None = None
    """A schema that needs no type."""
    stream: Callable[[Schema], Schema] | None = None
    """Makes the schema of one event from that of its data; None where the body is one value."""
    others: "tuple[Answer, ...]" = ()
    """The same value in further formats."""

    def write(self, schemas: Schemas) -> dict[str, Any]:
        """Write OpenAPI's Response Object (OpenAPI 3.1 §4.8.17)."""
        schema = schemas[self.place] if self.place is not None else self.schema
        if self.media_type is None or schema is None:
            return dict(self.written)
        keyword, schema = ("schema", schema) if self.stream is None else ("itemSchema", self.stream(schema))
        first = {"description": self.written["description"], "content": {self.media_type: {keyword: schema}}}
        for other in self.others:
            first["content"].update(other.write(schemas).get("content", {}))
        return merge(first, self.written)


def read_answers(bound: BoundRoute, unique_id: str) -> list[Answer]:
    """List what an operation answers, success first."""
    options, layer = bound.flat.options, bound.flat.layer
    success = str(bound.status_code)
    declared = {_status_key(status, bound): answer for status, answer in layer.responses.items()}
    description: dict[str, Any] = {"description": options.get("response_description", "Successful Response")}
    headers = {**getattr(bare_type(bound.response_model), "response_headers", {}), **_version_headers(bound)}
    if headers:
        description["headers"] = headers
    answers = [_success(bound, unique_id, description | _without_model(declared.get(success, {})))]
    if bound.representations and "406" not in declared:
        answers.append(Answer("406", {"description": _phrase("406")}, None))
    for status, answer in declared.items():
        written = _without_model(answer)
        written.setdefault("description", _phrase(status))
        model = answer.get("model")
        place = None if model is None else _place(model, f"Response {status} {unique_id}")
        extra = Answer(status, written, bound.response_class.media_type or "application/json", place)
        if status == success:
            # The success was declared twice: the model of `responses` counts, and the words of both.
            answers[0] = _joined(answers[0], extra) if place is not None else answers[0]
        else:
            answers.append(extra)
    return answers


def _version_headers(bound: BoundRoute) -> dict[str, Any]:
    """What an answer says about its version: that it is out of use, and until when it is there."""
    said = bound.flat.layer.deprecated
    if not isinstance(said, Deprecation):
        return {}
    words = {
        "deprecation": ("Deprecation", "Since when the operation is out of use (RFC 9745)."),
        "sunset": ("Sunset", "When the operation will be gone (RFC 8594)."),
    }
    return {
        words[name][0]: {"description": words[name][1], "schema": {"type": "string"}, "example": value}
        for name, value in said.headers
        if name in words
    }


def _success(bound: BoundRoute, unique_id: str, written: dict[str, Any]) -> Answer:
    if bound.is_stream:
        return _stream(bound, unique_id, written)
    classes = bound.representations or (bound.response_class,)
    formats = [_formatted(bound, chosen, unique_id, written) for chosen in classes]
    # One value, however it is written: one schema.
    place = next((answer.place for answer in formats if answer.place is not None), None)
    first, *others = [answer if answer.place is None else replace(answer, place=place) for answer in formats]
    return replace(first, others=tuple(others))


def _formatted(bound: BoundRoute, response_class: Any, unique_id: str, written: dict[str, Any]) -> Answer:
    """The success in one format."""
    status, media_type = str(bound.status_code), response_class.media_type
    if not bound.has_body or media_type is None:
        return Answer(status, written, None)
    if not _is_json(response_class):
        return Answer(status, written, media_type, schema={"type": "string"})
    model = _declared_model(bound)
    if model is None:
        return Answer(status, written, media_type, schema={})
    return Answer(status, written, media_type, _place(model, f"Response {unique_id}"))


def _stream(bound: BoundRoute, unique_id: str, written: dict[str, Any]) -> Answer:
    """A handler that yields: its answer has no end that could be described, but each item has a type."""
    status, media_type, item = str(bound.status_code), bound.response_class.media_type, bound.item_type
    place = None if item is None else _place(item, f"StreamItem {unique_id}".title())
    if media_type == "text/event-stream":
        return Answer(status, written, media_type, place, {} if place is None else None, _event)
    if issubclass(bound.response_class, JSONLinesResponse):
        return Answer(status, written, media_type, place, {} if place is None else None, dict)
    return Answer(status, written, media_type, schema={"type": "string"})


def _event(data: Schema) -> Schema:
    """One server-sent event whose data is JSON."""
    typed = {"contentMediaType": "application/json", "contentSchema": data} if data else {}
    properties = {
        "data": {"type": "string", **typed},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    }
    return {"type": "object", "properties": properties, **({"required": ["data"]} if data else {})}


def _declared_model(bound: BoundRoute) -> Any:
    """The response model, where there is one to describe. `Any` is one: it says that the answer is JSON."""
    model = bound.response_model
    options, handler = bound.flat.options, bound.flat.route.handler
    declared = options["response_model"] if "response_model" in options else signature_of(handler).return_annotation
    if model is None and declared is Any:
        return Any
    return None if model in (None, type(None), Signature.empty) else model


def _is_json(response_class: Any) -> bool:
    return isclass(response_class) and issubclass(response_class, JSONResponse | MsgPackResponse)


def _place(model: Any, name: str) -> Described:
    return Described(model, "serialization", name.replace("_", " ").title())


def _joined(answer: Answer, extra: Answer) -> Answer:
    return Answer(answer.status, answer.written, extra.media_type, extra.place)


def _without_model(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "model"}


def _status_key(status: int | str, bound: BoundRoute) -> str:
    key = str(int(status) if isinstance(status, HTTPStatus) else status).upper()
    if not _is_status(key):
        raise SetupError(
            f"The responses of '{bound.flat.name}' have the status '{status}'.",
            hint="Use a number from 100 to 599, a range such as '4XX', or 'default'.",
        )
    return "default" if key == "DEFAULT" else key


def _phrase(status: str) -> str:
    words = _RANGES.get(status) or (status_phrase(int(status)) if status.isdecimal() else "")
    return words or "Additional Response"
