"""How many calls hot paths take. A number that grows here is time that every request of every program pays."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from trine import APIRouter, App, Blueprint, Cookie, Depends, Header

from .conftest import Counter


class Item(BaseModel):
    name: str
    price: float


class Priced(BaseModel):
    item: Item
    total: float


def shop() -> App:
    app = App()

    async def tenant(x_tenant: Annotated[str, Header()]) -> str:
        return x_tenant

    async def account(session: Annotated[str, Cookie()], tenant: Annotated[str, Depends(tenant)]) -> tuple[str, str]:
        return session, tenant

    async def user(account: Annotated[tuple[str, str], Depends(account)]) -> str:
        return account[0]

    @app.get("/json")
    async def small() -> dict[str, Any]:
        return {"id": 7, "name": "Ada", "active": True}

    @app.post("/items/{id}")
    async def price(id: int, item: Item, taxed: bool = False) -> Priced:
        return Priced(item=item, total=item.price)

    @app.get("/user")
    async def show(user: Annotated[str, Depends(user)]) -> dict[str, Any]:
        return {"user": user}

    return app


JSON = {"content-type": "application/json"}


def test_a_small_json_answer_takes_few_calls(calls_of: Counter, trine_interface: str):
    # Behind ASGI each header line is measured, in the loop that finds the values for everybody.
    most = {"rsgi": 8, "asgi": 14}[trine_interface]
    assert len(calls_of(shop(), "/json")) <= most


def test_a_typed_post_takes_few_calls(calls_of: Counter, trine_interface: str):
    most = {"rsgi": 21, "asgi": 36}[trine_interface]
    body = b'{"name": "Teapot", "price": 12.5}'
    assert len(calls_of(shop(), "/items/42?taxed=true", method="POST", headers=JSON, body=body)) <= most


def test_three_nested_dependencies_take_few_calls(calls_of: Counter, trine_interface: str):
    most = {"rsgi": 24, "asgi": 37}[trine_interface]
    assert len(calls_of(shop(), "/user", headers={"x-tenant": "acme", "cookie": "theme=dark; session=ada"})) <= most


def test_at_most_four_calls_stand_between_the_server_and_the_handler(calls_of: Counter):
    app = App()
    between: list[str] = []

    @app.get("/")
    async def handler() -> str:
        frame = sys._getframe().f_back
        between.clear()
        while frame is not None and not frame.f_code.co_filename.endswith("fakes.py"):
            between.append(frame.f_code.co_qualname)
            frame = frame.f_back
        return ""

    calls_of(app, "/")
    assert 1 <= len(between) <= 4


@pytest.mark.parametrize("path", ["/group{last}/about", "/group{last}/items/42"])
def test_a_thousand_routes_cost_as_many_calls_as_ten(calls_of: Counter, path: str):
    def with_routes(count: int) -> App:
        app = App()
        for number in range(count // 2):
            add_group(app, number)
        return app

    few, many = (calls_of(with_routes(count), path.format(last=count // 2 - 1)) for count in (10, 1000))
    assert len(few) == len(many)


def add_group(app: App, number: int) -> None:
    @app.get(f"/group{number}/about")
    async def about() -> dict[str, Any]:
        return {"group": number}

    @app.get(f"/group{number}/items/{{id}}")
    async def item(id: int) -> dict[str, Any]:
        return {"group": number, "id": id}


def test_without_middleware_neither_a_request_nor_a_response_is_made(calls_of: Counter):
    calls = calls_of(shop(), "/json")
    assert [call for call in calls if "Request" in call or "Response" in call] == []


def test_a_function_middleware_adds_one_call(calls_of: Counter):
    def with_middlewares(count: int) -> App:
        app = shop()
        for _ in range(count):
            app.add_middleware(passing)
        return app

    def passing(handler: Callable[..., Any]) -> Callable[..., Any]:
        async def passed(request: Any) -> Any:
            return await handler(request)

        return passed

    one, three = (len(calls_of(with_middlewares(count), "/json")) for count in (1, 3))
    assert three - one == 2
    assert three - len(calls_of(shop(), "/json")) <= 16


def test_a_dependency_that_is_used_twice_is_called_once(calls_of: Counter):
    app = App()

    async def now() -> int:
        return 7

    async def tomorrow(now: Annotated[int, Depends(now)]) -> int:
        return now + 1

    @app.get("/")
    async def handler(now: Annotated[int, Depends(now)], tomorrow: Annotated[int, Depends(tomorrow)]) -> list[int]:
        return [now, tomorrow]

    calls = calls_of(app, "/")
    assert sum(call.endswith(".now") for call in calls) == 1


def test_pages_beside_them_cost_api_routes_nothing(calls_of: Counter):
    alone, beside = shop(), shop()

    @beside.before_request
    def before() -> None: ...

    @beside.page("/page", methods=["GET", "POST"])
    def page() -> str:
        return ""

    assert calls_of(beside, "/json") == calls_of(alone, "/json")


def test_a_page_takes_few_calls(calls_of: Counter, trine_interface: str):
    app = App()

    @app.page("/")
    async def page() -> str:
        return "<h1>Hello</h1>"

    most = {"rsgi": 27, "asgi": 36}[trine_interface]
    calls = calls_of(app, "/")
    assert len(calls) <= most
    assert [call for call in calls if "ession" in call or "sign" in call or "csrf" in call] == []


def test_an_api_route_of_a_blueprint_costs_what_a_routers_does(calls_of: Counter):
    def included(router: APIRouter) -> App:
        app = App()

        @router.get("/json")
        async def small() -> dict[str, Any]:
            return {"id": 7}

        app.include_router(router)
        return app

    parts = included(Blueprint("part", __name__)), included(APIRouter())
    marked, plain = (len(calls_of(part, "/json")) for part in parts)
    assert marked == plain
