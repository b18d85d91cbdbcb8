"""Names and shapes of what the document refers to: models, records, dataclasses and typed dicts alike."""

import sys
from dataclasses import dataclass, field
from decimal import Decimal
from types import ModuleType
from typing import Annotated, Generic, NotRequired, TypedDict, TypeVar

import msgspec
import pytest
from pydantic import BaseModel, Field, computed_field

from trine import App, Body

T = TypeVar("T")


class Point(msgspec.Struct):
    """A place on the map."""

    x: float
    label: Annotated[str, msgspec.Meta(max_length=20, description="Shown beside it")] = ""


class Shape(msgspec.Struct, rename="camel"):
    outer_line: list[Point]
    center: Point | None = None


@dataclass
class Address:
    """Where somebody lives."""

    street: str
    tags: list[str] = field(default_factory=list)


class Person(TypedDict):
    name: str
    age: NotRequired[int]


class Sub(BaseModel):
    # Read as a number or a text, sent as a text.
    price: Decimal


class Item(BaseModel):
    sub: Sub


def components_of(document):
    return {name: schema for name, schema in document["components"]["schemas"].items() if not name.endswith("ValidationError")}


def content_of(part):
    return part["content"]["application/json"]["schema"]


def test_struct_as_body_and_response(document_of):
    app = App()

    @app.post("/")
    def draw(shape: Shape) -> list[Point]: ...

    document = document_of(app)
    operation = document["paths"]["/"]["post"]
    assert content_of(operation["requestBody"]) == {"$ref": "#/components/schemas/Shape"}
    assert content_of(operation["responses"]["200"]) == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Point"},
        "title": "Response Draw  Post",
    }
    assert components_of(document) == {
        "Point": {
            "title": "Point",
            "description": "A place on the map.",
            "type": "object",
            "properties": {
                "x": {"type": "number", "title": "X"},
                "label": {
                    "type": "string",
                    "maxLength": 20,
                    "default": "",
                    "title": "Label",
                    "description": "Shown beside it",
                },
            },
            "required": ["x"],
        },
        "Shape": {
            "title": "Shape",
            "type": "object",
            "properties": {
                "outerLine": {"type": "array", "items": {"$ref": "#/components/schemas/Point"}, "title": "Outerline"},
                "center": {"anyOf": [{"$ref": "#/components/schemas/Point"}, {"type": "null"}], "title": "Center"},
            },
            "required": ["outerLine"],
        },
    }


def test_dataclass_and_typed_dict_as_bodies_and_responses(document_of):
    app = App()

    @app.post("/")
    def register(address: Address) -> dict[str, Person]: ...

    document = document_of(app)
    operation = document["paths"]["/"]["post"]
    assert content_of(operation["requestBody"]) == {"$ref": "#/components/schemas/Address"}
    assert content_of(operation["responses"]["200"]) == {
        "type": "object",
        "additionalProperties": {"$ref": "#/components/schemas/Person"},
        "title": "Response Register  Post",
    }
    assert components_of(document) == {
        "Address": {
            "properties": {
                "street": {"type": "string", "title": "Street"},
                "tags": {"type": "array", "items": {"type": "string"}, "title": "Tags"},
            },
            "type": "object",
            "required": ["street"],
            "title": "Address",
            "description": "Where somebody lives.",
        },
        "Person": {
            "properties": {"name": {"type": "string", "title": "Name"}, "age": {"type": "integer", "title": "Age"}},
            "type": "object",
            "required": ["name"],
            "title": "Person",
        },
    }


def test_records_of_every_kind_in_one_body(document_of):
    app = App()

    @app.post("/", operation_id="join")
    def join(point: Annotated[Point, Body(description="From where")], address: Address, person: Person, item: Item): ...

    assert components_of(document_of(app))["Body_join"] == {
        "properties": {
            "point": {"$ref": "#/components/schemas/Point", "description": "From where"},
            "address": {"$ref": "#/components/schemas/Address"},
            "person": {"$ref": "#/components/schemas/Person"},
            "item": {"$ref": "#/components/schemas/Item"},
        },
        "type": "object",
        "required": ["point", "address", "person", "item"],
        "title": "Body_join",
    }


def test_model_that_differs_between_request_and_response_is_split(document_of):
    app = App()

    @app.post("/")
    def save(item: Item) -> Item: ...

    document = document_of(app)
    operation = document["paths"]["/"]["post"]
    assert content_of(operation["requestBody"]) == {"$ref": "#/components/schemas/Item-Input"}
    assert content_of(operation["responses"]["200"]) == {"$ref": "#/components/schemas/Item-Output"}
    components = components_of(document)
    assert sorted(components) == ["Item-Input", "Item-Output", "Sub-Input", "Sub-Output"]
    assert [kind["type"] for kind in components["Sub-Input"]["properties"]["price"]["anyOf"]] == ["number", "string"]
    assert components["Sub-Output"]["properties"]["price"]["type"] == "string"


