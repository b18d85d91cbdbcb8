"""How handlers are called: on the loop, in threads, inline; with their background work; under any name."""

import asyncio
import threading
from contextvars import ContextVar
from functools import partial

import pytest
from pydantic import BaseModel

from trine import App, BackgroundTasks, HTTPException, JSONResponse, Request, Response, StreamingResponse
from trine.concurrency import run_in_thread
from trine.http import BackgroundTask


def thread() -> str:
    return threading.current_thread().name


def test_plain_functions_run_in_threads_and_coroutines_on_the_loop(client_for):
    app = App()

    @app.get("/async")
    async def on_loop() -> str:
        return thread()

    @app.get("/sync")
    def in_thread() -> str:
        return thread()

    @app.get("/inline", inline=True)
    def inline() -> str:
        return thread()

    client = client_for(app)
    loop = client.get("/async").json()
    assert client.get("/sync").json() != loop
    assert client.get("/inline").json() == loop


def test_an_application_may_run_all_its_plain_functions_inline(client_for):
    app = App(inline=True)

    @app.get("/async")
    async def on_loop() -> str:
        return thread()

    @app.get("/sync")
    def short() -> str:
        return thread()

    @app.get("/long", inline=False)
    def long() -> str:
        return thread()

    client = client_for(app)
    loop = client.get("/async").json()
    assert client.get("/sync").json() == loop
    assert client.get("/long").json() != loop


word: ContextVar[str] = ContextVar("word", default="unset")


@pytest.mark.parametrize("inline", [True, False])
def test_context_variables_reach_plain_functions_and_end_with_the_request(client_for, inline):
    app = App()

    def set_word(handler):
        async def with_word(request):
            if "word" in request.query_params:
                word.set(request.query_params["word"])
            return await handler(request)

        return with_word

    app.add_middleware(set_word)

    @app.get("/", inline=inline)
    def read() -> str:
        return word.get()

    client = client_for(app)
    assert client.get("/?word=a").json() == "a"
    assert client.get("/").json() == "unset"


def test_blocked_threads_do_not_stop_the_loop(client_for):
    app = App()
    blocked, go_on = threading.Barrier(9, timeout=30), threading.Event()

    @app.get("/blocked")
    def block() -> str:
        blocked.wait()
        assert go_on.wait(30)
        return "done"

    @app.get("/free")
    async def free() -> str:
        return "free"

    client = client_for(app)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(client.get, "/blocked") for _ in range(8)]
        blocked.wait()
        assert client.get("/free").json() == "free"
        go_on.set()
        assert [answer.result().json() for answer in waiting] == ["done"] * 8


@pytest.mark.parametrize(
    "name",
    [
        "with", "class", "None", "app", "request", "response", "scope", "proto", "receive", "send", "recover", "encode",
        "Response", "result", "errors", "payload", "HEADERS", "current_task", "run_in_thread",
        "reply", "background", "größe", "a-b c", "",
    ],
)  # fmt: skip
def test_a_handler_may_have_any_name(client_for, name):
    app = App()

    class Item(BaseModel):
        a: int

    def answer(item: Item, request: Request, response: Response, background: BackgroundTasks, q: int = 1) -> list:
        return [item.a, q]

    def fails(q: int = 1) -> None:
        raise HTTPException(418)

    answer.__name__ = fails.__name__ = name
    app.post("/", name=name or "x")(answer)
    app.get("/", name=name or "x")(fails)
    client = client_for(app)
    assert client.post("/?q=2", json={"a": 1}).json() == [1, 2]
    assert client.get("/").status_code == 418


@pytest.mark.parametrize(
    "name", ["scope", "proto", "receive", "send", "body", "errors", "task", "headers", "raw", "query", "result", "p0", "a0"]
)
def test_a_parameter_may_have_any_name(client_for, name):
    app = App()
    namespace: dict = {}
    exec(f"async def read(number: int, {name}: int, other: str = 'x'): return [{name}, other, number]", namespace)
    app.get("/{number}")(namespace["read"])
    assert client_for(app).get("/7", params={name: 3}).json() == [3, "x", 7]


