"""Query, header, cookie and path parameters: required, optional, with default, as lists, under other names."""

from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal
from uuid import UUID

import pytest
from pydantic import AliasChoices, BeforeValidator, Field

from trine import App, Cookie, Header, Path, Query

KINDS = {"query": Query, "header": Header, "cookie": Cookie}


def ask(client, kind: str, values: dict):
    """Send values in one place of a request."""
    pairs = [(name, one) for name, value in values.items() for one in (value if isinstance(value, list) else [value])]
    if kind == "query":
        return client.get("/", params=pairs)
    if kind == "header":
        return client.get("/", headers=pairs)
    return client.get("/", headers={"cookie": "; ".join(f"{name}={value}" for name, value in pairs)} if pairs else {})


def missing(*loc: str) -> dict:
    return {"detail": [{"type": "missing", "loc": list(loc), "msg": "Field required", "input": None}]}


@pytest.fixture(params=sorted(KINDS))
def kind(request) -> str:
    return request.param


@pytest.mark.parametrize("style", ["annotated", "default"])
def test_required(client_for, kind, style):
    app, mark = App(), KINDS[kind]

    if style == "annotated":

        @app.get("/")
        def read(p: Annotated[str, mark()]) -> str:
            return p
    else:

        @app.get("/")
        def read(p: str = mark()) -> str:
            return p

    client = client_for(app)
    assert ask(client, kind, {"p": "hello"}).json() == "hello"
    refused = ask(client, kind, {})
    assert (refused.status_code, refused.json()) == (422, missing(kind, "p"))


@pytest.mark.parametrize("style", ["annotated", "default"])
def test_optional(client_for, kind, style):
    app, mark = App(), KINDS[kind]

    if style == "annotated":

        @app.get("/")
        def read(p: Annotated[str | None, mark()] = None) -> str | None:
            return p
    else:

        @app.get("/")
        def read(p: str | None = mark(None)) -> str | None:
            return p

    client = client_for(app)
    assert ask(client, kind, {"p": "hello"}).json() == "hello"
    assert ask(client, kind, {}).json() is None


def test_nullable_without_default_stays_required(client_for, kind):
    app, mark = App(), KINDS[kind]

    @app.get("/")
    def read(p: Annotated[int | None, mark()]) -> int | None:
        return p

    client = client_for(app)
    assert ask(client, kind, {"p": "1"}).json() == 1
    assert ask(client, kind, {}).json() == missing(kind, "p")


def test_defaults_are_not_validated_unless_asked(client_for, kind):
    app, mark = App(), KINDS[kind]

    @app.get("/")
    def read(
        a: Annotated[int, mark(ge=10)] = 1,
        b: Annotated[int, mark(ge=10, validate_default=True)] = 11,
    ) -> list[int]:
        return [a, b]

    assert ask(client_for(app), kind, {}).json() == [1, 11]


def test_validated_default_that_is_wrong(client_for, kind):
    app, mark = App(), KINDS[kind]

    @app.get("/")
    def read(p: Annotated[int, mark(ge=10, validate_default=True)] = 1) -> int:
        return p

    assert ask(client_for(app), kind, {}).status_code == 422


def test_default_factory_is_called_for_each_request(client_for, kind):
    app, mark = App(), KINDS[kind]
    made = iter(range(100))

    @app.get("/")
    def read(p: Annotated[int, mark(default_factory=lambda: next(made))]) -> int:
        return p

    client = client_for(app)
    assert [ask(client, kind, {}).json() for _ in range(3)] == [0, 1, 2]
    assert ask(client, kind, {"p": "7"}).json() == 7
    assert next(made) == 3


def test_mutable_defaults_are_not_shared_between_requests(client_for):
    app = App()

    @app.get("/")
    def read(p: Annotated[list[str], Query()] = ["a"]) -> list[str]:  # noqa: B006 - that is the question
        p.append("b")
        return p

    client = client_for(app)
    assert [client.get("/").json() for _ in range(2)] == [["a", "b"], ["a", "b"]]


