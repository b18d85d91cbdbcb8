"""What breaks clients, and what does not."""

from typing import Annotated, Any, Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from trine import App, Depends, Header
from trine.openapi import breaking_changes
from trine.security import HTTPBearer


def document_of(declare) -> dict[str, Any]:
    app = App()
    declare(app)
    return app.openapi()


def changes(old, new) -> list[str]:
    return [str(change) for change in breaking_changes(document_of(old), document_of(new))]


def route(method: str, path: str, handler: Any, **options: Any):
    return lambda app: app.add_api_route(path, handler, methods=[method], **options)


def takes(annotation: Any):
    """An application that reads a body of a type."""

    def handler(value):
        return None

    handler.__annotations__["value"] = annotation
    return route("POST", "/items", handler)


def gives(model: Any):
    """An application that answers with a type."""
    return route("GET", "/items", lambda: None, response_model=model)


def model_of(fields: dict[str, tuple[Any, Any]]) -> type[BaseModel]:
    annotations = {name: kind for name, (kind, _) in fields.items()}
    defaults = {name: default for name, (_, default) in fields.items() if default is not ...}
    return type("Item", (BaseModel,), {"__annotations__": annotations, **defaults})


def body(**fields: tuple[Any, Any]):
    return takes(model_of(fields))


def answer(**fields: tuple[Any, Any]):
    return gives(model_of(fields))


def get(handler, **options):
    return route("GET", "/items", handler, **options)


def test_a_document_breaks_nothing_of_itself():
    def everything(app):
        class Node(BaseModel):
            name: str
            children: list["Node"] = []
            kind: Literal["a", "b"] | None = None

        app.add_api_route("/nodes/{id}", lambda id, node, q=1: None, methods=["PUT"], response_model=Node)

        @app.post("/nodes")
        def add(node: Node | list[Node], x_a: Annotated[str, Header()], q: int = 1) -> dict[str, Node]: ...

        @app.webhooks.post("told")
        def told(node: Node) -> None: ...

    assert changes(everything, everything) == []


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (get(lambda: 1), route("GET", "/things", lambda: 1), ["GET /items: was removed, with its path"]),
        (get(lambda: 1), route("POST", "/items", lambda: 1), ["GET /items: was removed"]),
        (get(lambda q=1: 1), get(lambda: 1), ["GET /items: the query parameter 'q' was removed"]),
        (get(lambda q=1: 1), get(lambda q: 1), ["GET /items: the query parameter 'q' is required now"]),
        (get(lambda: 1), get(lambda q: 1), ["GET /items: the query parameter 'q' is new and required"]),
        (get(lambda: 1), get(lambda: 1, status_code=202), ["GET /items: the answer 200 was removed (there is 202)"]),
        (
            get(lambda: 1),
            get(lambda: 1, dependencies=[Depends(HTTPBearer())]),
            ["GET /items: a request without credentials is not enough any more"],
        ),
        (body(a=(int, ...)), get(lambda: 1), ["POST /items: was removed"]),
        (body(a=(int, ...)), route("POST", "/items", lambda: 1), ["POST /items: the body was removed"]),
        (route("POST", "/items", lambda: 1), body(a=(int, ...)), ["POST /items: the body is new and required"]),
        (body(a=(int, ...), b=(int, 1)), body(a=(int, ...)), ["POST /items: 'b' of the body was removed"]),
        (body(a=(int, 1)), body(a=(int, ...)), ["POST /items: 'a' of the body is required now"]),
        (body(a=(int, 1)), body(a=(int, 1), b=(int, ...)), ["POST /items: 'b' of the body is new and required"]),
        (body(a=(float, 1)), body(a=(int, 1)), ["POST /items: 'a' of the body may no longer be number"]),
        (body(a=(int | None, 1)), body(a=(int, 1)), ["POST /items: 'a' of the body may no longer be null"]),
        (
            body(a=(Literal["x", "y"], "x")),
            body(a=(Literal["x"], "x")),
            ["POST /items: 'a' of the body may no longer be \"y\""],
        ),
        (body(a=(str, "x")), body(a=(Literal["x"], "x")), ["POST /items: 'a' of the body is limited to \"x\""]),
        (
            body(a=(Annotated[int, Field(le=10)], 1)),
            body(a=(Annotated[int, Field(le=5)], 1)),
            ["POST /items: 'a' of the body: maximum was 10, and is 5"],
        ),
        (
            body(a=(str, "")),
            body(a=(Annotated[str, Field(min_length=1)], "")),
            ["POST /items: 'a' of the body: minLength was not set, and is 1"],
        ),
        (body(a=(list[str], [])), body(a=(list[int], [])), ["POST /items: the items of 'a' of the body may no longer be string"]),
        (
            body(a=(dict[str, str], {})),
            body(a=(dict[str, int], {})),
            ["POST /items: the values of 'a' of the body may no longer be string"],
        ),
        (answer(a=(int, ...), b=(int, ...)), answer(a=(int, ...)), ["GET /items: 'b' of the answer 200 was removed"]),
        (answer(a=(int, ...)), answer(a=(float, ...)), ["GET /items: 'a' of the answer 200 may now be number"]),
        (answer(a=(int, ...)), answer(a=(int | None, ...)), ["GET /items: 'a' of the answer 200 may now be null"]),
        (answer(a=(Literal[1], ...)), answer(a=(Literal[1, 2], ...)), ["GET /items: 'a' of the answer 200 may now be 2"]),
        (
            answer(a=(Annotated[str, Field(max_length=5)], ...)),
            answer(a=(str, ...)),
            ["GET /items: 'a' of the answer 200: maxLength was 5, and is not set"],
        ),
        (gives(list[int]), gives(int), ["GET /items: the answer 200 may now be integer"]),
    ],
)  # fmt: skip
def test_what_breaks_clients_is_listed(old, new, wanted):
    assert changes(old, new) == wanted


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (get(lambda: 1), lambda app: [get(lambda: 1)(app), route("POST", "/items", lambda: 1)(app)]),
        (get(lambda q: 1), get(lambda q=1, r=2: 1)),
        (route("GET", "/items/{id}", lambda id: 1), route("GET", "/items/{number}", lambda number: 1)),
        (get(lambda: 1), get(lambda: 1, summary="Other words", tags=["new"], operation_id="other")),
        (get(lambda: 1, dependencies=[Depends(HTTPBearer())]), get(lambda: 1)),
        (body(a=(int, ...)), body(a=(int | str, 1), b=(str, ""))),
        (body(a=(Literal["x"], ...)), body(a=(Literal["x", "y"], ...))),
        (body(a=(Annotated[int, Field(le=5)], 1)), body(a=(int, 1))),
        (answer(a=(int | None, 1)), answer(a=(int, ...), b=(str, ...))),
        (answer(a=(Literal["x", "y"], ...)), answer(a=(Literal["x"], ...))),
        (answer(a=(str, ...)), answer(a=(Annotated[str, Field(max_length=5)], ...))),
        (get(lambda: 1, responses={404: {"description": "Gone"}}), get(lambda: 1)),
    ],
)
def test_what_is_only_new_or_wider_breaks_nobody(old, new):
    assert changes(old, new) == []


