"""What an operation answers."""

from collections.abc import AsyncIterable, Iterable
from typing import Any

import pytest
from pydantic import BaseModel

from trine import (
    App,
    EventSourceResponse,
    FileResponse,
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    SetupError,
    StreamingResponse,
)


class Item(BaseModel):
    name: str


class Problem(BaseModel):
    reason: str


def responses_of(operation_of, **options):
    """The answers of a route that takes no input."""
    app = App()
    handler = options.pop("handler", lambda: None)
    app.get("/", name="root", **options)(handler)
    return operation_of(app)["responses"]


def test_return_annotation_is_the_response_model(operation_of):
    def handler() -> Item: ...

    assert responses_of(operation_of, handler=handler) == {
        "200": {
            "description": "Successful Response",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
        }
    }


def test_response_model_wins_over_the_annotation(operation_of):
    def handler() -> Item: ...

    found = responses_of(operation_of, handler=handler, response_model=list[Item])
    assert found["200"]["content"]["application/json"]["schema"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Item"},
        "title": "Response Root  Get",
    }


@pytest.mark.parametrize("annotation", [None, Response, FileResponse])
def test_answers_without_a_model_are_json_of_any_shape(operation_of, annotation):
    def handler(): ...

    handler.__annotations__["return"] = annotation
    assert responses_of(operation_of, handler=handler)["200"]["content"] == {"application/json": {"schema": {}}}


def test_any_is_a_model_without_a_shape(operation_of):
    def handler() -> Any: ...

    found = responses_of(operation_of, handler=handler)
    assert found["200"]["content"] == {"application/json": {"schema": {"title": "Response Root  Get"}}}


@pytest.mark.parametrize(
    ("response_class", "expected"),
    [
        (HTMLResponse, {"200": {"description": "Successful Response", "content": {"text/html": {"schema": {"type": "string"}}}}}),
        (
            PlainTextResponse,
            {"200": {"description": "Successful Response", "content": {"text/plain": {"schema": {"type": "string"}}}}},
        ),
        (FileResponse, {"200": {"description": "Successful Response"}}),
        (StreamingResponse, {"200": {"description": "Successful Response"}}),
        (RedirectResponse, {"307": {"description": "Successful Response"}}),
    ],
)
def test_response_class_decides_the_media_type(operation_of, response_class, expected):
    assert responses_of(operation_of, response_class=response_class) == expected


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body_has_no_content(operation_of, status):
    assert responses_of(operation_of, status_code=status) == {str(status): {"description": "Successful Response"}}


def test_further_answers_with_models_words_and_media_types(operation_of):
    found = responses_of(
        operation_of,
        responses={
            404: {"model": Problem},
            "4XX": {"description": "Your fault"},
            "default": {"model": Problem, "content": {"text/plain": {"example": "Oh no"}}},
            299: {},
        },
    )
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    assert found == {
        "200": {"description": "Successful Response", "content": {"application/json": {"schema": {}}}},
        "404": {"description": "Not Found", "content": {"application/json": reference}},
        "4XX": {"description": "Your fault"},
        "default": {
            "description": "Default Response",
            "content": {"application/json": reference, "text/plain": {"example": "Oh no"}},
        },
        "299": {"description": "Additional Response"},
    }


def test_words_about_success_are_merged_with_its_model(operation_of):
    def handler() -> Item: ...

    found = responses_of(
        operation_of,
        handler=handler,
        responses={200: {"description": "The item, or its picture", "content": {"image/png": {}}}},
    )
    assert found == {
        "200": {
            "description": "The item, or its picture",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}, "image/png": {}},
        }
    }


@pytest.mark.parametrize("status", [422, "4XX", "default"])
def test_declared_answer_to_wrong_input_replaces_the_generated_one(document_of, status):
    app = App()

    @app.post("/", responses={status: {"description": "Own words"}})
    def save(item: Item): ...

    document = document_of(app)
    assert list(document["paths"]["/"]["post"]["responses"]) == ["200", str(status)]
    assert list(document["components"]["schemas"]) == ["Item"]


def test_wrong_status_is_a_mistake():
    app = App()

    @app.get("/", responses={"hello": {"description": "?"}})
    def root(): ...

    with pytest.raises(SetupError) as caught:
        app.openapi()
    assert str(caught.value) == (
        "The responses of 'root' have the status 'hello'. Use a number from 100 to 599, a range such as '4XX', or 'default'."
    )


def test_own_model_named_like_an_error_component_takes_its_place(document_of):
    class HTTPValidationError(BaseModel):
        message: str

    app = App()

    @app.post("/", responses={422: {"model": HTTPValidationError}})
    def save(item: Item): ...

    assert list(document_of(app)["components"]["schemas"]["HTTPValidationError"]["properties"]) == ["message"]


def test_stream_is_documented_by_its_items():
    async def items() -> AsyncIterable[Item]:
        yield Item(name="a")

    def untyped():
        yield 1

    def numbers() -> Iterable[int]:
        yield 1

    def content_of(handler, **options):
        app = App()
        app.get("/", name="root", **options)(handler)
        # `itemSchema` is FastAPI's word, taken from OpenAPI 3.2: the rules of 3.1 do not know it.
        return app.openapi()["paths"]["/"]["get"]["responses"]["200"]["content"]

    reference = {"$ref": "#/components/schemas/Item"}
    assert content_of(items) == {"application/jsonl": {"itemSchema": reference}}
    assert content_of(untyped) == {"application/jsonl": {"itemSchema": {}}}
    assert content_of(numbers) == {"application/jsonl": {"itemSchema": {"type": "integer", "title": "Streamitem Root  Get"}}}
    assert content_of(items, response_class=EventSourceResponse) == {
        "text/event-stream": {
            "itemSchema": {
                "type": "object",
                "properties": {
                    "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": reference},
                    "event": {"type": "string"},
                    "id": {"type": "string"},
                    "retry": {"type": "integer", "minimum": 0},
                },
                "required": ["data"],
            }
        }
    }