def test_one_schema_for_both_directions_on_request(document_of):
    app = App(separate_input_output_schemas=False)

    @app.post("/")
    def save(item: Item) -> Item: ...

    document = document_of(app)
    operation = document["paths"]["/"]["post"]
    assert content_of(operation["requestBody"]) == content_of(operation["responses"]["200"])
    assert sorted(components_of(document)) == ["Item", "Sub"]


def test_computed_fields_are_split_in_any_case(document_of):
    class Square(BaseModel):
        side: int

        @computed_field
        @property
        def area(self) -> int:
            return self.side**2

    class Drawing(BaseModel):
        squares: list[Square]

    app = App(separate_input_output_schemas=False)

    @app.post("/")
    def draw(drawing: Drawing) -> Drawing: ...

    components = components_of(document_of(app))
    assert list(components["Square-Input"]["properties"]) == ["side"]
    assert components["Square-Output"]["properties"]["area"] == {"type": "integer", "readOnly": True, "title": "Area"}


@pytest.fixture
def shop_and_museum():
    """Two modules, each with a model named Piece."""
    modules = []
    for name in ("shop", "museum"):
        module = ModuleType(name)
        exec(f"from pydantic import BaseModel\nclass Piece(BaseModel):\n    {name}: str", vars(module))
        sys.modules[name] = module
        modules.append(module)
    yield modules
    for module in modules:
        del sys.modules[module.__name__]


def test_models_of_one_name_get_their_modules_in_front(document_of, shop_and_museum):
    shop, museum = shop_and_museum
    app = App()

    @app.post("/sell")
    def sell(piece: shop.Piece): ...

    @app.post("/show")
    def show(piece: museum.Piece): ...

    assert sorted(components_of(document_of(app))) == ["museum__Piece", "shop__Piece"]


def test_struct_and_model_of_one_name_stay_apart(document_of):
    class Item(msgspec.Struct):
        weight: int

    class Same(BaseModel):
        name: str

    Same.__name__ = Same.__qualname__ = "Item"
    Same.model_rebuild(force=True)
    app = App()

    @app.post("/")
    def swap(item: Item) -> Same: ...

    components = components_of(document_of(app))
    assert sorted(components) == ["Item", "Item-Struct"]
    assert list(components["Item-Struct"]["properties"]) == ["weight"]


def test_generic_models_are_named_by_their_arguments(document_of):
    class Page(BaseModel, Generic[T]):
        items: list[T]

    class Box(msgspec.Struct, Generic[T]):
        content: T

    app = App()

    @app.get("/items")
    def items() -> Page[Item]: ...

    @app.get("/box")
    def box() -> Box[int]: ...

    assert sorted(components_of(document_of(app))) == ["Box_int_", "Item", "Page_Item_", "Sub"]


def test_recursive_model(document_of):
    app = App()

    @app.post("/")
    def plant(tree: Tree) -> Tree: ...

    components = components_of(document_of(app))
    assert components["Tree-Input"]["properties"]["children"]["items"] == {"$ref": "#/components/schemas/Tree-Input"}


class Tree(BaseModel):
    children: list["Tree"] = []


def test_description_of_a_model_is_cut_at_a_form_feed(document_of):
    class Secret(BaseModel):
        """Told to everybody.
        \f
        Told to nobody.
        """

        value: int = Field(json_schema_extra={"x-unit": "m"})

    app = App()

    @app.get("/")
    def read() -> Secret: ...

    assert components_of(document_of(app))["Secret"] == {
        "properties": {"value": {"type": "integer", "title": "Value", "x-unit": "m"}},
        "type": "object",
        "required": ["value"],
        "title": "Secret",
        "description": "Told to everybody.\n",
    }


def test_type_without_a_schema_leaves_a_gap_and_not_an_error(document_of):
    class Handle:
        pass

    class WithHandle(BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        handle: Handle

    app = App()

    @app.get("/")
    def read() -> WithHandle: ...

    assert components_of(document_of(app))["WithHandle"]["properties"] == {"handle": {"title": "Handle"}}


def test_examples_keep_their_nulls(document_of):
    class Item(BaseModel):
        model_config = {"json_schema_extra": {"examples": [{"name": None}]}}
        name: str | None = None

    app = App()

    @app.post("/")
    def save(item: Item): ...

    item = components_of(document_of(app))["Item"]
    assert item["examples"] == [{"name": None}]
    assert "default" not in item["properties"]["name"]
