"""One operation of the document: a method of a path, with what it takes, answers and requires."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import Any

from trine.binding.bound import BoundRoute

from .callbacks import bind_callbacks
from .inputs import Parameter, RequestBody, own_inputs_first, read_body, read_parameters
from .merge import merge
from .problems import problem_response, validation_response
from .responses import Answer, read_answers
from .schemas import Described, Schemas
from .security import Requirement, read_requirements


@dataclass(frozen=True, eq=False)
class Operation:
    """What the document says about a method of a path, before its types are described."""

    method: str
    path: str
    unique_id: str
    bound: BoundRoute
    parameters: list[Parameter]
    body: RequestBody | None
    answers: list[Answer]
    requirements: list[Requirement]
    callbacks: "list[Operation]" = field(default_factory=list)

    def places(self) -> Iterator[Described]:
        """Give every type that must be described, those of the callbacks included."""
        for parameter in self.parameters:
            yield parameter.place
        if self.body is not None:
            yield from self.body.places
        for answer in self.answers:
            # The further formats of an answer have the schema of the first that has one.
            place = next((each.place for each in (answer, *answer.others) if each.place is not None), None)
            if place is not None:
                yield place
        for callback in self.callbacks:
            yield from callback.places()

    def all_requirements(self) -> Iterator[Requirement]:
        """Give every security scheme that is asked for, those of the callbacks included."""
        yield from self.requirements
        for callback in self.callbacks:
            yield from callback.all_requirements()

    def write(self, schemas: Schemas, *, problem_details: bool = False) -> dict[str, Any]:
        """Write OpenAPI's Operation Object (OpenAPI 3.1 §4.8.10)."""
        written = self._write_head()
        if self.requirements:
            written["security"] = [{requirement.name: list(requirement.scopes)} for requirement in self.requirements]
        parameters = [*(parameter.write(schemas) for parameter in self.parameters), *self._version_parameters()]
        if parameters:
            written["parameters"] = parameters
        if self.body is not None and self.method in _METHODS_WITH_BODY:
            written["requestBody"] = self.body.write(schemas)
        if self.callbacks:
            written["callbacks"] = _write_callbacks(self.callbacks, schemas)
        written["responses"] = self._write_responses(schemas, problem_details)
        return merge(written, self.bound.flat.options.get("openapi_extra") or {})

    def _version_parameters(self) -> Iterator[dict[str, Any]]:
        """The header that names the API version, where there is one."""
        versions, version = getattr(self.bound.context.app, "versions", None), self.bound.flat.version
        if version is not None and versions is not None and versions.header is not None:
            schema = {"type": "string", "const": version, "title": "API version"}
            yield {"name": versions.header, "in": "header", "required": version != versions.default, "schema": schema}

    def _write_head(self) -> dict[str, Any]:
        flat = self.bound.flat
        written: dict[str, Any] = {}
        if flat.layer.tags:
            written["tags"] = [getattr(tag, "value", tag) for tag in flat.layer.tags]
        written["summary"] = flat.options.get("summary") or flat.name.replace("_", " ").title()
        if description := describe(flat.options.get("description") or flat.route.handler.__doc__):
            written["description"] = description
        written["operationId"] = self.unique_id
        if flat.layer.deprecated:
            written["deprecated"] = True
        return written

    def _write_responses(self, schemas: Schemas, problem_details: bool) -> dict[str, Any]:
        responses = {answer.status: answer.write(schemas) for answer in self.answers}
        takes_input = self.body is not None or any(True for _ in own_inputs_first(self.bound.call))
        if takes_input and not responses.keys() & {"422", "4XX", "default"}:
            responses["422"] = validation_response(problem_details=problem_details)
        if problem_details:
            for status, response in responses.items():
                if status[0] in "45" and "content" not in response:
                    response.update(problem_response(response["description"]))
            responses.setdefault("default", problem_response("Any other error"))
        return responses


_METHODS_WITH_BODY = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})


def read_operations(bound: BoundRoute) -> Iterator[Operation]:
    """Read one operation for each method of a route."""
    methods = sorted(bound.flat.route.methods)
    body_name = unique_id(bound, methods[0])
    body = read_body(bound.plan, bound.call, body_name)
    callbacks = [operation for inner in bind_callbacks(bound) for operation in read_operations(inner)]
    for method in methods:
        name = unique_id(bound, method)
        yield Operation(
            method,
            bound.pattern.openapi_path,
            name,
            bound,
            read_parameters(bound.call, bound.pattern),
            body,
            read_answers(bound, name),
            read_requirements(bound.call),
            callbacks,
        )


def write_paths(operations: Iterable[Operation], schemas: Schemas, *, problem_details: bool = False) -> dict[str, Any]:
    """Write OpenAPI's Paths Object: every operation below its path and method."""
    paths: dict[str, Any] = {}
    for operation in operations:
        item = paths.setdefault(operation.path, {})
        item[operation.method.lower()] = operation.write(schemas, problem_details=problem_details)
    return paths


def describe(text: str | None) -> str:
    """A text for readers of the documentation: without indentation, and without what follows a form feed."""
    return cleandoc(text or "").partition("\f")[0].strip()


def unique_id(bound: BoundRoute, method: str) -> str:
    """The operation's name: as declared, as the application's function makes it, or from name, path and method."""
    flat = bound.flat
    declared = flat.options.get("operation_id")
    if declared:
        return str(declared)
    make = flat.layer.generate_unique_id_function
    if make is not None:
        path = bound.pattern.openapi_path
        return str(make(NamedRoute(flat.name, flat.path, path, list(flat.layer.tags), {method}, flat.route.handler)))
    return re.sub(r"\W", "_", f"{flat.name}{bound.pattern.openapi_path}") + f"_{method.lower()}"


@dataclass(frozen=True)
class NamedRoute:
    """What a `generate_unique_id_function` gets: one method of a route."""

    name: str
    path: str
    path_format: str
    tags: list[Any]
    methods: set[str]
    endpoint: Any


def _write_callbacks(callbacks: list[Operation], schemas: Schemas) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for callback in callbacks:
        item = written.setdefault(callback.bound.flat.name, {}).setdefault(callback.path, {})
        item[callback.method.lower()] = callback.write(schemas)
    return written
