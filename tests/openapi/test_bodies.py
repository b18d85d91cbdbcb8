"""What a request carries in its body."""

from typing import Annotated

from pydantic import BaseModel, Field

from trine import App, Body, Depends, File, Form, UploadFile


class Item(BaseModel):
    name: str


class User(BaseModel):
    age: int


FILE = {"type": "string", "contentMediaType": "application/octet-stream"}


def body_of(document_of, handler):
    """The request body of a handler, and the components that it refers to."""
    app = App()
    app.post("/")(handler)
    document = document_of(app)
    components = document.get("components", {}).get("schemas", {})
    own = {name: schema for name, schema in components.items() if not name.endswith("ValidationError")}
    return document["paths"]["/"]["post"].get("requestBody"), own


def test_single_model_is_the_body(document_of):
    def save(item: Item): ...

    body, _ = body_of(document_of, save)
    assert body == {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}, "required": True}


def test_optional_body_is_not_required(document_of):
    def save(item: Item | None = None): ...

    body, _ = body_of(document_of, save)
    schema = {"anyOf": [{"$ref": "#/components/schemas/Item"}, {"type": "null"}], "title": "Item"}
    assert body == {"content": {"application/json": {"schema": schema}}}


def test_scalar_body_with_words_and_examples(document_of):
    def save(count: Annotated[int, Body(ge=0, description="How many", openapi_examples={"few": {"value": 2}})]): ...

    body, _ = body_of(document_of, save)
    schema = {"type": "integer", "minimum": 0, "title": "Count", "description": "How many"}
    assert body["content"] == {"application/json": {"schema": schema, "examples": {"few": {"value": 2}}}}


def test_several_bodies_become_one_component(document_of):
    def save(item: Item, user: User, importance: Annotated[int, Body(gt=0)] = 1): ...

    body, components = body_of(document_of, save)
    assert body == {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body_save__post"}}},
        "required": True,
    }
    assert components["Body_save__post"] == {
        "properties": {
            "item": {"$ref": "#/components/schemas/Item"},
            "user": {"$ref": "#/components/schemas/User"},
            "importance": {"type": "integer", "exclusiveMinimum": 0, "default": 1, "title": "Importance"},
        },
        "type": "object",
        "required": ["item", "user"],
        "title": "Body_save__post",
    }


def test_embedded_body_stands_under_its_name(document_of):
    def save(item: Annotated[Item, Body(embed=True)]): ...

    _, components = body_of(document_of, save)
    assert components["Body_save__post"]["properties"] == {"item": {"$ref": "#/components/schemas/Item"}}


def test_bodies_of_dependencies_are_part_of_it(document_of):
    def dependency(user: User): ...

    def save(item: Item, dependency=Depends(dependency)): ...

    _, components = body_of(document_of, save)
    assert list(components["Body_save__post"]["properties"]) == ["item", "user"]


def test_form_fields_and_files(document_of):
    def save(
        note: Annotated[str, Form(description="Seen by nobody")],
        file: Annotated[UploadFile, File(description="A picture")],
        more: list[UploadFile],
        raw: Annotated[bytes | None, File()] = None,
    ): ...

    body, components = body_of(document_of, save)
    assert body == {
        "content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Body_save__post"}}},
        "required": True,
    }
    assert components["Body_save__post"] == {
        "properties": {
            "note": {"type": "string", "title": "Note", "description": "Seen by nobody"},
            "file": {**FILE, "title": "File", "description": "A picture"},
            "more": {"type": "array", "items": FILE, "title": "More"},
            "raw": {"anyOf": [FILE, {"type": "null"}], "title": "Raw"},
        },
        "type": "object",
        "required": ["note", "file", "more"],
        "title": "Body_save__post",
    }


def test_form_without_files_is_urlencoded(document_of):
    def save(name: Annotated[str, Form()] = "nobody"): ...

    body, components = body_of(document_of, save)
    assert body == {
        "content": {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Body_save__post"}}}
    }
    assert components["Body_save__post"] == {
        "properties": {"name": {"type": "string", "default": "nobody", "title": "Name"}},
        "type": "object",
        "title": "Body_save__post",
    }


def test_form_model_is_the_whole_form(document_of):
    def save(item: Annotated[Item, Form()]): ...

    body, _ = body_of(document_of, save)
    assert body == {
        "content": {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Item"}}},
        "required": True,
    }


def test_form_models_beside_fields_are_joined(document_of):
    def save(item: Annotated[Item, Form()], user: Annotated[User, Form()], token: Annotated[str, Form()]): ...

    _, components = body_of(document_of, save)
    assert components["Body_save__post"] == {
        "allOf": [{"$ref": "#/components/schemas/Item"}, {"$ref": "#/components/schemas/User"}],
        "properties": {"token": {"type": "string", "title": "Token"}},
        "type": "object",
        "required": ["token"],
        "title": "Body_save__post",
    }


def test_optional_form_model_may_be_absent_as_a_whole(document_of):
    def save(item: Annotated[Item | None, Form()] = None): ...

    _, components = body_of(document_of, save)
    absent = {"not": {"anyOf": [{"required": ["name"]}]}}
    assert components["Body_save__post"]["allOf"] == [
        {"anyOf": [absent, {"anyOf": [{"$ref": "#/components/schemas/Item"}], "title": "Item"}]}
    ]


def test_other_media_type(document_of):
    def save(image: Annotated[bytes, Body(media_type="image/png")]): ...

    body, _ = body_of(document_of, save)
    assert body["content"] == {"image/png": {"schema": {**FILE, "title": "Image"}}}


def test_base64_in_json_is_documented_as_such(document_of):
    class Picture(BaseModel):
        model_config = {"val_json_bytes": "base64"}
        data: bytes

    def save(picture: Picture): ...

    _, components = body_of(document_of, save)
    assert components["Picture"]["properties"]["data"] == {**FILE, "contentEncoding": "base64", "title": "Data"}


def test_name_of_the_body_follows_a_declared_operation_id(document_of):
    app = App()

    @app.post("/", operation_id="save_both")
    def save(item: Item, user: User): ...

    assert "Body_save_both" in document_of(app)["components"]["schemas"]


def test_form_model_that_must_be_there_is_not_absent(document_of):
    def save(item: Annotated[Item | None, Form()]): ...

    body, components = body_of(document_of, save)
    assert body["required"] is True
    assert components["Body_save__post"]["allOf"] == [
        {"not": {"not": {"anyOf": [{"required": ["name"]}]}}},
        {"anyOf": [{"$ref": "#/components/schemas/Item"}], "title": "Item"},
    ]


def test_form_models_of_dependencies_are_told_apart_by_their_types(document_of):
    def of_user(data: Annotated[User, Form()]): ...

    def save(data: Annotated[Item, Form()], user=Depends(of_user)): ...

    _, components = body_of(document_of, save)
    assert components["Body_save__post"]["allOf"] == [
        {"$ref": "#/components/schemas/Item"},
        {"$ref": "#/components/schemas/User"},
    ]


def test_form_model_accepts_a_field_under_each_of_its_names(document_of):
    class Person(BaseModel):
        model_config = {"validate_by_name": True}
        name: str = Field(alias="display_name")

    def save(person: Annotated[Person, Form()], token: Annotated[str, Form()]): ...

    _, components = body_of(document_of, save)
    assert components["Body_save__post"]["allOf"] == [
        {
            "properties": {"display_name": {"type": "string", "title": "Display Name"}},
            "type": "object",
            "title": "Person",
            "required": [],
            "allOf": [{"anyOf": [{"required": ["display_name"]}, {"required": ["name"]}]}],
        }
    ]
