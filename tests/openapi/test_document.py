"""The document as a whole: structure, names and what stands around the paths."""

import json
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from trine import APIRouter, App, Body

VALIDATION_ERROR = {
    "properties": {
        "loc": {"items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "type": "array", "title": "Location"},
        "msg": {"type": "string", "title": "Message"},
        "type": {"type": "string", "title": "Error Type"},
        "input": {"title": "Input"},
        "ctx": {"type": "object", "title": "Context"},
    },
    "type": "object",
    "required": ["loc", "msg", "type"],
    "title": "ValidationError",
}
HTTP_VALIDATION_ERROR = {
    "properties": {"detail": {"items": {"$ref": "#/components/schemas/ValidationError"}, "type": "array", "title": "Detail"}},
    "type": "object",
    "title": "HTTPValidationError",
}
UNPROCESSABLE = {
    "description": "Validation Error",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}},
}


class Item(BaseModel):
    """Something for sale."""

    name: str
    price: float = Field(gt=0, description="In euros")
    tax: float | None = None


def test_whole_document_of_a_typed_application(document_of):
    app = App(title="Shop", version="2.0")

    @app.get("/items/{item_id}")
    def read_item(item_id: int, q: str | None = None) -> Item:
        """Read one item.

        With its price.
        """

    @app.post("/items", status_code=201, tags=["sales"])
    def create_item(item: Item) -> list[Item]: ...

    @app.delete("/items/{item_id}", status_code=204, deprecated=True)
    def drop_item(item_id: int) -> None: ...

    assert document_of(app) == {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "2.0"},
        "paths": {
            "/items/{item_id}": {
                "get": {
                    "summary": "Read Item",
                    "description": "Read one item.\n\nWith its price.",
                    "operationId": "read_item_items__item_id__get",
                    "parameters": [
                        {"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer", "title": "Item Id"}},
                        {
                            "name": "q",
                            "in": "query",
                            "required": False,
                            "schema": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Q"},
                        },
                    ],
                    "responses": {
                        "200": {
                            "description": "Successful Response",
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
                        },
                        "422": UNPROCESSABLE,
                    },
                },
                "delete": {
                    "summary": "Drop Item",
                    "operationId": "drop_item_items__item_id__delete",
                    "deprecated": True,
                    "parameters": [
                        {"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer", "title": "Item Id"}}
                    ],
                    "responses": {"204": {"description": "Successful Response"}, "422": UNPROCESSABLE},
                },
            },
            "/items": {
                "post": {
                    "tags": ["sales"],
                    "summary": "Create Item",
                    "operationId": "create_item_items_post",
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
                        "required": True,
                    },
                    "responses": {
                        "201": {
                            "description": "Successful Response",
                            "content": {
                                "application/json": {
                                    "schema": {
                                        "type": "array",
                                        "items": {"$ref": "#/components/schemas/Item"},
                                        "title": "Response Create Item Items Post",
                                    }
                                }
                            },
                        },
                        "422": UNPROCESSABLE,
                    },
                }
            },
        },
        "components": {
            "schemas": {
                "HTTPValidationError": HTTP_VALIDATION_ERROR,
                "Item": {
                    "properties": {
                        "name": {"type": "string", "title": "Name"},
                        "price": {"type": "number", "exclusiveMinimum": 0, "title": "Price", "description": "In euros"},
                        "tax": {"anyOf": [{"type": "number"}, {"type": "null"}], "title": "Tax"},
                    },
                    "type": "object",
                    "required": ["name", "price"],
                    "title": "Item",
                    "description": "Something for sale.",
                },
                "ValidationError": VALIDATION_ERROR,
            }
        },
    }


def test_application_without_routes_has_empty_paths(document_of):
    assert document_of(App()) == {"openapi": "3.1.0", "info": {"title": "Trine", "version": "0.1.0"}, "paths": {}}


def test_everything_about_the_application_is_in_its_document(document_of):
    app = App(
        title="Shop",
        summary="Sells things",
        description="Sells *many* things.",
        version="3.1",
        terms_of_service="https://shop.example/terms",
        contact={"name": "The shop", "url": "https://shop.example/contact", "email": "shop@shop.example"},
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "https://shop.example", "description": "The real one"}],
        openapi_tags=[{"name": "sales", "description": "What sells"}],
        openapi_external_docs={"url": "https://shop.example/manual", "description": "The manual"},
    )
    assert document_of(app) == {
        "openapi": "3.1.0",
        "info": {
            "title": "Shop",
            "summary": "Sells things",
            "description": "Sells *many* things.",
            "termsOfService": "https://shop.example/terms",
            "contact": {"name": "The shop", "url": "https://shop.example/contact", "email": "shop@shop.example"},
            "license": {"name": "MIT", "identifier": "MIT"},
            "version": "3.1",
        },
        "servers": [{"url": "https://shop.example", "description": "The real one"}],
        "paths": {},
        "tags": [{"name": "sales", "description": "What sells"}],
        "externalDocs": {"url": "https://shop.example/manual", "description": "The manual"},
    }


