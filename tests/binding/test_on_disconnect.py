"""Clients that leave before they have their answer."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterable

import pytest
from pydantic import BaseModel

from trine import APIRouter, App, BackgroundTasks, Depends, Request, SetupError


class Note(BaseModel):
    text: str = ""


class Visit:
    """A request whose client leaves once the handler waits."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.story: list[str] = []
        self.is_waiting = asyncio.Event()
        self.may_finish = asyncio.Event()

    async def wait(self) -> str:
        self.is_waiting.set()
        try:
            await self.may_finish.wait()
        except asyncio.CancelledError:
            self.story.append("cancelled")
            raise
        self.story.append("finished")
        return "done"

    async def leave(self, client, method, path, **options):
        """Ask, and go away; returns when the application has noticed, or has finished."""
        asking = asyncio.create_task(client.request(method, path, **options))
        await self.is_waiting.wait()
        asking.cancel()
        await asyncio.wait([asking])


async def ends_of(async_client_for, app, visits):
    """How each visit ends: all clients leave, and the handlers that run on may finish once another one was cancelled."""
    witness = Visit(app)
    app.get("/witness", on_disconnect="cancel")(witness.wait)
    async with async_client_for(app, grace=60) as client:
        leaving = [asyncio.create_task(visit.leave(client, *request)) for visit, request in visits]
        await asyncio.gather(*(visit.is_waiting.wait() for visit, _ in visits))
        await witness.leave(client, "GET", "/witness")
        for visit, _ in visits:
            visit.may_finish.set()
        await asyncio.wait(leaving)
    assert witness.story == ["cancelled"]
    return [visit.story for visit, _ in visits]


async def test_async_get_is_cancelled_and_everything_else_finishes(async_client_for):
    app = App()
    get, post, plain, mixed = (Visit(app) for _ in range(4))
    app.get("/get")(get.wait)
    app.post("/post")(post.wait)
    app.api_route("/mixed", methods=["GET", "POST"])(mixed.wait)
    loop = asyncio.get_running_loop()

    @app.get("/plain")
    def block() -> str:
        return asyncio.run_coroutine_threadsafe(plain.wait(), loop).result()

    visits = [(get, ("GET", "/get")), (post, ("POST", "/post")), (plain, ("GET", "/plain")), (mixed, ("GET", "/mixed"))]
    ends = await ends_of(async_client_for, app, visits)
    assert ends == [["cancelled"], ["finished"], ["finished"], ["finished"]]


async def test_the_end_is_chosen_per_route_router_and_application(async_client_for):
    app = App(on_disconnect="finish")
    router = APIRouter(prefix="/sure", on_disconnect="cancel")
    app_says, router_says, route_says = (Visit(app) for _ in range(3))
    app.get("/app")(app_says.wait)
    router.post("/router")(router_says.wait)
    router.get("/route", on_disconnect="finish")(route_says.wait)

    app.include_router(router)
    visits = [(app_says, ("GET", "/app")), (router_says, ("POST", "/sure/router")), (route_says, ("GET", "/sure/route"))]
    ends = await ends_of(async_client_for, app, visits)
    assert ends == [["finished"], ["cancelled"], ["finished"]]


async def test_a_handler_that_has_read_its_body_is_cancelled(async_client_for):
    app = App(on_disconnect="cancel")
    typed, whole, form = (Visit(app) for _ in range(3))

    @app.post("/typed")
    async def typed_body(note: Note, _request: Request) -> str:
        typed.story.append(note.text)
        return await typed.wait()

    @app.post("/whole")
    async def whole_body(request: Request) -> str:
        whole.story.append((await request.body()).decode())
        return await whole.wait()

    @app.post("/form")
    async def form_body(request: Request) -> str:
        form.story.append(str((await request.form())["text"]))
        return await form.wait()

    async with async_client_for(app, grace=60) as client:
        await typed.leave(client, "POST", "/typed", json={"text": "typed"})
        await whole.leave(client, "POST", "/whole", content="whole")
        await form.leave(client, "POST", "/form", data={"text": "form"})
    assert [typed.story, whole.story, form.story] == [["typed", "cancelled"], ["whole", "cancelled"], ["form", "cancelled"]]


async def test_a_handler_may_read_an_empty_body_after_its_client_was_watched(async_client_for):
    app = App()
    visit, other = Visit(app), Visit(app)
    app.get("/other")(other.wait)

    @app.get("/")
    async def late(request: Request) -> str:
        await visit.wait()
        return f"{len(await request.body())} bytes"

    async with async_client_for(app, grace=60) as client:
        asking = asyncio.create_task(client.get("/"))
        await visit.is_waiting.wait()
        await other.leave(client, "GET", "/other")
        visit.may_finish.set()
        assert (await asking).json() == "0 bytes"


async def test_dependencies_are_cleaned_up_and_background_work_is_not_begun(async_client_for):
    app = App()
    visit = Visit(app)

    async def connection():
        try:
            yield
        finally:
            visit.story.append("closed")

    @app.get("/")
    async def wait(tasks: BackgroundTasks, _held: None = Depends(connection)) -> str:
        tasks.add_task(visit.story.append, "background")
        return await visit.wait()

    async with async_client_for(app, grace=60) as client:
        await visit.leave(client, "GET", "/")
    assert visit.story == ["cancelled", "closed"]


async def test_middleware_sees_how_it_ended(async_client_for):
    app = App()
    visit = Visit(app)
    app.get("/")(visit.wait)

    @app.middleware("http")
    async def note_status(request, call_next):
        response = await call_next(request)
        visit.story.append(response.status_code)
        return response

    async with async_client_for(app, grace=60) as client:
        await visit.leave(client, "GET", "/")
    assert visit.story == ["cancelled", 499]


async def test_a_stream_is_closed_while_a_dependency_waits(async_client_for):
    app = App()
    visit = Visit(app)

    @app.post("/", dependencies=[Depends(visit.wait)])
    async def never() -> AsyncIterable[int]:
        yield 1

    async with async_client_for(app, grace=60) as client:
        await visit.leave(client, "POST", "/")
    assert visit.story == ["cancelled"]


def test_a_real_client_leaves_a_real_server(live_server):
    app = App()
    cancelled = []
    is_waiting = threading.Event()
    is_over = threading.Event()

    @app.get("/")
    async def wait() -> None:
        is_waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        finally:
            is_over.set()

    server = live_server(app)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        assert is_waiting.wait(30)
    assert is_over.wait(30)
    assert cancelled == [True]


def test_what_cannot_be_done_is_refused():
    app = App()

    @app.get("/plain", on_disconnect="cancel")
    def plain() -> None: ...

    @app.get("/stream", on_disconnect="finish")
    async def stream() -> AsyncIterable[int]:
        yield 1

    @app.get("/else", on_disconnect="ignore")
    async def other() -> None: ...

    with pytest.raises(SetupError) as raised:
        app.prepare()
    assert [(problem.message, problem.hint) for problem in raised.value.problems] == [
        ("The handler 'plain' is a plain 'def', which nothing can cancel.", "Make it 'async def', or leave on_disconnect out."),
        (
            "The handler 'stream' yields, and cannot run on without its client.",
            "Let a task or an EventLog run on, and stream from it.",
        ),
        ("The handler 'other' has on_disconnect='ignore'.", "Write 'cancel' or 'finish'."),
    ]
