"""What a handler gives back, and what the client gets: response models, statuses, injected responses."""

from datetime import UTC
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field

from trine import App, Depends, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response, SetupError
from trine.errors import ResponseValidationError


class User(BaseModel):
    name: str
    email: str | None = None
    age: int = 18


class UserInDB(User):
    password: str = "secret"


@pytest.mark.parametrize("style", ["annotation", "response_model"])
def test_the_answer_is_reduced_to_the_model(client_for, style):
    app = App()

    if style == "annotation":

        @app.get("/")
        def read() -> User:
            return UserInDB(name="a")
    else:

        @app.get("/", response_model=User)
        def read() -> Any:
            return {"name": "a", "password": "secret"}

    assert client_for(app).get("/").json() == {"name": "a", "email": None, "age": 18}


def test_the_option_wins_over_the_annotation(client_for):
    app = App()

    @app.get("/", response_model=User)
    def read() -> UserInDB:
        return UserInDB(name="a")

    @app.get("/none", response_model=None)
    def none() -> User:
        return {"anything": 1}  # type: ignore[return-value] # nobody looks

    client = client_for(app)
    assert "password" not in client.get("/").json()
    assert client.get("/none").json() == {"anything": 1}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"response_model_exclude_unset": True}, {"name": "a", "age": 18}),
        ({"response_model_exclude_defaults": True}, {"name": "a"}),
        ({"response_model_exclude_none": True}, {"name": "a", "age": 18}),
        ({"response_model_include": {"name", "email"}}, {"name": "a", "email": None}),
        ({"response_model_exclude": {"email"}}, {"name": "a", "age": 18}),
        ({"response_model_include": ["name"]}, {"name": "a"}),
    ],
)
def test_fields_can_be_chosen(client_for, options, expected):
    app = App()

    @app.get("/", response_model=User, **options)
    def read() -> Any:
        return User(name="a", age=18)

    assert client_for(app).get("/").json() == expected


def test_aliases_are_sent_unless_asked_otherwise(client_for):
    class Aliased(BaseModel):
        model_config = ConfigDict(populate_by_name=True)
        first_name: str = Field(alias="firstName")

    app = App()

    @app.get("/alias")
    def alias() -> Aliased:
        return Aliased(first_name="a")

    @app.get("/name", response_model_by_alias=False)
    def name() -> Aliased:
        return Aliased(first_name="a")

    client = client_for(app)
    assert client.get("/alias").json() == {"firstName": "a"}
    assert client.get("/name").json() == {"first_name": "a"}


def test_objects_with_attributes_are_read(client_for):
    class Row:
        name = "a"
        email = None
        age = 3
        password = "secret"

    app = App()

    @app.get("/", response_model=User)
    def read() -> Any:
        return Row()

    @app.get("/all", response_model=list[User])
    def every() -> Any:
        return [Row(), Row()]

    client = client_for(app)
    assert client.get("/").json() == {"name": "a", "email": None, "age": 3}
    assert len(client.get("/all").json()) == 2


def test_computed_fields_are_sent(client_for):
    class Square(BaseModel):
        side: int

        @computed_field
        @property
        def area(self) -> int:
            return self.side**2

    app = App()

    @app.get("/")
    def read() -> Square:
        return Square(side=3)

    assert client_for(app).get("/").json() == {"side": 3, "area": 9}


def test_what_does_not_fit_the_model_is_the_application_s_mistake(client_for):
    app = App()

    @app.get("/", response_model=User)
    def read() -> Any:
        return {"nom": "a", "age": "x"}

    with pytest.raises(ResponseValidationError) as raised:
        client_for(app).get("/")
    assert [error["loc"] for error in raised.value.errors()] == [["response", "name"], ["response", "age"]]
    answer = client_for(app, raise_server_exceptions=False).get("/")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, 1, 1),
        (str, "ä", "ä"),
        (None, None, None),
        (list[int], (1, 2), [1, 2]),
        (dict[str, User], {"a": {"name": "a"}}, {"a": {"name": "a", "email": None, "age": 18}}),
        (User | int, 7, 7),
        (tuple[int, str], (1, "a"), [1, "a"]),
        (list[User] | None, None, None),
    ],
)
def test_other_types(client_for, annotation, value, expected):
    app = App()

    def read():
        return value

    read.__annotations__["return"] = annotation
    app.get("/")(read)
    assert client_for(app).get("/").json() == expected


