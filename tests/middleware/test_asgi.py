"""Middleware written for ASGI works as it is, behind RSGI too."""

import asyncio

import pytest

from trine import App, BackgroundTasks, HTTPException, Request, SetupError, StreamingResponse
from trine.middleware import ASGIMiddleware, Middleware, RequestIDMiddleware


class Stamp:
    """Adds a header to every answer, as ASGI middleware usually does."""

    def __init__(self, app, value="stamped", *, name="x-stamp"):
        self.app = app
        self.line = (name.encode(), value.encode())

    async def __call__(self, scope, receive, send):
        async def send_stamped(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], self.line]
            await send(message)

        await self.app(scope, receive, send_stamped)


class Guard:
    """Answers itself, without the application below."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["path"] == "/closed":
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"closed"})
        else:
            await self.app(scope, receive, send)


class Rewrite:
    """Hands on another scope and another body."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def receive_shouted():
            message = await receive()
            return {**message, "body": message.get("body", b"").upper()}

        state = {**scope["state"], "colour": "green"}
        changed = {**scope, "path": scope["path"].removeprefix("/v1"), "state": state, "user": "ada"}
        await self.app(changed, receive_shouted, send)


class Broken:
    def __init__(self, app, when):
        self.app, self.when = app, when

    async def __call__(self, scope, receive, send):
        if self.when == "before":
            raise ValueError("before")
        if self.when == "silent":
            return
        await self.app(scope, receive, send)
        raise ValueError("after")


def wrapped(*middleware, **options) -> App:
    app = App()
    app.add_middleware(*middleware, **options)

    @app.get("/")
    def index() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/items/{item}")
    def item(item: int, request: Request) -> list:
        return [item, request.path_params["item"], request.url.path]

    @app.post("/echo")
    async def echo(request: Request) -> list:
        state = request.state
        return [(await request.body()).decode(), state.colour if "colour" in state else None, vars(request).get("user")]

    @app.get("/refused")
    def refused() -> None:
        raise HTTPException(409, "No.")

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(str(number) for number in range(50))

    return app


def test_class_is_recognised_by_its_first_parameter(client_for):
    response = client_for(wrapped(Stamp, value="yes", name="x-other")).get("/")
    assert (response.json(), response.headers["x-other"]) == ({"ok": True}, "yes")
    assert response.headers["content-length"] == "11"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_everything_passes_through(client_for):
    client = client_for(wrapped(Stamp))
    assert client.get("/items/3").json() == [3, "3", "/items/3"]
    assert client.get("/stream").text == "".join(map(str, range(50)))
    assert client.get("/refused").json() == {"detail": "No."}
    assert client.get("/nowhere").status_code == 404
    assert client.post("/echo", content=b"x" * 200_000).json() == ["x" * 200_000, None, None]
    head = client.head("/")
    assert (head.status_code, head.content, head.headers["x-stamp"]) == (200, b"", "stamped")
    assert all(client.get(path).headers["x-stamp"] == "stamped" for path in ("/stream", "/refused", "/nowhere"))


def test_middleware_may_answer_itself(client_for):
    client = client_for(wrapped(Guard))
    assert (client.get("/closed").status_code, client.get("/closed").text) == (403, "closed")
    assert client.get("/").status_code == 200


def test_middleware_may_change_what_comes_in(client_for):
    assert client_for(wrapped(Rewrite)).post("/v1/echo", content=b"hello").json() == ["HELLO", "green", "ada"]


def test_several_work_together_with_native_ones(client_for):
    app = wrapped(Stamp)
    app.add_middleware(RequestIDMiddleware)
    app.add_middleware(Stamp, name="x-outer")

    @app.get("/id")
    def read_id(request: Request) -> str:
        return request.state.request_id

    response = client_for(app).get("/id")
    assert response.json() == response.headers["x-request-id"]
    assert (response.headers["x-stamp"], response.headers["x-outer"]) == ("stamped", "stamped")


def test_routers_take_them_too(client_for):
    app = App()

    @app.get("/", middleware=[ASGIMiddleware(Stamp, "here")])
    def index() -> str:
        return "ok"

    assert client_for(app).get("/").headers["x-stamp"] == "here"


@pytest.mark.parametrize("when", ["before", "silent"])
def test_middleware_that_fails_is_an_error(when, client_for):
    assert client_for(wrapped(Broken, when=when), raise_server_exceptions=False).get("/").status_code == 500


