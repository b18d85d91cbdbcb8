"""What a request carries besides its body."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, NotRequired, TypedDict

import msgspec
import pytest
from pydantic import BaseModel, Field

from trine import App, Cookie, Depends, Header, Path, Query, Request


class Order(Enum):
    up = "up"
    down = "down"


def parameters_of(operation_of, handler, path="/"):
    app = App()
    app.get(path)(handler)
    return operation_of(app).get("parameters")


def test_parameters_stand_in_the_order_path_query_header_cookie(operation_of):
    def handler(session: Annotated[str, Cookie()], user_agent: Annotated[str, Header()], q: str, name: str): ...

    assert [(each["in"], each["name"]) for each in parameters_of(operation_of, handler, "/{name}")] == [
        ("path", "name"),
        ("query", "q"),
        ("header", "user-agent"),
        ("cookie", "session"),
    ]


def test_constraints_default_and_words_are_documented(operation_of):
    def handler(size: Annotated[int, Query(gt=0, le=50, title="Page size", description="Rows", examples=[10])] = 20): ...

    assert parameters_of(operation_of, handler) == [
        {
            "name": "size",
            "in": "query",
            "required": False,
            "schema": {
                "type": "integer",
                "exclusiveMinimum": 0,
                "maximum": 50,
                "title": "Page size",
                "description": "Rows",
                "examples": [10],
                "default": 20,
            },
            "description": "Rows",
        }
    ]


def test_alias_is_the_documented_name(operation_of):
    def handler(
        a: Annotated[str, Query(alias="item-query")],
        b_c: Annotated[str, Header()],
        d_e: Annotated[str, Header(convert_underscores=False)],
    ): ...

    found = parameters_of(operation_of, handler)
    assert [(each["name"], each["schema"]["title"]) for each in found] == [
        ("item-query", "Item-Query"),
        ("b-c", "B-C"),
        ("d_e", "D E"),
    ]


def test_deprecated_and_hidden_parameters(operation_of):
    def handler(old: Annotated[int, Query(deprecated=True)] = 1, secret: Annotated[int, Query(include_in_schema=False)] = 2): ...

    (old,) = parameters_of(operation_of, handler)
    assert old == {
        "name": "old",
        "in": "query",
        "required": False,
        "deprecated": True,
        "schema": {"type": "integer", "default": 1, "title": "Old", "deprecated": True},
    }


def test_named_examples_go_before_a_single_one(operation_of):
    named = {"short": {"summary": "A short one", "value": "a"}}

    def handler(a: Annotated[str, Query(example="x")], b: Annotated[str, Query(openapi_examples=named, example="y")]): ...

    first, second = parameters_of(operation_of, handler)
    assert (first["example"], "examples" in first) == ("x", False)
    assert (second["examples"], "example" in second) == (named, False)


def test_lists_and_enumerations(document_of):
    app = App()

    @app.get("/")
    def handler(order: Order, tag: Annotated[list[str], Query()] = []): ...  # noqa: B006 # the default is what is documented

    document = document_of(app)
    order, tag = document["paths"]["/"]["get"]["parameters"]
    assert order["schema"] == {"$ref": "#/components/schemas/Order"}
    assert tag["schema"] == {"type": "array", "items": {"type": "string"}, "default": [], "title": "Tag"}
    assert document["components"]["schemas"]["Order"] == {"type": "string", "enum": ["up", "down"], "title": "Order"}


def test_parameters_of_dependencies_come_after_the_handlers_own(operation_of):
    def inner(c: int): ...

    def outer(b: int, inner=Depends(inner)): ...

    def handler(a: int, outer=Depends(outer)): ...

    assert [each["name"] for each in parameters_of(operation_of, handler)] == ["a", "b", "c"]


def test_parameter_that_one_function_needs_is_required(operation_of):
    def dependency(q: str): ...

    def handler(q: str | None = None, dependency=Depends(dependency)): ...

    (parameter,) = parameters_of(operation_of, handler)
    assert (parameter["required"], parameter["schema"]) == (True, {"type": "string", "title": "Q"})


def test_path_parameter_that_nobody_declares_is_documented_by_its_converter(operation_of):
    def handler(request: Request): ...

    assert parameters_of(operation_of, handler, "/{number:int}/{key:uuid}/{rest:path}") == [
        {"name": "number", "in": "path", "required": True, "schema": {"type": "integer", "title": "Number"}},
        {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid", "title": "Key"}},
        {"name": "rest", "in": "path", "required": True, "schema": {"type": "string", "title": "Rest"}},
    ]


def test_described_path_parameter(operation_of):
    def handler(number: Annotated[int, Path(ge=1, description="Counted from 1")]): ...

    assert parameters_of(operation_of, handler, "/{number}") == [
        {
            "name": "number",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1, "title": "Number", "description": "Counted from 1"},
            "description": "Counted from 1",
        }
    ]


class Filter(BaseModel):
    limit: int = Field(100, gt=0, le=100, description="How many")
    order_by: str = Field("price", alias="orderBy")
    tags: list[str] = []


class FilterRecord(msgspec.Struct):
    limit: Annotated[int, msgspec.Meta(gt=0, le=100, description="How many")] = 100
    order_by: str = msgspec.field(default="price", name="orderBy")
    tags: list[str] = []


@dataclass
class FilterData:
    limit: Annotated[int, Field(gt=0, le=100, description="How many")] = 100
    orderBy: str = "price"
    tags: list[str] = field(default_factory=list)


@pytest.mark.parametrize("model", [Filter, FilterRecord, FilterData])
def test_parameter_model_is_documented_as_its_fields(operation_of, model):
    def handler(chosen: Annotated[model, Query()]): ...

    limit, order, tags = parameters_of(operation_of, handler)
    assert limit == {
        "name": "limit",
        "in": "query",
        "required": False,
        "schema": {
            "type": "integer",
            "exclusiveMinimum": 0,
            "maximum": 100,
            "default": 100,
            "title": "Limit",
            "description": "How many",
        },
        "description": "How many",
    }
    assert (order["name"], order["schema"]["default"]) == ("orderBy", "price")
    assert (tags["name"], tags["required"], tags["schema"]["items"]) == ("tags", False, {"type": "string"})


def test_parameter_model_made_of_a_typed_dict(operation_of):
    class Page(TypedDict):
        number: int
        size: NotRequired[int]

    def handler(page: Annotated[Page, Query()]): ...

    assert parameters_of(operation_of, handler) == [
        {"name": "number", "in": "query", "required": True, "schema": {"type": "integer", "title": "Number"}},
        {"name": "size", "in": "query", "required": False, "schema": {"type": "integer", "title": "Size"}},
    ]


def test_header_model_has_hyphens_where_its_fields_have_underscores(operation_of):
    class Client(BaseModel):
        user_agent: str
        request_id: str = Field(alias="x-request")

    def handler(client: Annotated[Client, Header()]): ...

    assert [each["name"] for each in parameters_of(operation_of, handler)] == ["user-agent", "x-request"]


def test_fields_of_an_optional_parameter_model_are_not_required(operation_of):
    class Page(BaseModel):
        number: int

    def handler(page: Annotated[Page | None, Query()] = None): ...

    (number,) = parameters_of(operation_of, handler)
    assert number["required"] is False


def test_parameter_model_is_no_component(document_of):
    app = App()

    @app.get("/")
    def handler(chosen: Annotated[Filter, Query()]): ...

    assert list(document_of(app)["components"]["schemas"]) == ["HTTPValidationError", "ValidationError"]
