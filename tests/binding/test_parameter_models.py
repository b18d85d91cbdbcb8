"""Models whose fields are parameters, each read on its own."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from trine import App, Cookie, Form, Header, Query


class Filters(BaseModel):
    limit: int = Field(100, gt=0, le=100)
    order_by: Literal["created", "updated"] = "created"
    tags: list[str] = []
    search: str | None = Field(None, alias="q")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


def test_query_model(client_for):
    app = App()

    @app.get("/")
    def read(filters: Annotated[Filters, Query()]) -> dict:
        return filters.model_dump()

    client = client_for(app)
    assert client.get("/").json() == {"limit": 100, "order_by": "created", "tags": [], "search": None}
    assert client.get("/?limit=5&tags=a&tags=b&q=x&other=1").json() == {
        "limit": 5,
        "order_by": "created",
        "tags": ["a", "b"],
        "search": "x",
    }


def test_query_model_reports_every_field(client_for):
    app = App()

    @app.get("/")
    def read(filters: Annotated[Filters, Query()]) -> None: ...

    refused = client_for(app).get("/?limit=0&order_by=size")
    assert refused.status_code == 422
    assert [error["loc"] for error in refused.json()["detail"]] == [["query", "limit"], ["query", "order_by"]]


def test_models_know_which_fields_were_sent(client_for):
    app = App()

    @app.get("/")
    def read(filters: Annotated[Filters, Query()]) -> list:
        return sorted(filters.model_fields_set)

    assert client_for(app).get("/?limit=100").json() == ["limit"]


@pytest.mark.parametrize("place", ["query", "header", "cookie", "form"])
def test_further_names_are_the_model_s_decision(client_for, place):
    app = App()
    mark = {"query": Query, "header": Header, "cookie": Cookie, "form": Form}[place]

    @app.post("/")
    def read(data: Annotated[Strict, mark()]) -> str:
        return data.name

    client = client_for(app)

    def send(values: dict):
        if place == "query":
            return client.post("/", params=values)
        if place == "form":
            return client.post("/", data=values)
        if place == "header":
            return client.post("/", headers=values)
        return client.post("/", headers={"cookie": "; ".join(f"{name}={value}" for name, value in values.items())})

    if place != "header":
        assert send({"name": "a"}).json() == "a"
    refused = send({"name": "a", "tool": "b"}).json()["detail"]
    where = "body" if place == "form" else place
    assert {"type": "extra_forbidden", "loc": [where, "tool"], "msg": "Extra inputs are not permitted", "input": "b"} in refused


def test_header_model_reads_hyphens(client_for):
    class Common(BaseModel):
        user_agent: str
        x_tag: list[str] = []
        own: str = Field("none", alias="x_own")

    app = App()

    @app.get("/")
    def read(common: Annotated[Common, Header()]) -> dict:
        return common.model_dump()

    client = client_for(app)
    answer = client.get("/", headers=[("user-agent", "me"), ("x-tag", "1"), ("x-tag", "2"), ("x_own", "3")])
    assert answer.json() == {"user_agent": "me", "x_tag": ["1", "2"], "own": "3"}


def test_cookie_model(client_for):
    class Cookies(BaseModel):
        session: str
        theme: str = "light"

    app = App()

    @app.get("/")
    def read(cookies: Annotated[Cookies, Cookie()]) -> dict:
        return cookies.model_dump()

    client = client_for(app)
    assert client.get("/", headers={"cookie": "session=abc"}).json() == {"session": "abc", "theme": "light"}
    assert client.get("/").json() == {
        "detail": [{"type": "missing", "loc": ["cookie", "session"], "msg": "Field required", "input": {}}]
    }


def test_form_model(client_for):
    app = App()

    @app.post("/")
    def read(filters: Annotated[Filters, Form()]) -> dict:
        return filters.model_dump()

    client = client_for(app)
    assert client.post("/", data={"limit": "5", "tags": ["a", "b"], "q": ""}).json() == {
        "limit": 5,
        "order_by": "created",
        "tags": ["a", "b"],
        "search": None,
    }


def test_several_models_side_by_side(client_for):
    class Page(BaseModel):
        page: int = 1

    app = App()

    @app.get("/")
    def read(
        filters: Annotated[Filters, Query()], page: Annotated[Page, Query()], agent: Annotated[str, Header(alias="user-agent")]
    ) -> list:
        return [filters.limit, page.page, agent]

    assert client_for(app).get("/?limit=3&page=2").json() == [3, 2, "testclient"]


def test_optional_model(client_for):
    class Needed(BaseModel):
        a: int

    app = App()

    @app.get("/")
    def read(needed: Annotated[Needed | None, Query()] = None) -> int | None:
        return needed and needed.a

    client = client_for(app)
    assert client.get("/").json() is None
    assert client.get("/?a=1").json() == 1


def test_model_validators_see_what_was_sent(client_for):
    seen = []

    class Watching(BaseModel):
        a: int = 0

        @model_validator(mode="before")
        @classmethod
        def watch(cls, values: dict) -> dict:
            seen.append(dict(values))
            return values

    app = App()

    @app.get("/")
    def read(data: Annotated[Watching, Query()]) -> int:
        return data.a

    client_for(app).get("/?a=1&b=2&b=3")
    assert seen == [{"a": "1", "b": ["2", "3"]}]


def test_header_model_takes_no_header_with_underscores_for_one_with_hyphens(client_for):
    class Trace(BaseModel):
        user_id: str

    app = App()

    @app.get("/")
    def read(trace: Annotated[Trace, Header()]) -> Trace:
        return trace

    client = client_for(app)
    assert client.get("/", headers=[("user-id", "a"), ("user_id", "b")]).json() == {"user_id": "a"}
    assert client.get("/", headers={"user_id": "b"}).json()["detail"][0]["loc"] == ["header", "user-id"]


def test_header_model_that_is_read_by_alias_or_name(client_for):
    class Trace(BaseModel):
        model_config = ConfigDict(validate_by_name=True)
        user_id: int = Field(alias="X-User")

    app = App()

    @app.get("/")
    def read(trace: Annotated[Trace, Header()]) -> int:
        return trace.user_id

    client = client_for(app)
    assert client.get("/", headers={"x-user": "1", "user-id": "2"}).json() == 1
    assert client.get("/", headers={"user-id": "2"}).json() == 2
    assert client.get("/", headers={"user-id": "x"}).json()["detail"][0]["loc"] == ["header", "user-id"]
