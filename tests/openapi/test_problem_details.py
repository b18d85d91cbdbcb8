"""Errors as problem details (RFC 9457): what is documented is what is sent."""

import jsonschema
import pytest
from pydantic import BaseModel

from trine import App, HTTPException
from trine.settings import Settings


class Item(BaseModel):
    name: str


class Gone(BaseModel):
    since: int


@pytest.fixture
def app():
    app = App(settings=Settings(problem_details=True))

    @app.post("/items", responses={404: {"description": "No such list"}, 410: {"model": Gone}})
    def add(item: Item) -> Item:
        raise HTTPException(404, "There is no list for it.")

    return app


def problem(component):
    return {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{component}"}}}


def test_every_error_is_documented_as_a_problem(document_of, app):
    responses = document_of(app)["paths"]["/items"]["post"]["responses"]
    del responses["200"]
    assert responses == {
        "404": {"description": "No such list", "content": problem("Problem")},
        "410": {"description": "Gone", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Gone"}}}},
        "422": {"description": "Validation Error", "content": problem("ValidationProblem")},
        "default": {"description": "Any other error", "content": problem("Problem")},
    }


def test_components_have_the_members_of_the_standard(document_of, app):
    schemas = document_of(app)["components"]["schemas"]
    assert list(schemas["Problem"]["properties"]) == ["type", "title", "status", "detail", "instance"]
    assert list(schemas["ValidationProblem"]["properties"]) == ["type", "title", "status", "detail", "instance", "errors"]
    assert "HTTPValidationError" not in schemas


@pytest.mark.parametrize(
    ("path", "body", "status", "component"),
    [
        ("/items", {"name": "a"}, 404, "Problem"),
        ("/items", {"name": 3}, 422, "ValidationProblem"),
        ("/nowhere", {}, 404, "Problem"),
    ],
)
def test_errors_fit_what_is_documented(client_for, document_of, app, path, body, status, component):
    document = document_of(app)
    answer = client_for(app).post(path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    jsonschema.validate(answer.json(), {"$ref": f"#/components/schemas/{component}", **document})