@pytest.mark.parametrize("option", ["alias", "validation_alias"])
def test_alias_is_the_name_on_the_wire(client_for, kind, option):
    app, mark = App(), KINDS[kind]

    @app.get("/")
    def read(p: Annotated[str, mark(**{option: "p_alias"})]) -> str:
        return p

    client = client_for(app)
    assert ask(client, kind, {"p_alias": "hello"}).json() == "hello"
    assert ask(client, kind, {"p": "hello"}).json() == missing(kind, "p_alias")


def test_validation_alias_wins_over_alias(client_for, kind):
    app, mark = App(), KINDS[kind]

    @app.get("/")
    def read(p: Annotated[str, mark(alias="p_alias", validation_alias="p_val")]) -> str:
        return p

    client = client_for(app)
    assert ask(client, kind, {"p_val": "hello"}).json() == "hello"
    assert ask(client, kind, {"p_alias": "hello"}).json() == missing(kind, "p_val")


def test_alias_choices_are_tried_in_order(client_for, kind):
    app, mark = App(), KINDS[kind]

    @app.get("/")
    def read(p: Annotated[str, mark(validation_alias=AliasChoices("one", "two"))]) -> str:
        return p

    client = client_for(app)
    assert ask(client, kind, {"two": "2"}).json() == "2"
    assert ask(client, kind, {"one": "1", "two": "2"}).json() == "1"
    assert ask(client, kind, {}).json() == missing(kind, "one")


@pytest.mark.parametrize("kind", ["query", "header"])
def test_lists_take_every_value(client_for, kind):
    app, mark = App(), KINDS[kind]

    @app.get("/")
    def read(p: Annotated[list[int], mark()]) -> list[int]:
        return p

    client = client_for(app)
    assert ask(client, kind, {"p": ["1", "2"]}).json() == [1, 2]
    assert ask(client, kind, {"p": "1"}).json() == [1]
    assert ask(client, kind, {}).json() == missing(kind, "p")
    refused = ask(client, kind, {"p": ["1", "x", "y"]}).json()["detail"]
    assert [error["loc"] for error in refused] == [[kind, "p", 1], [kind, "p", 2]]


@pytest.mark.parametrize("kind", ["query", "header"])
@pytest.mark.parametrize(
    ("annotation", "expected"),
    [(set[int], [1, 2]), (tuple[int, int], [1, 2]), (frozenset[str], ["1", "2"]), (list[int] | None, [1, 2])],
)
def test_other_collections(client_for, kind, annotation, expected):
    app, mark = App(), KINDS[kind]

    @app.get("/")
    def read(p: Annotated[annotation, mark()] = None) -> object:
        return p if p is None else sorted(p)

    client = client_for(app)
    assert ask(client, kind, {"p": ["1", "2"]}).json() == expected
    assert ask(client, kind, {}).json() is None


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("name=Ada1", "Ada1"),
        ("name=", ""),
        ("name", ""),
        ("name=a%20b", "a b"),
        ("name=a+b", "a b"),
        ("name=a-b", "a-b"),
        ("name=a=b", "a=b"),
        ("n%61me=Ada", "Ada"),
        ("name=Ada&name=Eve", "Eve"),
        ("other=1&name=Ada", "Ada"),
        ("names=Ada", None),
        ("", None),
    ],
)
def test_a_lone_parameter_means_the_same_as_one_among_others(client_for, query, value):
    app = App()
    app.get("/lone")(lambda name=None: name)
    app.get("/accompanied")(lambda name=None, age=None: name)
    client = client_for(app)
    assert client.get(f"/lone?{query}").json() == client.get(f"/accompanied?{query}").json() == value


def test_of_several_values_the_last_one_counts(client_for):
    app = App()

    @app.get("/")
    def read(p: str) -> str:
        return p

    assert client_for(app).get("/?p=1&p=2").json() == "2"


