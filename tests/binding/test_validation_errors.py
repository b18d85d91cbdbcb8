"""What is wrong with a request is reported at once, whole, in one shape."""

from typing import Annotated

from pydantic import BaseModel, field_validator

from trine import App, Cookie, Depends, Form, Header, JSONResponse, Query, Request, RequestValidationError


def test_everything_that_is_wrong_is_told_at_once(client_for):
    class Item(BaseModel):
        name: str
        price: float

    def page(size: Annotated[int, Query(le=50)] = 10) -> int:
        return size

    app = App()

    @app.put("/{id}")
    async def update(
        id: int,
        q: Annotated[str, Query(min_length=3)],
        x_token: Annotated[str, Header()],
        session: Annotated[int, Cookie()],
        item: Item,
        size: Annotated[int, Depends(page)],
    ) -> None: ...

    refused = client_for(app).put("/x?q=a&size=51", headers={"cookie": "session=s"}, json={"price": "free"})
    assert refused.status_code == 422
    assert refused.json() == {
        "detail": [
            {
                "type": "less_than_equal",
                "loc": ["query", "size"],
                "msg": "Input should be less than or equal to 50",
                "input": "51",
                "ctx": {"le": 50},
            },
            {
                "type": "int_parsing",
                "loc": ["path", "id"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "x",
            },
            {
                "type": "string_too_short",
                "loc": ["query", "q"],
                "msg": "String should have at least 3 characters",
                "input": "a",
                "ctx": {"min_length": 3},
            },
            {"type": "missing", "loc": ["header", "x-token"], "msg": "Field required", "input": None},
            {
                "type": "int_parsing",
                "loc": ["cookie", "session"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "s",
            },
            {"type": "missing", "loc": ["body", "name"], "msg": "Field required", "input": {"price": "free"}},
            {
                "type": "float_parsing",
                "loc": ["body", "price"],
                "msg": "Input should be a valid number, unable to parse string as a number",
                "input": "free",
            },
        ]
    }


def test_errors_of_own_validators_can_be_said_in_json(client_for):
    class Item(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def check(cls, value: str) -> str:
            raise ValueError("not that name")

    app = App()

    @app.post("/")
    async def create(item: Item) -> None: ...

    assert client_for(app).post("/", json={"name": "a"}).json() == {
        "detail": [
            {
                "type": "value_error",
                "loc": ["body", "name"],
                "msg": "Value error, not that name",
                "input": "a",
                "ctx": {"error": {}},
            }
        ]
    }


def test_an_own_handler_sees_the_errors_and_the_body(client_for):
    class Item(BaseModel):
        size: int

    app = App()

    @app.exception_handler(RequestValidationError)
    async def explain(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"wrong": [list(each["loc"]) for each in error.errors()], "body": error.body}, 400)

    @app.post("/")
    async def create(item: Item) -> None: ...

    answer = client_for(app).post("/", json={"size": "XL"})
    assert (answer.status_code, answer.json()) == (400, {"wrong": [["body", "size"]], "body": {"size": "XL"}})


def test_an_own_handler_sees_a_form_as_the_body(client_for):
    app = App()

    @app.exception_handler(RequestValidationError)
    async def explain(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse(dict(error.body), 400)

    @app.post("/")
    async def create(size: Annotated[int, Form()]) -> None: ...

    assert client_for(app).post("/", data={"size": "XL"}).json() == {"size": "XL"}


def test_the_handler_is_not_called(client_for):
    app = App()
    called = []

    @app.get("/")
    def read(a: int) -> None:
        called.append(a)

    client_for(app).get("/?a=x")
    assert called == []
