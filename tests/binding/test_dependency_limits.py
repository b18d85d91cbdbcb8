"""How many requests may use a dependency at the same time: `Depends(..., max_concurrency=)`."""

import asyncio
from typing import Annotated

import pytest

from trine import App, Depends, HTTPException, Security
from trine.errors import SetupError


class Crowd:
    """Counts who is inside, and how many were there at most."""

    def __init__(self) -> None:
        self.inside = self.most = 0

    def enter(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)

    def leave(self) -> None:
        self.inside -= 1


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.fixture(params=["called", "entered", "entered in a thread"])
def connection(request, crowd):
    async def call_connection() -> str:
        crowd.enter()
        for _ in range(5):
            await asyncio.sleep(0)
        crowd.leave()
        return "ok"

    async def enter_connection():
        crowd.enter()
        yield "ok"
        await asyncio.sleep(0)
        crowd.leave()

    def enter_connection_in_a_thread():
        crowd.enter()
        yield "ok"
        crowd.leave()

    return {
        "called": call_connection,
        "entered": enter_connection,
        "entered in a thread": enter_connection_in_a_thread,
    }[request.param]


async def test_no_more_requests_than_declared_use_a_dependency(async_client_for, crowd, connection):
    app = App()
    Connection = Annotated[str, Depends(connection, max_concurrency=2)]

    @app.get("/one")
    @app.get("/two")
    async def index(connection: Connection) -> str:
        await asyncio.sleep(0)
        return connection

    async with async_client_for(app) as client:
        answers = await asyncio.gather(*(client.get("/one" if number % 2 else "/two") for number in range(8)))
    assert [answer.json() for answer in answers] == ["ok"] * 8
    assert (crowd.inside, crowd.most) == (0, 2)


async def test_an_error_gives_the_place_back(async_client_for):
    app = App()

    async def refuse():
        raise HTTPException(403)

    async def hold():
        yield

    @app.get("/refused", dependencies=[Depends(refuse, max_concurrency=1)])
    async def refused() -> None: ...

    @app.get("/failed", dependencies=[Depends(hold, max_concurrency=1)])
    async def failed() -> None:
        raise HTTPException(500)

    async with async_client_for(app) as client:
        assert [(await client.get("/refused")).status_code for _ in range(3)] == [403] * 3
        assert [(await client.get("/failed")).status_code for _ in range(3)] == [500] * 3


async def test_each_declaration_has_a_limit_of_its_own(async_client_for, crowd):
    app = App()

    async def enter():
        crowd.enter()
        yield
        crowd.leave()

    async def wait_for_the_other() -> None:
        while crowd.most < 2:
            await asyncio.sleep(0)

    @app.get("/one")
    async def one(entered: Annotated[None, Depends(enter, max_concurrency=1)]) -> None:
        await wait_for_the_other()

    @app.get("/two")
    async def two(entered: Annotated[None, Security(enter, max_concurrency=1)]) -> None:
        await wait_for_the_other()

    async with async_client_for(app) as client:
        await asyncio.gather(client.get("/one"), client.get("/two"))
    assert crowd.most == 2


async def test_a_request_that_waits_and_leaves_takes_no_place(async_client_for):
    app = App(timeout=30)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def hold():
        begun.set()
        yield

    @app.get("/", dependencies=[Depends(hold, max_concurrency=1)])
    async def index() -> str:
        await go_on.wait()
        return "ok"

    async with async_client_for(app) as client:
        first = asyncio.create_task(client.get("/"))
        await begun.wait()
        second = asyncio.create_task(client.get("/"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        go_on.set()
        assert (await first).json() == "ok"
        assert (await client.get("/")).json() == "ok"


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "2"])
def test_a_limit_is_a_positive_number(wrong):
    with pytest.raises(SetupError) as raised:
        Depends(lambda: None, max_concurrency=wrong)
    expected = f"max_concurrency={wrong!r} is no positive integer. Say how many may run at once, or leave it away."
    assert str(raised.value) == expected
