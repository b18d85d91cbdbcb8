"""How many requests a route, or a router's routes together, answer at the same time: `max_concurrency=`."""

import asyncio

import pytest

from trine import APIRouter, App, Request, SetupError, StreamingResponse
from trine.concurrency import ConcurrencyLimit


class Gate:
    """Holds requests inside until it is opened, and counts them."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.open = asyncio.Event()

    async def pass_through(self) -> str:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.open.wait()
        self.inside -= 1
        return "ok"


async def until(condition) -> None:
    """Give others their turn until something is so."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came to that")


async def test_no_more_requests_than_declared_run_at_once(async_client_for):
    gate, app = Gate(), App()
    app.get("/", max_concurrency=2)(gate.pass_through)
    async with async_client_for(app) as client:
        asked = [asyncio.ensure_future(client.get("/")) for _ in range(6)]
        await until(lambda: gate.inside == 2)
        gate.open.set()
        assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200] * 6
    assert gate.most == 2


async def test_line_that_is_full_is_told_to_come_again(async_client_for):
    gate, app = Gate(), App()
    limit = ConcurrencyLimit(1, max_waiting=2, max_wait=7)
    app.get("/", max_concurrency=limit)(gate.pass_through)
    async with async_client_for(app) as client:
        asked = [asyncio.ensure_future(client.get("/")) for _ in range(3)]
        await until(lambda: limit.waiting == 2)
        refused = await client.get("/")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "7")
        assert refused.json() == {"detail": "1 requests are running here and 2 are waiting, as many as may. Try again soon."}
        gate.open.set()
        assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200] * 3
        assert (limit.waiting, limit.is_full) == (0, False)


async def test_who_waits_too_long_is_told_to_come_again(async_client_for):
    gate, app = Gate(), App()
    app.get("/", max_concurrency=ConcurrencyLimit(1, max_wait=0.01))(gate.pass_through)
    async with async_client_for(app) as client:
        first = asyncio.ensure_future(client.get("/"))
        await until(lambda: gate.inside == 1)
        refused = await client.get("/")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        gate.open.set()
        assert (await first).status_code == 200
        assert (await client.get("/")).status_code == 200


async def test_routes_of_a_router_share_its_limit_and_have_their_own(async_client_for):
    gate, app = Gate(), App()
    router = APIRouter(max_concurrency=ConcurrencyLimit(2, max_waiting=0))
    router.get("/a", max_concurrency=ConcurrencyLimit(1, max_waiting=0))(gate.pass_through)
    router.get("/b")(gate.pass_through)
    app.include_router(router)
    app.get("/free")(lambda: "free")
    async with async_client_for(app) as client:
        first = asyncio.ensure_future(client.get("/a"))
        await until(lambda: gate.inside == 1)
        assert (await client.get("/a")).status_code == 503
        second = asyncio.ensure_future(client.get("/b"))
        await until(lambda: gate.inside == 2)
        assert (await client.get("/b")).status_code == 503
        assert (await client.get("/free")).json() == "free"
        gate.open.set()
        assert [(await answer).status_code for answer in (first, second)] == [200, 200]


async def test_one_limit_for_several_routes(async_client_for):
    gate, app, limit = Gate(), App(), ConcurrencyLimit(1, max_waiting=0)
    app.get("/a", max_concurrency=limit)(gate.pass_through)
    app.get("/b", max_concurrency=limit)(gate.pass_through)
    async with async_client_for(app) as client:
        first = asyncio.ensure_future(client.get("/a"))
        await until(lambda: gate.inside == 1)
        assert (await client.get("/b")).status_code == 503
        gate.open.set()
        await first


def test_stream_keeps_its_place_until_its_end(client_for):
    app, limit = App(), ConcurrencyLimit(1)
    seen = []

    def passing(handler):
        async def passed(request: Request):
            return await handler(request)

        return passed

    async def chunks():
        for _ in range(3):
            seen.append(limit.is_full)
            yield "x"

    app.get("/", max_concurrency=limit)(lambda: StreamingResponse(chunks()))
    app.get("/wrapped", max_concurrency=limit, middleware=[passing])(lambda: StreamingResponse(chunks()))
    client = client_for(app)
    for path in ("/", "/wrapped", "/"):
        assert client.get(path).text == "xxx"
    assert seen == [True] * 9


def test_place_is_given_back_whatever_happens(client_for):
    app = App()

    @app.post("/", max_concurrency=ConcurrencyLimit(1, max_waiting=0))
    async def divide(by: int) -> float:
        return 1 / by

    client = client_for(app, raise_server_exceptions=False)
    assert [client.post(f"/?by={by}").status_code for by in ("0", "x", "2", "0", "1")] == [500, 422, 200, 500, 200]


def test_limit_holds_after_the_application_is_bound_anew(client_for):
    app = App()
    app.get("/", max_concurrency=3)(lambda: "ok")
    (before,) = app.entries[0].limits
    client = client_for(app)
    assert client.get("/").json() == "ok"
    app.get("/later")(lambda: "later")
    assert client.get("/later").json() == "later"
    assert app.entries[0].limits == (before,)


@pytest.mark.parametrize("size", [0, -1, True, 1.5, "2"])
def test_limit_is_a_positive_number(size):
    app = App()
    app.get("/", max_concurrency=size)(lambda: "ok")
    with pytest.raises(SetupError) as caught:
        _ = app.declarations
    assert str(caught.value).startswith(f"max_concurrency={size!r} is no positive integer.")


def test_times_that_make_no_sense_are_found_at_once():
    with pytest.raises(SetupError) as caught:
        ConcurrencyLimit(1, max_wait=0)
    assert str(caught.value) == (
        "ConcurrencyLimit has max_waiting=None and max_wait=0. With max_waiting=0 nobody waits; None is no limit."
    )
