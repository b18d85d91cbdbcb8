"""Exceptions become answers: HTTPException, handlers by class and status, and what production tells of the rest."""

import logging

import pytest

from trine import APIRouter, App, HTTPException, JSONResponse, PlainTextResponse, Request, RequestValidationError
from trine.errors import BodyTooLarge


@pytest.mark.parametrize(
    ("error", "status", "answer"),
    [
        (HTTPException(404), 404, {"detail": "Not Found"}),
        (HTTPException(418, "teapot"), 418, {"detail": "teapot"}),
        (HTTPException(400, {"code": 7, "why": ["a"]}), 400, {"detail": {"code": 7, "why": ["a"]}}),
        (HTTPException(status_code=402, detail="pay"), 402, {"detail": "pay"}),
        (HTTPException(599), 599, {"detail": ""}),
    ],
)
def test_http_exceptions_are_answers(client_for, error, status, answer):
    app = App()

    @app.get("/")
    def refuse() -> None:
        raise error

    got = client_for(app).get("/")
    assert (got.status_code, got.json()) == (status, answer)


def test_http_exceptions_carry_headers(client_for):
    app = App()

    @app.get("/")
    def refuse() -> None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})

    assert client_for(app).get("/").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("status", [204, 304])
def test_http_exceptions_without_a_body(client_for, status):
    app = App()

    @app.get("/")
    def refuse() -> None:
        raise HTTPException(status, headers={"x-a": "1"})

    got = client_for(app).get("/")
    assert (got.status_code, got.content, got.headers["x-a"]) == (status, b"", "1")


@pytest.mark.parametrize("is_async", [True, False])
def test_a_handler_for_a_class_answers_its_subclasses(client_for, is_async):
    class ShopError(Exception):
        pass

    class SoldOut(ShopError):
        pass

    app = App()

    if is_async:

        @app.exception_handler(ShopError)
        async def explain(request: Request, error: ShopError) -> JSONResponse:
            return JSONResponse({"shop": str(error), "path": request.path}, 409)
    else:

        @app.exception_handler(ShopError)
        def explain(request: Request, error: ShopError) -> JSONResponse:
            return JSONResponse({"shop": str(error), "path": request.path}, 409)

    @app.get("/buy")
    def buy() -> None:
        raise SoldOut("no more")

    got = client_for(app).get("/buy")
    assert (got.status_code, got.json()) == (409, {"shop": "no more", "path": "/buy"})


def test_the_most_specific_class_wins(client_for):
    app = App(
        exception_handlers={
            LookupError: lambda request, error: PlainTextResponse("lookup", 404),
            KeyError: lambda request, error: PlainTextResponse("key", 404),
        }
    )

    @app.get("/key")
    def key() -> None:
        raise KeyError("x")

    @app.get("/index")
    def index() -> None:
        raise IndexError("x")

    client = client_for(app)
    assert (client.get("/key").text, client.get("/index").text) == ("key", "lookup")


def test_a_handler_for_a_status_wins_over_its_class(client_for):
    app = App()

    @app.exception_handler(HTTPException)
    def every(request, error):
        return PlainTextResponse(f"every {error.status_code}", error.status_code)

    @app.exception_handler(404)
    def missing(request, error):
        return PlainTextResponse("missing", 404)

    @app.get("/teapot")
    def teapot() -> None:
        raise HTTPException(418)

    client = client_for(app)
    assert client.get("/nowhere").text == "missing"
    assert client.get("/teapot").text == "every 418"
    assert client.post("/teapot").text == "every 405"


def test_every_error_of_the_framework_can_be_answered(client_for):
    app = App(max_body_size=3)

    @app.exception_handler(BodyTooLarge)
    def too_large(request, error):
        return PlainTextResponse("too large", 413)

    @app.exception_handler(RequestValidationError)
    def wrong(request, error):
        return PlainTextResponse(f"{len(error.errors())} wrong", 400)

    @app.post("/")
    async def create(data: list[int], a: int) -> None: ...

    client = client_for(app)
    assert client.post("/?a=1", json=[1, 2, 3]).text == "too large"
    assert client.post("/", json=1).text == "2 wrong"


def test_handlers_of_a_route_a_router_and_the_application(client_for):
    def say(word: str):
        return lambda request, error: PlainTextResponse(word, 400)

    app = App(exception_handlers={ValueError: say("app")})
    router = APIRouter(exception_handlers={ValueError: say("router")})

    def broken() -> None:
        raise ValueError("x")

    app.add_api_route("/app", broken)
    router.add_api_route("/router", broken)
    router.add_api_route("/route", broken, exception_handlers={ValueError: say("route")})
    app.include_router(router)
    client = client_for(app)
    assert [client.get(path).text for path in ("/app", "/router", "/route")] == ["app", "router", "route"]


def test_handlers_added_while_the_application_runs_count(client_for):
    app = App()

    @app.get("/")
    def broken() -> None:
        raise KeyError("x")

    client = client_for(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 500
    app.add_exception_handler(KeyError, lambda request, error: PlainTextResponse("handled", 404))
    assert client.get("/").text == "handled"


def test_unexpected_errors_are_logged_and_say_nothing(client_for, caplog):
    app = App()

    @app.get("/")
    def broken() -> None:
        raise ValueError("the password is secret")

    with caplog.at_level(logging.ERROR, "trine"):
        got = client_for(app, raise_server_exceptions=False).get("/")
    assert (got.status_code, got.text) == (500, "Internal Server Error")
    assert [record.getMessage() for record in caplog.records] == ["GET / failed"]
    assert caplog.records[0].exc_info[1].args == ("the password is secret",)


@pytest.mark.parametrize("key", [500, Exception])
def test_unexpected_errors_can_be_answered_and_are_raised_in_tests(client_for, key):
    app = App()

    @app.exception_handler(key)
    def sorry(request, error):
        return JSONResponse({"sorry": type(error).__name__}, 500)

    @app.get("/")
    def broken() -> None:
        raise ValueError("x")

    got = client_for(app, raise_server_exceptions=False).get("/")
    assert (got.status_code, got.json()) == (500, {"sorry": "ValueError"})
    with pytest.raises(ValueError, match=r"^x$"):
        client_for(app).get("/")


def test_expected_errors_are_not_raised_in_tests(client_for):
    app = App(exception_handlers={ValueError: lambda request, error: PlainTextResponse("handled", 400)})

    @app.get("/")
    def broken() -> None:
        raise ValueError("x")

    assert client_for(app).get("/").text == "handled"


def test_default_headers_stand_on_errors_too(client_for):
    app = App()

    @app.get("/")
    def broken() -> None:
        raise ValueError("x")

    client = client_for(app, raise_server_exceptions=False)
    for path in ("/", "/nowhere"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_a_handler_may_read_the_body(client_for):
    app = App()

    @app.exception_handler(ValueError)
    async def explain(request: Request, error: ValueError) -> JSONResponse:
        return JSONResponse({"body": (await request.body()).decode()}, 400)

    @app.post("/")
    async def broken(data: dict) -> None:
        raise ValueError("x")

    assert client_for(app).post("/", json={"a": 1}).json() == {"body": '{"a":1}'}


def test_errors_say_what_they_are():
    assert str(HTTPException(404, "gone")) == "404: gone"
    assert repr(HTTPException(404)) == "HTTPException(status_code=404, detail='Not Found')"
    error = RequestValidationError([{"loc": ("query", "a"), "msg": "Field required"}])
    assert str(error) == "1 validation error:\n  query.a: Field required"
