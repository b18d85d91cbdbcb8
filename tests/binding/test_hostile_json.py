"""JSON that nobody sends by mistake: each body gets an answer that says what is wrong, and costs little."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypedDict

import msgspec
import pytest
from pydantic import BaseModel, ConfigDict

from trine import App, Body


class Door(BaseModel):
    name: str
    width: float = 1.0
    locks: int = 0


class LooseDoor(BaseModel):
    name: str
    notes: dict[str, Any] = {}


class Lock(msgspec.Struct):
    name: str
    width: float = 1.0
    locks: int = 0
    notes: dict[str, Any] = {}


@dataclass
class Hinge:
    name: str
    width: float = 1.0
    locks: int = 0


class Frame(TypedDict):
    name: str


KINDS = [Door, LooseDoor, Lock, Hinge, Frame, dict[str, Any], Any]


def names(kind):
    return getattr(kind, "__name__", str(kind))


def post(client, body: bytes, path: str = "/"):
    return client.post(path, content=body, headers={"content-type": "application/json"})


def echo_app(kind):
    app = App()

    @app.post("/")
    async def echo(value: Annotated[kind, Body()]) -> Any:
        return value

    return app


@pytest.fixture(params=KINDS, ids=names)
def client(request, client_for):
    return client_for(echo_app(request.param))


@pytest.mark.parametrize(
    ("body", "place", "reason"),
    [
        (b'{"name": "a"', 12, "Expecting ',' delimiter"),
        (b'{"name": "a"} x', 14, "Extra data"),
        (b'{"name": "\xff"}', 10, "Not valid UTF-8"),
        (b'{"name": "\xed\xa0\x80"}', 10, "Not valid UTF-8"),
        ('{"name": "a"}'.encode("utf-16"), 0, "Not valid UTF-8"),
        ('{"name": "a"}'.encode("utf-16-le"), 1, "Expecting property name enclosed in double quotes"),
        (b'\xef\xbb\xbf{"name": "a"}', 0, "Unexpected UTF-8 BOM (decode using utf-8-sig)"),
        (b'{"name": "\\ud800"}', 0, "Half of a surrogate pair in a text"),
        (b'{"name": "a\x00"}', 11, "Invalid control character at"),
    ],
)
def test_what_is_no_json_in_utf_8_is_refused(client, body, place, reason):
    answer = post(client, body)
    assert answer.status_code == 422
    error = {"type": "json_invalid", "loc": ["body", place], "msg": "JSON decode error", "input": {}, "ctx": {"error": reason}}
    assert answer.json() == {"detail": [error]}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e" + "9" * 1000, "9" * 100_000])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Door, '{"name": "a", "width": %s}'),
        (Door, '{"name": "a", "locks": %s}'),
        (LooseDoor, '{"name": "a", "notes": {"x": [%s]}}'),
        (Lock, '{"name": "a", "width": %s}'),
        (Lock, '{"name": "a", "locks": %s}'),
        (Lock, '{"name": "a", "notes": {"x": [%s]}}'),
        (Hinge, '{"name": "a", "width": %s}'),
        (dict[str, Any], '{"x": {"y": %s}}'),
        (Any, "%s"),
    ],
    ids=lambda value: names(value) if not isinstance(value, str) else value,
)
def test_number_that_is_not_finite_or_endless_is_refused(client_for, kind, body, number):
    assert post(client_for(echo_app(kind)), (body % number).encode()).status_code == 422


def test_nan_is_named_where_a_type_has_no_place_for_it(client_for):
    answer = post(client_for(echo_app(dict[str, Any])), b'{"x": NaN}')
    assert answer.json()["detail"][0]["ctx"] == {"error": "NaN is no number in JSON"}


@pytest.mark.parametrize("first", [b'"name": "a"', b'"name": 1', b'"\\u006eame": "a"'])
def test_of_equal_keys_the_last_one_counts(client, first):
    assert post(client, b"{" + first + b', "name": "b"}').json()["name"] == "b"


@pytest.mark.parametrize("kind", [Door, Lock, Hinge, Frame, dict[str, str]], ids=names)
def test_of_equal_keys_the_last_one_is_what_errors_are_about(client_for, kind):
    client = client_for(echo_app(kind))
    answer = post(client, b'{"name": "b", "name": 1}')
    assert [(error["loc"], error["input"]) for error in answer.json()["detail"]] == [(["body", "name"], 1)]
    assert post(client, b'{"name": 1, "name": "b"}').status_code == 200


def test_struct_with_a_number_that_python_would_not_read_is_refused(client_for):
    answer = post(client_for(echo_app(Lock)), b'{"name": "a", "locks": ' + b"9" * 100_000 + b"}")
    error = {"type": "value_error", "loc": ["body", "locks"], "msg": "Integer value out of range", "input": None}
    assert (answer.status_code, answer.json()) == (422, {"detail": [error]})


def test_place_inside_a_dictionary_of_a_struct_is_the_dictionary(client_for):
    answer = post(client_for(echo_app(Lock)), b'{"name": "a", "notes": {"x": 1e999}}')
    assert answer.json()["detail"][0]["loc"] == ["body", "notes"]


def test_strict_model_is_not_blamed_for_what_json_cannot_say(client_for):
    class Sale(BaseModel):
        model_config = ConfigDict(strict=True)

        day: date
        price: int

    client = client_for(echo_app(Sale))
    assert post(client, b'{"day": "1987-06-01", "price": 1}').status_code == 200
    answer = post(client, b'{"day": "1987-06-01", "price": "1"}')
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", "price"]]


def test_strict_model_takes_the_same_texts_beside_another_value(client_for):
    class Sale(BaseModel):
        model_config = ConfigDict(strict=True)

        day: date
        price: int

    app = App()

    @app.post("/")
    async def sell(sale: Sale, count: Annotated[int, Body()]) -> Any:
        return sale.day

    client = client_for(app)
    assert post(client, b'{"sale": {"day": "1987-06-01", "price": 1}, "count": 2}').json() == "1987-06-01"
    answer = post(client, b'{"sale": {"day": "1987-06-01", "price": "1"}, "count": 2}')
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", "sale", "price"]]


class Point(BaseModel):
    x: int
    y: int


@pytest.fixture
def points(client_for):
    app = App()

    @app.post("/")
    async def count(points: list[Point]) -> int:
        return len(points)

    @app.post("/two")
    async def count_two(points: list[Point], scale: Annotated[int, Body()]) -> int:
        return len(points) * scale

    return client_for(app)


def test_small_body_gets_every_error_with_its_input(points):
    answer = post(points, b'[{"x": "a", "y": 1}, {"x": 1, "y": "b"}]')
    assert [(error["loc"], error["input"]) for error in answer.json()["detail"]] == [
        (["body", 0, "x"], "a"),
        (["body", 1, "y"], "b"),
    ]


def test_more_than_a_thousand_errors_are_counted_instead_of_listed(points):
    answer = post(points, json.dumps([{}] * 501).encode())
    assert answer.json()["detail"] == [
        {
            "type": "too_many_errors",
            "loc": ["body"],
            "msg": "1002 values do not fit: more than the 1000 that are listed",
            "input": None,
            "ctx": {"count": 1002, "limit": 1000},
        }
    ]
    assert len(post(points, json.dumps([{}] * 500).encode()).json()["detail"]) == 1000


def test_large_body_stops_at_the_first_misfit_of_a_list_and_does_not_repeat_it(points):
    many = b"[" + b"{}," * 1_000_000 + b"{}]"
    missing = [{"type": "missing", "loc": ["body", 0, name], "msg": "Field required", "input": None} for name in ("x", "y")]
    assert post(points, many).json()["detail"] == missing
    inside = [{**error, "loc": ["body", "points", *error["loc"][1:]]} for error in missing]
    assert post(points, b'{"scale": 1, "points": ' + many + b"}", "/two").json()["detail"] == inside


def test_large_body_that_fits_is_read_like_any_other(points):
    many = json.dumps([{"x": 1, "y": 2}] * 10_000).encode()
    assert post(points, many).json() == 10_000
    assert post(points, b'{"scale": 2, "points": ' + many + b"}", "/two").json() == 20_000


def test_large_body_of_another_type_is_not_repeated(client_for):
    answer = client_for(echo_app(Door)).post("/", content=b"x" * 20_000, headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["detail"][0]["input"]) == (422, None)


@pytest.mark.parametrize(
    ("deepest", "too_deep"),
    [
        # One level is the list around it.
        (b"[" * 63 + b"]" * 63, b"[" * 64 + b"]" * 64),
        (b'[{"a":' * 31 + b"1" + b"}]" * 31, b'[{"a":' * 32 + b"1" + b"}]" * 32),
        (b'"\\u0041", ' + b"[" * 63 + b"]" * 63 + b', "\\u0041"', b'"\\u0041", ' + b"[" * 64 + b"]" * 64 + b', "\\u0041"'),
        (b'"' + b"[" * 100 + b'\\"' + b"[" * 100 + b'"', b'"]\\\\", ' + b"[" * 64 + b"]" * 64),
    ],
    ids=["brackets", "in turns", "between escapes", "in texts"],
)
def test_depth_is_counted_as_it_is(client_for, deepest, too_deep):
    client = client_for(echo_app(Any))
    assert post(client, b"[%s]" % deepest).status_code == 200
    assert post(client, b"[%s]" % too_deep).json()["detail"][0]["type"] == "json_too_deep"


@pytest.mark.parametrize("kind", [LooseDoor, Lock], ids=names)
def test_depth_is_limited_inside_records(client_for, kind):
    body = b'{"name": "\\u0041", "notes": {"x": [' + b'{"a": [' * 40 + b"]}" * 40 + b"]}}"
    assert post(client_for(echo_app(kind)), body).json()["detail"][0]["type"] == "json_too_deep"
