"""Dependencies that are set up before and cleaned up after: with `yield`."""

import asyncio
import threading
from contextvars import ContextVar
from typing import Annotated

import pytest

from trine import App, BackgroundTasks, Depends, HTTPException, JSONResponse, Request, StreamingResponse


@pytest.fixture
def happened() -> list:
    return []


def resource(happened: list, name: str = "resource", *, is_async: bool):
    """A dependency that notes when it opens, what goes wrong, and when it closes."""
    if is_async:

        async def open_resource():
            happened.append(f"open {name}")
            try:
                yield name
            except Exception as error:
                happened.append(f"{type(error).__name__} in {name}")
                raise
            finally:
                happened.append(f"close {name}")
    else:

        def open_resource():
            happened.append(f"open {name}")
            try:
                yield name
            except Exception as error:
                happened.append(f"{type(error).__name__} in {name}")
                raise
            finally:
                happened.append(f"close {name}")

    return open_resource


@pytest.fixture(params=[True, False], ids=["async", "sync"])
def is_async(request) -> bool:
    return request.param


def test_set_up_and_cleaned_up_in_order(client_for, happened, is_async):
    app = App()
    outer = resource(happened, "outer", is_async=is_async)

    def inner(outer: Annotated[str, Depends(outer)]):
        happened.append("open inner")
        yield f"inner of {outer}"
        happened.append("close inner")

    @app.get("/")
    async def index(inner: Annotated[str, Depends(inner)]) -> str:
        happened.append("handler")
        return inner

    assert client_for(app).get("/").json() == "inner of outer"
    assert happened == ["open outer", "open inner", "handler", "close inner", "close outer"]


def test_errors_pass_through_the_dependencies(client_for, happened, is_async):
    app = App()

    @app.get("/")
    def index(value: Annotated[str, Depends(resource(happened, is_async=is_async))]) -> None:
        raise HTTPException(418, "teapot")

    answer = client_for(app).get("/")
    assert (answer.status_code, answer.json()) == (418, {"detail": "teapot"})
    assert happened == ["open resource", "HTTPException in resource", "close resource"]


def test_unexpected_errors_pass_through_too(client_for, happened, is_async):
    app = App()

    @app.get("/")
    def index(value: Annotated[str, Depends(resource(happened, is_async=is_async))]) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match=r"^broken$"):
        client_for(app).get("/")
    assert happened == ["open resource", "ValueError in resource", "close resource"]


def test_a_dependency_may_turn_an_error_into_another(client_for):
    app = App()

    def translate():
        try:
            yield
        except KeyError as error:
            raise HTTPException(404, f"no {error.args[0]}") from error

    @app.get("/", dependencies=[Depends(translate)])
    def index() -> None:
        raise KeyError("x")

    assert client_for(app).get("/").json() == {"detail": "no x"}


def test_a_dependency_that_swallows_an_error_is_an_error(client_for):
    app = App()

    def swallow():
        try:
            yield
        except ValueError:
            return

    @app.get("/", dependencies=[Depends(swallow)])
    def index() -> None:
        raise ValueError("lost")

    with pytest.raises(RuntimeError) as raised:
        client_for(app).get("/")
    assert str(raised.value) == "A dependency with yield swallowed an exception: it must raise it again."


def test_exception_handlers_answer_after_the_dependencies_have_seen_the_error(client_for, happened, is_async):
    app = App()

    @app.exception_handler(LookupError)
    def not_found(request: Request, error: Exception) -> JSONResponse:
        happened.append("handler of errors")
        return JSONResponse({"lost": True}, 404)

    @app.get("/")
    def index(value: Annotated[str, Depends(resource(happened, is_async=is_async))]) -> None:
        raise KeyError("x")

    assert client_for(app).get("/").json() == {"lost": True}
    assert happened == ["open resource", "KeyError in resource", "close resource", "handler of errors"]


def test_request_scope_lasts_until_the_answer_was_sent(client_for, happened):
    app = App()

    def session():
        happened.append("open")
        yield "session"
        happened.append("close")

    @app.get("/")
    def index(session: Annotated[str, Depends(session)]) -> StreamingResponse:
        def rows():
            happened.append("first row")
            yield session
            happened.append("last row")

        return StreamingResponse(rows())

    assert client_for(app).get("/").text == "session"
    assert happened == ["open", "first row", "last row", "close"]


def test_function_scope_ends_before_the_answer_is_sent(client_for, happened):
    app = App()

    def session():
        happened.append("open")
        yield "session"
        happened.append("close")

    @app.get("/")
    def index(session: Annotated[str, Depends(session, scope="function")]) -> StreamingResponse:
        def rows():
            happened.append("row")
            yield session

        return StreamingResponse(rows())

    assert client_for(app).get("/").text == "session"
    assert happened == ["open", "close", "row"]


def test_clean_up_comes_after_background_work(client_for, happened):
    app = App()

    def session():
        yield happened
        happened.append("close")

    @app.get("/")
    def index(session: Annotated[list, Depends(session)], background: BackgroundTasks) -> str:
        background.add_task(session.append, "background")
        return "ok"

    client_for(app).get("/")
    assert happened == ["background", "close"]


def test_what_outlives_a_function_must_not_need_what_ends_with_it():
    from trine import SetupError

    app = App()

    def short():
        yield 1

    def long(short: Annotated[int, Depends(short, scope="function")]):
        yield short

    @app.get("/")
    def index(long: Annotated[int, Depends(long, scope="request")]) -> None: ...

    with pytest.raises(SetupError) as raised:
        app.prepare()
    assert "scope" in raised.value.message