def test_document_is_made_once_until_a_route_comes():
    app = App()
    first = app.openapi()
    assert app.openapi() is first

    @app.get("/late")
    def late() -> int: ...

    assert list(app.openapi()["paths"]) == ["/late"]


def test_what_is_not_in_the_schema_is_not_documented(document_of):
    app = App()
    hidden = APIRouter(include_in_schema=False)

    @hidden.get("/hidden")
    def hide() -> int: ...

    @app.get("/alone", include_in_schema=False)
    def alone() -> int: ...

    @app.get("/shown")
    def show() -> int: ...

    app.include_router(hidden)
    assert list(document_of(app)["paths"]) == ["/shown"]


def test_head_and_options_are_documented_only_where_declared(document_of):
    app = App()

    @app.get("/a")
    def read() -> int: ...

    @app.head("/b")
    def look() -> None: ...

    assert {path: list(item) for path, item in document_of(app)["paths"].items()} == {"/a": ["get"], "/b": ["head"]}


def test_what_routers_say_is_joined_from_the_application_down(document_of):
    app = App(responses={500: {"description": "Our fault"}})
    inner = APIRouter(prefix="/inner", tags=["inner"], responses={404: {"description": "Not here"}})

    @inner.get("/x", tags=["own"], responses={409: {"description": "Taken"}})
    def x() -> int: ...

    app.include_router(inner, prefix="/outer", tags=["outer"], deprecated=True, responses={403: {"description": "Not you"}})
    operation = document_of(app)["paths"]["/outer/inner/x"]["get"]
    assert operation["tags"] == ["outer", "inner", "own"]
    assert operation["deprecated"] is True
    assert {status: answer["description"] for status, answer in operation["responses"].items()} == {
        "200": "Successful Response",
        "500": "Our fault",
        "403": "Not you",
        "404": "Not here",
        "409": "Taken",
    }


def test_overridden_dependencies_stay_documented_as_declared(document_of):
    from trine import Depends

    app = App()

    def page(size: int = 10) -> int:
        return size

    @app.get("/items")
    def items(size: int = Depends(page)) -> int:
        return size

    before = document_of(app)
    app.dependency_overrides[page] = lambda: 3
    assert document_of(app) == before


def test_converters_are_not_part_of_the_documented_path(document_of):
    app = App()

    @app.get("/files/{folder:int}/{rest:path}")
    def files(folder: int, rest: str) -> str: ...

    assert list(document_of(app)["paths"]) == ["/files/{folder}/{rest}"]


def test_openapi_extra_is_merged_into_the_operation(operation_of):
    app = App()

    @app.get(
        "/",
        openapi_extra={
            "x-limit": 3,
            "parameters": [{"name": "z", "in": "query", "schema": {"type": "string"}}],
            "responses": {"200": {"description": "Fine", "headers": {"x-count": {"schema": {"type": "integer"}}}}},
        },
    )
    def root(a: int = 1) -> int: ...

    operation = operation_of(app)
    assert operation["x-limit"] == 3
    assert [parameter["name"] for parameter in operation["parameters"]] == ["a", "z"]
    assert operation["responses"]["200"] == {
        "description": "Fine",
        "headers": {"x-count": {"schema": {"type": "integer"}}},
        "content": {"application/json": {"schema": {"type": "integer", "title": "Response Root  Get"}}},
    }


def test_docstring_is_cut_at_a_form_feed(operation_of):
    app = App()

    @app.get("/")
    def root() -> int:
        """For readers of the documentation.

        \f
        For readers of the code.
        """

    assert operation_of(app)["description"] == "For readers of the documentation."


def test_summary_and_description_are_as_declared(operation_of):
    app = App()

    @app.get("/", summary="Where it starts", description="Not the docstring.", response_description="A number")
    def root() -> int:
        """The docstring."""

    operation = operation_of(app)
    assert (operation["summary"], operation["description"]) == ("Where it starts", "Not the docstring.")
    assert operation["responses"]["200"]["description"] == "A number"


def test_document_is_plain_json_and_the_callers_own(document_of):
    app = App(openapi_tags=[{"name": "a"}])

    @app.post("/items", responses={404: {"description": "Gone", "content": {"application/json": {"example": Decimal("1.5")}}}})
    def save(item: Annotated[Item, Body(openapi_examples={"one": {"value": Item(name="lamp", price=3)}})]): ...

    document = document_of(app)
    assert json.loads(json.dumps(document)) == document
    body = document["paths"]["/items"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"] == {"one": {"value": {"name": "lamp", "price": 3.0, "tax": None}}}
    document["components"]["schemas"]["ValidationError"]["title"] = "Changed"
    document["tags"].clear()
    app.changed()
    assert app.openapi()["components"]["schemas"]["ValidationError"] == VALIDATION_ERROR
    assert app.openapi()["tags"] == [{"name": "a"}]