class Size(Enum):
    small = "s"
    large = "l"


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        (int, "42", 42),
        (int, "-42", -42),
        (int, "0042", 42),
        (int, "123456789012345678901234567890", 123456789012345678901234567890),
        (float, "1.5", 1.5),
        (float, "-1e3", -1000.0),
        (bool, "true", True),
        (bool, "on", True),
        (bool, "1", True),
        (bool, "no", False),
        (bool, "False", False),
        (str, "", ""),
        (date, "2026-11-21", "2026-11-21"),
        (timedelta, "PT1H", "PT1H"),
        (UUID, "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
        (Decimal, "1.10", "1.10"),
        (Size, "l", "l"),
        (Literal["a", "b"], "b", "b"),
        (int | str, "7", "7"),
        (int | str, "x", "x"),
    ],
)
def test_text_becomes_the_declared_type(client_for, annotation, text, expected):
    app = App()

    @app.get("/")
    def read(p: annotation) -> annotation:
        return p

    assert client_for(app).get("/", params={"p": text}).json() == expected


@pytest.mark.parametrize(
    ("annotation", "text", "kind", "message"),
    [
        (int, "x", "int_parsing", "Input should be a valid integer, unable to parse string as an integer"),
        (int, "1.5", "int_parsing", "Input should be a valid integer, unable to parse string as an integer"),
        (int, "", "int_parsing", "Input should be a valid integer, unable to parse string as an integer"),
        (int, "٣", "int_parsing", "Input should be a valid integer, unable to parse string as an integer"),
        (float, "x", "float_parsing", "Input should be a valid number, unable to parse string as a number"),
        (bool, "maybe", "bool_parsing", "Input should be a valid boolean, unable to interpret input"),
        (Literal["a"], "b", "literal_error", "Input should be 'a'"),
        (Size, "m", "enum", "Input should be 's' or 'l'"),
    ],
)
def test_text_that_does_not_fit(client_for, annotation, text, kind, message):
    app = App()

    @app.get("/")
    def read(p: annotation) -> None: ...

    refused = client_for(app).get("/", params={"p": text})
    assert refused.status_code == 422
    [error] = refused.json()["detail"]
    assert (error["type"], error["loc"], error["msg"], error["input"]) == (kind, ["query", "p"], message, text)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999"])
def test_numbers_that_json_cannot_say_are_refused(client_for, text):
    app = App()

    @app.get("/")
    def read(p: float) -> float:
        return p

    refused = client_for(app).get("/", params={"p": text})
    assert (refused.status_code, refused.json()["detail"][0]["type"]) == (422, "finite_number")


def test_an_integer_of_very_many_digits_is_refused(client_for):
    app = App()

    @app.get("/")
    def read(p: int) -> int:
        return p

    refused = client_for(app).get("/", params={"p": "9" * 60_000})
    assert (refused.status_code, refused.json()["detail"][0]["type"]) == (422, "int_parsing_size")


@pytest.mark.parametrize(
    ("options", "good", "bad", "type"),
    [
        ({"gt": 1}, "2", "1", "greater_than"),
        ({"ge": 1}, "1", "0", "greater_than_equal"),
        ({"lt": 1}, "0", "1", "less_than"),
        ({"le": 1}, "1", "2", "less_than_equal"),
        ({"multiple_of": 3}, "9", "10", "multiple_of"),
    ],
)
def test_numbers_are_constrained(client_for, options, good, bad, type):
    app = App()

    @app.get("/{n}")
    def read(n: Annotated[int, Path(**options)], q: Annotated[int, Query(**options)]) -> list[int]:
        return [n, q]

    client = client_for(app)
    assert client.get(f"/{good}?q={good}").json() == [int(good), int(good)]
    refused = client.get(f"/{bad}?q={bad}").json()["detail"]
    assert [(error["type"], error["loc"]) for error in refused] == [(type, ["path", "n"]), (type, ["query", "q"])]


