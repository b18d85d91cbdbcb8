"""What a client sees of errors: one shape, always valid JSON, never a second error."""

import json
import logging
from http import HTTPStatus
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel

from trine import App, Body, Form, Header, HTTPException, Query, Response, Settings
from trine.errors import ClientDisconnect, RequestValidationError
from trine.http.problems import json_safe, make_problem
from trine.testing import TestClient


@pytest.fixture(params=[False, True], ids=["detail", "problem details"])
def app(request) -> App:
    return App(settings=Settings(problem_details=request.param))


def read(response) -> Any:
    """A body read as strictly as RFC 8259 has it."""
    return json.loads(response.content.decode("utf-8"), parse_constant=pytest.fail)


def details(response) -> list[dict[str, Any]]:
    body = read(response)
    return body["detail"] if isinstance(body["detail"], list) else body["errors"]


class Item(BaseModel):
    price: float
    name: str = ""


BAD_BODIES = [
    b'{"price": NaN}',
    b'{"price": Infinity}',
    b'{"price": 1e999}',
    b'{"price": "\\ud800"}',
    b'{"\\ud800": 1}',
    b'{"price": "\xff"}',
    b"\xff\xfe",
    b'{"price": 1' + b"0" * 100_000 + b"}",
    b'{"price": ' + b"[" * 60 + b"]" * 60 + b"}",
    b"[" * 100_000,
    b'{"price": null, "name": ' + b'"x' * 3,
    b"",
    b"null",
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/octet-stream"])
def test_bad_body_is_refused_in_json(app, client_for, body, content_type):
    @app.post("/items")
    def create(item: Item) -> Item:
        return item

    response = client_for(app).post("/items", content=body, headers={"content-type": content_type})
    assert response.status_code == 422
    assert details(response)


@pytest.mark.parametrize("query", ["n=NaN", "n=inf", "n=%ED%A0%80", "n=%FF", "n=%00", "n=1e999", "n=" + "9" * 5000])
def test_bad_query_is_refused_in_json(app, client_for, query):
    @app.get("/")
    def index(n: Annotated[float, Query(le=1e9)]) -> float:
        return n

    response = client_for(app).get(f"/?{query}")
    assert response.status_code == 422
    assert details(response)


def test_binary_header_and_form_are_refused_in_json(app, client_for):
    @app.post("/")
    def index(number: Annotated[int, Form()], n: Annotated[int, Header()] = 0) -> int:
        return number + n

    client = client_for(app)
    sent = b"--x\r\ncontent-disposition: form-data; name=number; filename=a\r\n\r\n\xff\x00\r\n--x--\r\n"
    response = client.post("/", content=sent, headers={"content-type": "multipart/form-data; boundary=x"})
    assert response.status_code == 422
    assert details(response)


def complain(value: Any) -> Any:
    raise ValueError({1: object()})


def test_exceptions_in_context_are_empty_objects(app, client_for):
    @app.post("/")
    def index(value: Annotated[Any, AfterValidator(complain), Body()]) -> None: ...

    response = client_for(app).post("/", json={"a": 1})
    assert response.status_code == 422
    assert details(response)[0]["ctx"] == {"error": {}}


DETAILS = [float("nan"), 10**5000, "\ud800", {"a": object()}, {(1, 2): b"\xff"}, {1, 2}, [ValueError("x")]]


@pytest.mark.parametrize("detail", DETAILS, ids=range(len(DETAILS)))
def test_any_detail_can_be_said(app, client_for, detail):
    @app.get("/")
    def index() -> None:
        raise HTTPException(418, detail)

    response = client_for(app).get("/")
    assert response.status_code == 418
    assert read(response)


def test_echo_is_not_larger_than_it_must_be(app, client_for):
    class Wide(BaseModel):
        a: int
        b: int
        c: int

    @app.post("/")
    def index(wide: Wide) -> None: ...

    response = client_for(app).post("/", json={"x": "y" * 1_000_000})
    assert response.status_code == 422
    assert [detail["loc"] for detail in details(response)] == [["body", "a"], ["body", "b"], ["body", "c"]]
    assert len(response.content) < 2000


def test_number_of_details_is_limited(app, client_for):
    @app.post("/")
    def index(numbers: list[int]) -> None: ...

    response = client_for(app).post("/", json=["x"] * 3000)
    assert response.status_code == 422
    assert len(details(response)) <= 1001


def test_problem_details_of_a_refusal(client_for):
    app = App(settings=Settings(problem_details=True))

    @app.get("/{status}")
    def index(status: int) -> None:
        raise HTTPException(status, {402: "Your balance is 30.", 403: None}.get(status), headers={"x-why": "because"})

    client = client_for(app)
    response = client.get("/402")
    assert (response.status_code, response.headers["content-type"]) == (402, "application/problem+json")
    assert response.headers["x-why"] == "because"
    assert response.json() == {
        "type": "about:blank",
        "title": "Payment Required",
        "status": 402,
        "detail": "Your balance is 30.",
    }
    assert client.get("/403").json() == {"type": "about:blank", "title": "Forbidden", "status": 403}
    assert client.get("/nowhere/else").json() == {"type": "about:blank", "title": "Not Found", "status": 404}
    assert client.get("/304").content == b""
    assert client.post("/402").json() == {"type": "about:blank", "title": "Method Not Allowed", "status": 405}


def test_problem_details_of_inputs(client_for):
    app = App(settings=Settings(problem_details=True))

    @app.get("/")
    def index(page: int, size: int) -> None: ...

    response = client_for(app).get("/?page=one")
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert response.json() == {
        "type": "about:blank",
        "title": HTTPStatus(422).phrase,
        "status": 422,
        "detail": "2 of the inputs do not fit.",
        "errors": [
            {
                "type": "int_parsing",
                "loc": ["query", "page"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "one",
            },
            {"type": "missing", "loc": ["query", "size"], "msg": "Field required", "input": None},
        ],
    }


def test_problem_details_of_an_unexpected_error(client_for):
    app = App(settings=Settings(problem_details=True))

    @app.get("/")
    def index() -> None:
        raise KeyError("secret")

    response = client_for(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert response.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}


def test_mapping_becomes_members_of_the_problem():
    assert make_problem(403, {"type": "https://example.org/funds", "title": 3, "balance": 30, "status": 200}) == {
        "type": "https://example.org/funds",
        "title": "Forbidden",
        "status": 403,
        "balance": 30,
    }
    assert make_problem(400, ["a", "b"]) == {"type": "about:blank", "title": "Bad Request", "status": 400, "errors": ["a", "b"]}
    assert make_problem(599) == {"type": "about:blank", "title": "Error", "status": 599}


def test_error_in_an_error_handler_is_answered_and_logged(app, client_for, caplog):
    @app.exception_handler(KeyError)
    def handle(request, error):
        raise ValueError("the handler is broken")

    @app.get("/")
    def index() -> None:
        raise KeyError("x")

    with caplog.at_level(logging.ERROR, "trine"):
        response = client_for(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    assert [str(record.exc_info[1]) for record in caplog.records] == ["the handler is broken"]


def test_error_handler_may_raise_an_answer(app, client_for):
    @app.exception_handler(KeyError)
    def handle(request, error):
        raise HTTPException(404, "There is no such thing.")

    @app.get("/")
    def index() -> None:
        raise KeyError("x")

    response = client_for(app).get("/")
    assert (response.status_code, response.json()["detail"]) == (404, "There is no such thing.")


def test_error_handler_may_raise_its_error_again(app, client_for):
    @app.exception_handler(RequestValidationError)
    def handle(request, error):
        raise error

    @app.get("/")
    def index(n: int) -> int:
        return n

    assert client_for(app, raise_server_exceptions=False).get("/?n=x").status_code == 422


UNSAFE = "The request asks for an answer whose headers would have characters that no header may have."


def test_refusal_with_headers_that_cannot_be_sent_is_a_bad_request(app, client_for):
    @app.get("/")
    def index() -> None:
        raise HTTPException(401, headers={"x-name": "a\r\nset-cookie: b=c"})

    response = client_for(app).get("/")
    assert (response.status_code, response.json()["detail"]) == (400, UNSAFE)
    assert "set-cookie" not in response.headers


def test_header_made_from_what_a_client_sent_cannot_break_the_answer(app, client_for, caplog):
    @app.get("/header")
    def header(value: str, response: Response) -> None:
        response.headers["x-name"] = value

    @app.get("/cookie")
    def cookie(value: str, response: Response) -> None:
        response.set_cookie(value, "x")

    client = client_for(app)
    for path in ("/header", "/cookie"):
        for value in ("a\r\nset-cookie: b=c", "a\x00", "☃"):
            answer = client.get(path, params={"value": value})
            assert (answer.status_code, answer.json()["detail"]) == (400, UNSAFE)
            assert "set-cookie" not in answer.headers
    assert caplog.messages[1] == (
        "GET /header: Header 'x-name' with value 'a\\x00' cannot be sent: it may not have line breaks or control characters."
    )


@pytest.mark.parametrize("where", ["before", "after"])
def test_error_in_middleware_is_answered_and_logged(app, client_for, caplog, where):
    @app.middleware("http")
    async def broken(request, call_next):
        if where == "before":
            raise ValueError("middleware is broken")
        await call_next(request)
        raise ValueError("middleware is broken")

    @app.get("/")
    def index() -> str:
        return "ok"

    with caplog.at_level(logging.ERROR, "trine"):
        response = client_for(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    assert [str(record.exc_info[1]) for record in caplog.records] == ["middleware is broken"]


def test_refusal_from_middleware_is_an_answer(app, client_for):
    @app.middleware("http")
    async def closed(request, call_next):
        raise HTTPException(503, "We are closed.", headers={"retry-after": "60"})

    response = client_for(app).get("/")
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")
    assert response.json()["detail"] == "We are closed."


def test_client_that_leaves_is_no_failure(app, client_for, caplog):
    @app.get("/")
    def index() -> None:
        raise ClientDisconnect

    with caplog.at_level(logging.ERROR, "trine"):
        assert client_for(app).get("/").status_code == 499
    assert caplog.records == []


texts = st.text(st.characters(exclude_categories=()))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.binary()
    | st.builds(ValueError)
    | st.builds(object)
    | st.complex_numbers()
    | st.dates()
    | st.decimals(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(texts | st.floats() | st.binary(), inner),
    max_leaves=15,
)


@given(values)
def test_everything_has_a_form_in_json(value):
    text = json.dumps(json_safe(value), allow_nan=False, ensure_ascii=False)
    assert json.loads(text.encode("utf-8")) == json_safe(value)


def test_very_deep_values_have_a_form_in_json():
    value: Any = []
    for _ in range(5000):
        value = [value]
    json.dumps(json_safe(value))


@pytest.fixture(scope="module", params=[False, True], ids=["detail", "problem details"])
def echo(request):
    app = App(settings=Settings(problem_details=request.param))

    @app.post("/")
    def index(item: Item, n: int = 0) -> Item:
        return item

    return TestClient(app)


odd_prices = st.from_regex(rb'\{"price": ?("\\\\u[dD][89a-f]..|-?NaN|-?Infinity|1e[0-9]{3,5}|"\xc3)', fullmatch=False)


@given(body=st.binary(max_size=200) | odd_prices)
def test_no_body_ends_in_an_error(echo, body):
    response = echo.post("/", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (200, 422)
    read(response)


@given(query=st.text(st.sampled_from("n=%&0123456789abcdefF+\u00e9"), max_size=60))
def test_no_query_ends_in_an_error(echo, query):
    response = echo.post(f"/?{query}", json={"price": 1})
    assert response.status_code in (200, 400, 422)
    read(response)