def test_models_that_refer_to_themselves_are_compared():
    def old(app):
        class Node(BaseModel):
            name: str
            children: list["Node"] = []

        takes(Node)(app)

    def new(app):
        class Node(BaseModel):
            name: Annotated[str, Field(max_length=9)]
            children: list["Node"] = []

        takes(Node)(app)

    assert changes(old, new) == ["POST /items: 'name' of the body: maxLength was not set, and is 9"]


def test_webhooks_are_read_by_clients():
    def told(**fields):
        model = type("News", (BaseModel,), {"__annotations__": fields})

        def declare(app):
            @app.webhooks.post("news")
            def news(item: model) -> None: ...

        return declare

    assert changes(told(a=int), told(a=int, b=int)) == []
    assert changes(told(a=int, b=int), told(a=int)) == ["POST webhook news: 'b' of the body was removed"]


names = st.sampled_from("abc")
scalars = st.one_of(
    st.just({"type": "null"}),
    st.just({"type": "boolean"}),
    st.builds(lambda low, high: {"type": "integer", "minimum": low, "maximum": high}, st.integers(0, 2), st.integers(2, 4)),
    st.builds(lambda low: {"type": "number", "minimum": low}, st.integers(0, 3)),
    st.builds(lambda length: {"type": "string", "maxLength": length}, st.integers(1, 3)),
    st.builds(lambda values: {"enum": values}, st.lists(st.sampled_from([1, 2, "x", None]), min_size=1, max_size=3, unique=True)),
    st.just({}),
)


def compounds(inner):
    properties = st.dictionaries(names, inner, max_size=3)
    objects = st.builds(
        lambda found, required: {"type": "object", "properties": found, "required": sorted(required & found.keys())},
        properties,
        st.sets(names),
    )
    arrays = st.builds(lambda items, most: {"type": "array", "items": items, "maxItems": most}, inner, st.integers(1, 3))
    return objects | arrays | st.builds(lambda members: {"anyOf": members}, st.lists(inner, min_size=1, max_size=3))


schemas = st.recursive(scalars, compounds, max_leaves=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 5) | st.sampled_from([0.5, 2.5]) | st.text("xy", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)


def within(schema, document) -> Any:
    content = {"content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": content} if document == "sends" else {"responses": {"200": content}}
    return {"openapi": "3.1.0", "paths": {"/": {"post": operation}}}


@settings(max_examples=500)
@given(schemas, schemas, st.lists(values, min_size=1, max_size=20), st.sampled_from(["sends", "reads"]))
def test_whatever_a_value_stumbles_over_is_found(old, new, found, direction):
    narrow, wide = (old, new) if direction == "sends" else (new, old)
    fits, still_fits = jsonschema.Draft202012Validator(narrow).is_valid, jsonschema.Draft202012Validator(wide).is_valid
    if any(fits(value) and not still_fits(value) and not has_undeclared(value, narrow) for value in found):
        assert breaking_changes(within(old, direction), within(new, direction))


def has_undeclared(value, schema) -> bool:
    """Whether a value has properties that its schema says nothing of: they are nobody's promise."""
    if "anyOf" in schema:
        fitting = [member for member in schema["anyOf"] if jsonschema.Draft202012Validator(member).is_valid(value)]
        return all(has_undeclared(value, member) for member in fitting)
    if isinstance(value, dict):
        known = schema.get("properties")
        if known is None:
            return False
        return any(name not in known or has_undeclared(inner, known[name]) for name, inner in value.items())
    if isinstance(value, list):
        return any(has_undeclared(inner, schema.get("items", {})) for inner in value)
    return False


@given(schemas)
def test_no_schema_breaks_itself(schema):
    for direction in ("sends", "reads"):
        assert breaking_changes(within(schema, direction), within(schema, direction)) == []