def test_an_error_in_the_set_up_closes_what_was_open(client_for, happened, is_async):
    app = App()

    def broken(first: Annotated[str, Depends(resource(happened, "first", is_async=is_async))]):
        raise HTTPException(503, "no connection")
        yield

    @app.get("/")
    def index(value: Annotated[str, Depends(broken)]) -> None: ...

    assert client_for(app).get("/").json() == {"detail": "no connection"}
    assert happened == ["open first", "HTTPException in first", "close first"]


def test_wrong_inputs_close_what_was_open(client_for, happened, is_async):
    app = App()

    @app.get("/")
    def index(value: Annotated[str, Depends(resource(happened, is_async=is_async))], number: int) -> None: ...

    assert client_for(app).get("/?number=x").status_code == 422
    assert happened in (
        ["open resource", "RequestValidationError in resource", "close resource"],
        [],
    )


def test_clean_up_runs_to_its_end_when_the_request_is_cancelled(client_for, happened):
    app = App(timeout=0.01)

    async def session():
        try:
            yield
        finally:
            happened.append("closing")
            await asyncio.sleep(0)
            happened.append("closed")

    @app.get("/", dependencies=[Depends(session)])
    async def index() -> None:
        await asyncio.Event().wait()

    assert client_for(app).get("/").status_code == 503
    assert happened == ["closing", "closed"]


def test_clean_up_takes_the_time_it_needs_when_the_request_may_not(client_for, happened):
    app = App(timeout=0.01)

    async def session():
        try:
            yield
        finally:
            # Longer than the request may take, by the clock that ends requests.
            asyncio.get_running_loop().call_later(1.2, done.set)
            await done.wait()
            happened.append("closed")

    done = asyncio.Event()

    @app.get("/", dependencies=[Depends(session, scope="function")])
    async def index() -> str:
        return "ok"

    @app.get("/refused", dependencies=[Depends(session, scope="function")])
    async def refused() -> None:
        raise HTTPException(403)

    client = client_for(app)
    assert client.get("/").json() == "ok"
    done.clear()
    assert client.get("/refused").status_code == 403
    assert happened == ["closed", "closed"]


def test_what_ends_with_the_function_ends_before_the_answer_is_sent(client_for, happened):
    app = App()

    async def until_the_end():
        yield
        happened.append("end of the request")

    async def for_the_function():
        yield
        happened.append("end of the function")

    @app.get("/", dependencies=[Depends(until_the_end), Depends(for_the_function, scope="function")])
    async def index() -> StreamingResponse:
        async def stream():
            happened.append("stream")
            yield "ok"

        return StreamingResponse(stream())

    @app.get("/swallowed", dependencies=[Depends(until_the_end), Depends(swallow, scope="function")])
    async def swallowed() -> None:
        raise ValueError("lost")

    client = client_for(app)
    assert client.get("/").text == "ok"
    assert happened == ["end of the function", "stream", "end of the request"]
    with pytest.raises(RuntimeError, match="swallowed an exception"):
        client.get("/swallowed")


async def swallow():
    try:
        yield
    except ValueError:
        return


def test_the_scope_that_is_the_default_is_the_same_whether_said_or_not(client_for, happened):
    app = App()
    session = resource(happened, is_async=True)

    @app.get("/")
    async def index(one: Annotated[str, Depends(session)], two: Annotated[str, Depends(session, scope="request")]) -> None: ...

    client_for(app).get("/")
    assert happened == ["open resource", "close resource"]


def test_a_thread_that_sets_up_is_waited_for_and_cleaned_up(client_for, happened):
    app = App(timeout=0.01)
    may_go_on = threading.Event()

    def session():
        may_go_on.wait(30)
        happened.append("open")
        try:
            yield
        finally:
            happened.append("closed")

    async def outer():
        # The request is over time while the thread still works.
        asyncio.get_running_loop().call_later(1.2, may_go_on.set)
        try:
            yield
        finally:
            happened.append("outer closed")

    @app.get("/", dependencies=[Depends(outer), Depends(session)])
    async def index() -> None: ...

    assert client_for(app).get("/").status_code == 503
    assert happened == ["open", "closed", "outer closed"]


def test_sync_dependencies_run_in_threads_and_async_ones_on_the_loop(client_for):
    app = App()

    def in_thread():
        yield threading.current_thread().name

    async def on_loop():
        yield threading.current_thread().name

    @app.get("/")
    async def index(a: Annotated[str, Depends(in_thread)], b: Annotated[str, Depends(on_loop)]) -> list[str]:
        return [a, b, threading.current_thread().name]

    a, b, own = client_for(app).get("/").json()
    assert a != own
    assert b == own


tenant: ContextVar[str] = ContextVar("tenant", default="nobody")


def test_context_variables_of_a_dependency_are_seen_by_the_handler(client_for):
    app = App()

    async def choose(name: str):
        token = tenant.set(name)
        yield
        tenant.reset(token)

    @app.get("/async", dependencies=[Depends(choose)])
    async def in_loop() -> str:
        return tenant.get()

    @app.get("/sync", dependencies=[Depends(choose)])
    def in_thread() -> str:
        return tenant.get()

    client = client_for(app)
    assert client.get("/async?name=a").json() == "a"
    assert client.get("/sync?name=b").json() == "b"


def test_two_requests_have_resources_of_their_own(client_for):
    app = App()
    numbers = iter(range(10))

    def session():
        yield next(numbers)

    @app.get("/")
    def index(session: Annotated[int, Depends(session)]) -> int:
        return session

    client = client_for(app)
    assert [client.get("/").json(), client.get("/").json()] == [0, 1]