def test_a_response_goes_out_as_it_is(client_for):
    app = App()

    @app.get("/json")
    def json(ok: bool = True) -> JSONResponse:
        return JSONResponse({"ok": ok}, 202, {"x-a": "1"})

    @app.get("/model", response_model=User)
    def model() -> Any:
        return PlainTextResponse("not a user")

    @app.get("/redirect")
    def redirect() -> RedirectResponse:
        return RedirectResponse("/json")

    client = client_for(app)
    answer = client.get("/json")
    assert (answer.status_code, answer.json(), answer.headers["x-a"]) == (202, {"ok": True}, "1")
    assert client.get("/model").text == "not a user"
    assert client.get("/redirect").json() == {"ok": True}


def test_a_response_class_as_part_of_a_union_is_refused():
    app = App()

    @app.get("/")
    def read() -> User | Response: ...

    with pytest.raises(SetupError) as raised:
        app.prepare()
    assert raised.value.hint == "Declare response_model=None."
    assert raised.value.message == (
        f"The handler 'read' returns {User | Response}: part of it is a Response, which cannot be a response model."
    )


@pytest.mark.parametrize("status", [200, 201, 202, 418])
def test_status_codes(client_for, status):
    app = App()

    @app.post("/", status_code=status)
    def create() -> str:
        return "done"

    answer = client_for(app).post("/")
    assert (answer.status_code, answer.json()) == (status, "done")


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(client_for, status):
    app = App()

    @app.delete("/", status_code=status)
    def remove() -> None: ...

    answer = client_for(app).delete("/")
    assert (answer.status_code, answer.content) == (status, b"")
    assert "content-type" not in answer.headers
    assert status != 204 or "content-length" not in answer.headers


def test_a_status_without_a_body_set_by_the_handler(client_for):
    app = App()

    @app.delete("/")
    def remove(response: Response) -> None:
        response.status_code = 204
        response.headers["x-a"] = "1"

    answer = client_for(app).delete("/")
    assert (answer.status_code, answer.content, answer.headers["x-a"]) == (204, b"", "1")
    assert "content-length" not in answer.headers


def test_status_without_a_body_may_be_changed_to_one_with(client_for):
    app = App()

    @app.delete("/{id}", status_code=204)
    async def remove(id: int, response: Response) -> Any:
        if id == 7:
            response.status_code = 409
            return {"locked": id}
        return None

    client = client_for(app)
    gone, locked = client.delete("/1"), client.delete("/7")
    assert (gone.status_code, gone.content, "content-type" in gone.headers) == (204, b"", False)
    assert (locked.status_code, locked.json(), locked.headers["content-type"]) == (409, {"locked": 7}, "application/json")


def test_an_injected_response_sets_status_headers_and_cookies(client_for):
    app = App()

    @app.put("/{id}")
    def put(id: int, response: Response) -> dict:
        if id > 1:
            response.status_code = 201
        response.headers["x-id"] = str(id)
        response.set_cookie("last", str(id))
        response.set_cookie("other", "1")
        return {"id": id}

    client = client_for(app)
    assert client.put("/1").status_code == 200
    answer = client.put("/2")
    assert (answer.status_code, answer.json(), answer.headers["x-id"]) == (201, {"id": 2}, "2")
    assert len(answer.headers.get_list("set-cookie")) == 2
    assert dict(client.cookies) == {"last": "2", "other": "1"}


def test_dependencies_share_the_injected_response(client_for):
    app = App()

    def stamp(response: Response) -> None:
        response.headers["x-stamp"] = "1"
        response.status_code = 202

    @app.get("/", dependencies=[Depends(stamp)])
    def read() -> str:
        return "ok"

    answer = client_for(app).get("/")
    assert (answer.status_code, answer.headers["x-stamp"]) == (202, "1")