@pytest.mark.parametrize(
    ("options", "good", "bad", "type"),
    [
        ({"min_length": 2}, "ab", "a", "string_too_short"),
        ({"max_length": 2}, "ab", "abc", "string_too_long"),
        ({"pattern": "^a+$"}, "aa", "ab", "string_pattern_mismatch"),
    ],
)
def test_text_is_constrained(client_for, kind, options, good, bad, type):
    app, mark = App(), KINDS[kind]

    @app.get("/")
    def read(p: Annotated[str, mark(**options)]) -> str:
        return p

    client = client_for(app)
    assert ask(client, kind, {"p": good}).json() == good
    assert ask(client, kind, {"p": bad}).json()["detail"][0]["type"] == type


def test_constraints_of_pydantic_s_field_count_too(client_for):
    app = App()
    count = Annotated[int, Field(gt=0)]

    @app.get("/")
    def read(a: count, b: Annotated[count, Query(lt=10)]) -> list[int]:
        return [a, b]

    client = client_for(app)
    assert client.get("/?a=1&b=1").json() == [1, 1]
    assert [error["loc"] for error in client.get("/?a=0&b=0").json()["detail"]] == [["query", "a"], ["query", "b"]]
    assert [error["type"] for error in client.get("/?a=11&b=11").json()["detail"]] == ["less_than"]


def test_headers_turn_underscores_into_hyphens(client_for):
    app = App()

    @app.get("/")
    def read(
        x_token: Annotated[str, Header()], x_raw: Annotated[str | None, Header(convert_underscores=False)] = None
    ) -> list[str | None]:
        return [x_token, x_raw]

    client = client_for(app)
    assert client.get("/", headers={"X-Token": "a", "x_raw": "b"}).json() == ["a", "b"]
    assert client.get("/").json() == missing("header", "x-token")


def test_scalars_without_a_mark_are_query_parameters_or_of_the_path(client_for):
    app = App()

    @app.get("/{id}")
    def read(id: int, q: str, page: int = 1) -> list:
        return [id, q, page]

    client = client_for(app)
    assert client.get("/7?q=a").json() == [7, "a", 1]
    assert client.get("/7?q=a&page=2&id=9").json() == [7, "a", 2]


def test_parameters_keep_their_annotations_as_text(client_for):
    app = App()

    def read(p: "int", q: "Annotated[str, Query(max_length=2)]" = "a") -> "list":
        return [p, q]

    app.add_api_route("/", read)
    client = client_for(app)
    assert client.get("/?p=1").json() == [1, "a"]
    assert client.get("/?p=1&q=abc").status_code == 422


def test_validators_in_the_annotation_run(client_for):
    app = App()

    @app.get("/")
    def read(p: Annotated[int, BeforeValidator(lambda text: text.strip("#"))]) -> int:
        return p

    assert client_for(app).get("/", params={"p": "#7"}).json() == 7


def test_keyword_only_parameters(client_for):
    app = App()

    @app.get("/")
    def read(*, p: int, q: int = 2) -> list[int]:
        return [p, q]

    assert client_for(app).get("/?p=1").json() == [1, 2]


def test_cookies_are_read_from_several_lines(client_for):
    app = App()

    @app.get("/")
    def read(a: Annotated[str, Cookie()], b: Annotated[int, Cookie()] = 0) -> list:
        return [a, b]

    assert client_for(app).get("/", headers=[("cookie", "a=1"), ("cookie", "b=2")]).json() == ["1", 2]


def test_the_pattern_may_be_compiled(client_for):
    import re

    app = App()

    @app.get("/")
    def read(p: Annotated[str, Query(pattern=re.compile("^a+$"))]) -> str:
        return p

    client = client_for(app)
    assert client.get("/?p=aa").json() == "aa"
    assert client.get("/?p=b").status_code == 422


def test_the_first_line_of_a_repeated_header_counts_under_whatever_name(client_for):
    app = App()

    @app.get("/")
    async def index(
        page: Annotated[int, Header()], size: Annotated[int, Header(validation_alias=AliasChoices("x-size", "size"))]
    ) -> list[int]:
        return [page, size]

    headers = [("page", "1"), ("page", "2"), ("x-size", "3"), ("x-size", "4")]
    assert client_for(app).get("/", headers=headers).json() == [1, 3]