def test_callable_objects_and_partials_are_handlers(client_for):
    class Greeter:
        def __init__(self, greeting: str) -> None:
            self.greeting = greeting

        async def __call__(self, name: str) -> str:
            return f"{self.greeting} {name}"

        def method(self, name: str) -> str:
            return f"{self.greeting}, {name}"

    def add(a: int, b: int) -> int:
        return a + b

    app = App()
    app.add_api_route("/object", Greeter("hello"))
    app.add_api_route("/method", Greeter("hello").method)
    app.add_api_route("/partial", partial(add, 1))
    client = client_for(app)
    assert client.get("/object?name=a").json() == "hello a"
    assert client.get("/method?name=a").json() == "hello, a"
    assert client.get("/partial?b=2").json() == 3


def test_decorated_handlers_keep_being_functions():
    app = App()

    @app.get("/")
    def double(number: int) -> int:
        return number * 2

    assert double(21) == 42


def test_background_tasks_run_after_the_answer_in_order(client_for):
    app = App()
    done = []

    async def async_work(word: str, *, mark: str = "") -> None:
        done.append(word + mark)

    def sync_work(word: str) -> None:
        done.append(word)

    @app.post("/")
    async def order(background: BackgroundTasks) -> str:
        background.add_task(async_work, "first", mark="!")
        background.add_task(sync_work, "second")
        done.append("handler")
        return "ok"

    assert client_for(app).post("/").json() == "ok"
    assert done == ["handler", "first!", "second"]


def test_background_tasks_of_a_response_run_too(client_for):
    app = App()
    done = []

    @app.get("/own")
    def own() -> JSONResponse:
        return JSONResponse({}, background=BackgroundTask(done.append, "own"))

    @app.get("/given")
    def given(background: BackgroundTasks) -> JSONResponse:
        background.add_task(done.append, "given")
        return JSONResponse({})

    client = client_for(app)
    client.get("/own")
    client.get("/given")
    assert done == ["own", "given"]


def test_background_tasks_do_not_run_after_an_error(client_for):
    app = App()
    done = []

    @app.get("/")
    def refuse(background: BackgroundTasks) -> None:
        background.add_task(done.append, "never")
        raise HTTPException(400)

    assert client_for(app).get("/").status_code == 400
    assert done == []


def test_a_handler_that_takes_too_long_is_ended(client_for):
    app = App()
    ended = []

    @app.get("/", timeout=0.01)
    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    answer = client_for(app).get("/")
    assert (answer.status_code, answer.json()) == (503, {"detail": "The request was not answered within 0.01 seconds."})
    assert ended == [True]


def test_a_stream_may_take_longer_than_the_limit(client_for):
    app = App()
    go_on = threading.Event()

    @app.get("/stream", timeout=0.01)
    async def stream() -> StreamingResponse:
        async def rows():
            yield b"one"
            await run_in_thread(go_on.wait, 30)
            yield b"two"

        return StreamingResponse(rows())

    @app.get("/slow", timeout=0.01)
    async def slow() -> None:
        await asyncio.Event().wait()

    client = client_for(app)
    with client.stream("GET", "/stream") as response:
        pieces = response.iter_raw()
        assert next(pieces) == b"one"
        # What ends this request would have ended the stream with it.
        assert client.get("/slow").status_code == 503
        go_on.set()
        assert next(pieces) == b"two"


def test_arguments_that_take_the_rest_are_left_alone(client_for):
    app = App()

    @app.get("/")
    def read(a: int, *args: int, **kwargs: int) -> list:
        return [a, list(args), kwargs]

    assert client_for(app).get("/?a=1&b=2").json() == [1, [], {}]


def test_mistakes_show_the_compiled_source(client_for):
    import traceback

    app = App()

    @app.get("/items/{id}")
    def broken(id: int) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match=r"^broken$") as raised:
        client_for(app).get("/items/7")
    lines = traceback.format_exception(raised.value)
    assert any("GET /items/{id}" in line for line in lines)
    assert any("run_in_thread(" in line for line in lines)