@pytest.mark.parametrize(
    ("response_class", "value", "content_type", "body"),
    [
        (PlainTextResponse, "text", "text/plain; charset=utf-8", "text"),
        (HTMLResponse, "<p>ä", "text/html; charset=utf-8", "<p>ä"),
        (JSONResponse, {"a": 1}, "application/json", '{"a":1}'),
    ],
)
def test_response_classes(client_for, response_class, value, content_type, body):
    app = App()

    @app.get("/", response_class=response_class)
    def read() -> Any:
        return value

    answer = client_for(app).get("/")
    assert (answer.headers["content-type"], answer.text) == (content_type, body)


def test_an_own_response_class(client_for):
    class YAMLish(Response):
        media_type = "application/yaml"

        def render(self, content: Any) -> bytes:
            return "\n".join(f"{key}: {value}" for key, value in content.items()).encode()

    app = App()

    @app.get("/", response_class=YAMLish)
    def read() -> Any:
        return {"a": 1, "b": 2}

    answer = client_for(app).get("/")
    assert (answer.headers["content-type"], answer.text) == ("application/yaml", "a: 1\nb: 2")


def test_json_is_compact_and_keeps_its_order(client_for):
    app = App()

    @app.get("/")
    def read() -> dict:
        return {"b": [1, 2], "a": "ä/\u2028"}

    assert client_for(app).get("/").content == '{"b":[1,2],"a":"ä/\u2028"}'.encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_does_not_have_are_not_sent(client_for, number):
    app = App()

    @app.get("/")
    def read() -> float:
        return number

    answer = client_for(app, raise_server_exceptions=False).get("/")
    assert answer.status_code == 500 or answer.json() is None


def test_values_of_many_types_without_a_model(client_for):
    from dataclasses import dataclass
    from datetime import date, datetime
    from decimal import Decimal
    from enum import Enum
    from pathlib import PurePosixPath
    from uuid import UUID

    class Colour(Enum):
        red = "r"

    @dataclass
    class Point:
        x: int

    app = App()

    @app.get("/")
    def read():
        return {
            "date": date(2026, 11, 21),
            "time": datetime(2026, 11, 21, 12, tzinfo=UTC),
            "uuid": UUID(int=1),
            "enum": Colour.red,
            "set": {1},
            "point": Point(1),
            "user": User(name="a"),
            "decimal": Decimal("1.5"),
            "path": PurePosixPath("/a"),
            "bytes": b"abc",
        }

    answer = client_for(app).get("/").json()
    assert answer["date"] == "2026-11-21"
    assert answer["time"] in ("2026-11-21T12:00:00+00:00", "2026-11-21T12:00:00Z")
    assert answer["uuid"] == "00000000-0000-0000-0000-000000000001"
    assert (answer["enum"], answer["set"], answer["point"], answer["path"]) == ("r", [1], {"x": 1}, "/a")
    assert answer["user"] == {"name": "a", "email": None, "age": 18}
    assert float(answer["decimal"]) == 1.5


def test_inherited_models_in_lists_are_reduced_too(client_for):
    app = App()

    @app.get("/")
    def read() -> list[User]:
        return [UserInDB(name="a"), UserInDB(name="b")]

    assert [set(user) for user in client_for(app).get("/").json()] == [{"name", "email", "age"}] * 2


def test_nested_models_are_reduced_too(client_for):
    class Team(BaseModel):
        lead: User

    app = App()

    @app.get("/")
    def read() -> Team:
        return Team(lead=UserInDB(name="a"))

    assert "password" not in client_for(app).get("/").json()["lead"]


def test_the_dependency_s_value_may_be_the_answer(client_for):
    app = App()

    def user() -> UserInDB:
        return UserInDB(name="a")

    @app.get("/")
    def read(user: Annotated[UserInDB, Depends(user)]) -> User:
        return user

    assert client_for(app).get("/").json() == {"name": "a", "email": None, "age": 18}
