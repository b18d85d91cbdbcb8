"""Limits on JSON and forms: the application's, a router's, a route's own."""

from typing import Annotated, Any

import pytest

from trine import APIRouter, App, Form
from trine.http import FormLimits


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(("path", "deepest"), [("/", 5), ("/router", 4), ("/route", 3)])
def test_json_depth_is_limited_by_the_innermost_that_says_so(path, deepest, client_for):
    app = App(max_json_depth=5)
    router = APIRouter(max_json_depth=4)

    async def take(value: list[Any]) -> str:
        return "taken"

    app.post("/")(take)
    router.post("/router")(take)
    router.post("/route", max_json_depth=3)(take)
    app.include_router(router)
    client = client_for(app)

    assert client.post(path, json=nested(deepest)).json() == "taken"
    refused = client.post(path, json=nested(deepest + 1))
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["msg"] == f"JSON may nest at most {deepest} levels deep here"


@pytest.mark.parametrize(("path", "most"), [("/", 3), ("/route", 2)])
def test_form_fields_are_limited(path, most, client_for):
    app = App(form_limits=FormLimits(max_fields=3))

    async def take(name: Annotated[list[str], Form()]) -> int:
        return len(name)

    app.post("/")(take)
    app.post("/route", form_limits=FormLimits(max_fields=2))(take)
    client = client_for(app)

    assert client.post(path, data={"name": ["x"] * most}).json() == most
    assert client.post(path, data={"name": ["x"] * (most + 1)}).status_code == 400