def test_middleware_that_fails_afterwards_leaves_the_answer_alone(client_for):
    response = client_for(wrapped(Broken, when="after"), raise_server_exceptions=False).get("/")
    assert (response.status_code, response.json()) == (200, {"ok": True})


def test_background_work_does_not_hold_up_the_answer(client_for):
    app = wrapped(Stamp)
    done = []

    @app.get("/work")
    def work(background: BackgroundTasks) -> str:
        background.add_task(done.append, True)
        return "ok"

    assert client_for(app).get("/work").json() == "ok"
    assert done == [True]


def test_stream_ends_when_the_client_leaves(client_for):
    app = wrapped(Stamp)
    ended = []

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def chunks():
            try:
                while True:
                    yield b"x"
                    await asyncio.sleep(0)
            finally:
                ended.append(True)

        return StreamingResponse(chunks())

    with client_for(app).stream("GET", "/endless") as response:
        next(response.iter_bytes())
    assert ended == [True]


async def test_the_leaving_of_a_client_is_heard_below_them(async_client_for):
    app = App()
    story = []
    waiting, noticed = asyncio.Event(), asyncio.Event()

    class Listen:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            async def receive_noted():
                message = await receive()
                story.append(message["type"])
                return message

            await self.app(scope, receive_noted, send)

    app.add_middleware(Stamp)
    app.add_middleware(Listen)

    @app.get("/cancelled")
    async def wait() -> None:
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            noticed.set()

    @app.post("/asked", on_disconnect="finish")
    async def ask(request: Request) -> None:
        await request.body()
        waiting.set()
        while not await request.is_disconnected():
            await asyncio.sleep(0)
        noticed.set()

    async with async_client_for(app, grace=60) as client:
        for method, path in (("GET", "/cancelled"), ("POST", "/asked")):
            waiting.clear()
            noticed.clear()
            asking = asyncio.create_task(client.request(method, path))
            await waiting.wait()
            asking.cancel()
            await asyncio.wait([asking])
            await noticed.wait()
    assert story.count("http.disconnect") == 2


def test_several_in_a_row_see_each_others_messages_as_they_are(client_for):
    seen = []

    class Look:
        def __init__(self, app, name):
            self.app, self.name = app, name

        async def __call__(self, scope, receive, send):
            async def send_noted(message):
                seen.append((self.name, id(message)))
                await send(message)

            scope["trail"] = [*scope.get("trail", []), self.name]
            await self.app(scope, receive, send_noted)
            assert scope["trail"] == ["outer", "inner"]

    app = wrapped(Look, "inner")
    app.add_middleware(Look, "outer")
    assert client_for(app).get("/").json() == {"ok": True}
    start, end = seen[:2], seen[2:]
    assert [name for name, _ in seen] == ["inner", "outer"] * 2
    assert start[0][1] == start[1][1] and end[0][1] == end[1][1]


def test_wrong_options_are_found_at_once():
    with pytest.raises(SetupError) as caught:
        App().add_middleware(Stamp, colour="green")
    assert (
        str(caught.value)
        == "Stamp cannot be made with these options: got an unexpected keyword argument 'colour'. Mend the call."
    )


def test_list_may_be_written_as_starlettes_users_write_it(client_for):
    listed = [Middleware(Stamp, "outer", name="x-outer"), Middleware(RequestIDMiddleware, header="x-id"), Middleware(Stamp)]
    app = App(middleware=listed)

    @app.get("/")
    def index() -> str:
        return "ok"

    headers = client_for(app).get("/").headers
    assert (headers["x-outer"], headers["x-stamp"], len(headers["x-id"])) == ("outer", "stamped", 32)


def test_function_of_the_application_below_is_one_too(client_for):
    def stamp(app, value):
        return Stamp(app, value)

    assert client_for(wrapped(stamp, value="by a function")).get("/").headers["x-stamp"] == "by a function"
    app = wrapped(Stamp, "by position")
    assert client_for(app).get("/").headers["x-stamp"] == "by position"


def test_options_of_what_takes_none_are_a_mistake():
    def passing(handler):
        return handler

    with pytest.raises(SetupError) as caught:
        App().add_middleware(passing, colour="green")
    assert str(caught.value).endswith(
        "is a middleware already, and takes no options. Options go to a class, or to a function whose first parameter is 'app'."
    )
