"""Routers: prefixes, nesting, live inclusion, and what a router says about everything below it."""

import pytest

from trine import APIRouter, App, Depends, HTTPException, PlainTextResponse, Request, SetupError


def test_prefixes_add_up(client_for):
    app, shop, items = App(), APIRouter(prefix="/shop"), APIRouter(prefix="/items")

    @items.get("/{id}")
    def show(id: str) -> str:
        return id

    @items.get("")
    def index() -> str:
        return "index"

    shop.include_router(items, prefix="/all")
    app.include_router(shop, prefix="/api")
    client = client_for(app)
    assert client.get("/api/shop/all/items/7").json() == "7"
    assert client.get("/api/shop/all/items").json() == "index"


def test_prefixes_may_hold_parameters(client_for):
    app, users = App(), APIRouter(prefix="/users/{user:int}")

    @users.get("/orders/{order}")
    def show(user: int, order: str) -> list:
        return [user, order]

    app.include_router(users)
    assert client_for(app).get("/users/3/orders/a").json() == [3, "a"]


def test_a_router_may_be_included_twice(client_for):
    app, router = App(), APIRouter()

    @router.get("/hello")
    def hello(request: Request) -> str:
        return request.path

    app.include_router(router, prefix="/v1")
    app.include_router(router, prefix="/v2")
    client = client_for(app)
    assert (client.get("/v1/hello").json(), client.get("/v2/hello").json()) == ("/v1/hello", "/v2/hello")


def test_routes_added_after_inclusion_count_too(client_for):
    app, outer, inner = App(), APIRouter(prefix="/outer"), APIRouter(prefix="/inner")
    app.include_router(outer)
    outer.include_router(inner)
    client = client_for(app)
    assert client.get("/outer/inner/late").status_code == 404

    @inner.get("/late")
    def late() -> str:
        return "late"

    assert client.get("/outer/inner/late").json() == "late"


def test_a_router_that_includes_itself_is_refused():
    one, two = APIRouter(), APIRouter()
    one.include_router(two)
    with pytest.raises(SetupError) as raised:
        two.include_router(one)
    assert str(raised.value) == "A router includes itself. Break the circle."


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("api", "Prefix 'api' must start with '/'. Write '/api'."),
        ("/api/", "Prefix '/api/' must not end with '/'. Write '/api'."),
    ],
)
def test_prefixes_have_one_form(prefix, message):
    with pytest.raises(SetupError) as raised:
        APIRouter(prefix=prefix)
    assert str(raised.value) == message
    with pytest.raises(SetupError) as raised:
        App().include_router(APIRouter(), prefix=prefix)
    assert str(raised.value) == message


def test_dependencies_run_from_the_outside_in(client_for):
    called = []

    def note(name: str):
        def dependency() -> None:
            called.append(name)

        return Depends(dependency)

    app = App(dependencies=[note("app")])
    router = APIRouter(dependencies=[note("router")])

    @router.get("/", dependencies=[note("route")])
    def index() -> None:
        called.append("handler")

    app.include_router(router, prefix="/x", dependencies=[note("include")])
    client_for(app).get("/x/")
    assert called == ["app", "include", "router", "route", "handler"]


def test_a_router_s_dependency_can_refuse(client_for):
    def locked() -> None:
        raise HTTPException(401, "locked")

    app, router = App(), APIRouter(dependencies=[Depends(locked)])
    router.add_api_route("/secret", lambda: "secret")
    app.include_router(router)
    app.add_api_route("/open", lambda: "open")
    client = client_for(app)
    assert client.get("/secret").json() == {"detail": "locked"}
    assert client.get("/open").json() == "open"


def test_middleware_wraps_what_is_below_its_router(client_for):
    def mark(word: str):
        def layer(handler):
            async def marked(request):
                response = await handler(request)
                response.headers.append("x-layer", word)
                return response

            return marked

        return layer

    app, router = App(), APIRouter(middleware=[mark("outer"), mark("inner")])

    @router.get("/in/{id:int}", middleware=[mark("route")])
    def inside(id: int) -> int:
        return id

    app.include_router(router)
    app.add_api_route("/out", lambda: "out")
    client = client_for(app)
    answer = client.get("/in/7")
    assert answer.json() == 7
    # The innermost has seen the response first.
    assert answer.headers.get_list("x-layer") == ["route", "inner", "outer"]
    assert "x-layer" not in client.get("/out").headers


def test_a_router_s_middleware_sees_path_parameters_and_errors(client_for):
    seen = []

    def watch(handler):
        async def watched(request):
            seen.append(request.path_params)
            try:
                return await handler(request)
            except HTTPException as error:
                seen.append(error.status_code)
                raise

        return watched

    app, router = App(), APIRouter(middleware=[watch])

    @router.get("/{id:int}")
    def show(id: int) -> None:
        raise HTTPException(418)

    app.include_router(router)
    assert client_for(app).get("/7").status_code == 418
    assert seen[0] == {"id": 7}


def test_the_nearest_exception_handler_answers(client_for):
    app, shop, items = App(), APIRouter(prefix="/shop"), APIRouter(prefix="/items")

    @app.exception_handler(LookupError)
    def at_app(request, error):
        return PlainTextResponse("app", 404)

    @items.exception_handler(LookupError)
    def at_items(request, error):
        return PlainTextResponse("items", 404)

    def missing() -> None:
        raise KeyError("x")

    for router in (app, shop, items):
        router.add_api_route("/missing", missing)
    shop.include_router(items)
    app.include_router(shop)
    client = client_for(app)
    assert client.get("/missing").text == "app"
    assert client.get("/shop/missing").text == "app"
    assert client.get("/shop/items/missing").text == "items"


def test_default_response_class_of_the_nearest_router(client_for):
    app = App(default_response_class=PlainTextResponse)
    router = APIRouter(prefix="/plain")
    router.add_api_route("/a", lambda: "text")
    app.include_router(router)
    answer = client_for(app).get("/plain/a")
    assert (answer.text, answer.headers["content-type"]) == ("text", "text/plain; charset=utf-8")
