"""What surrounds the code of a page: `request`, `session`, `g` and `current_app`."""

import asyncio

import pytest

from trine import App, BackgroundTasks, app_context, current_app, g, request, session
from trine.pages import has_request_context


def test_outside_of_a_page_the_error_says_where_to_use_it():
    with pytest.raises(RuntimeError) as raised:
        request.path  # noqa: B018
    assert str(raised.value) == (
        "'request' is there while a page is answered, and no page is answered here. Use it in functions with @app.page and in "
        "what they call; an API route takes 'request: Request' as a parameter, a script enters 'with app_context(app):'."
    )
    assert repr(session) == "<session, which is there while a page is answered>"
    assert not session
    assert not has_request_context()


def test_an_api_route_has_no_context(client_for):
    app = App()

    @app.page("/page")
    def page():
        return request.path

    @app.get("/api")
    def api() -> str:
        return request.path

    client = client_for(app)
    assert client.get("/page").text == "/page"
    with pytest.raises(RuntimeError, match="no page is answered here"):
        client.get("/api")


def test_g_lasts_for_one_request(client_for):
    app = App()

    @app.before_request
    def remember():
        g.seen = g.get("seen", 0) + 1

    @app.page("/")
    async def page():
        return {"seen": g.seen, "names": list(g), "none": g.get("other"), "in": "seen" in g, "app": current_app.title}

    client = client_for(app)
    for _ in range(2):
        assert client.get("/").json() == {"seen": 1, "names": ["seen"], "none": None, "in": True, "app": "Trine"}


def test_an_attribute_of_g_that_nobody_set_is_named(client_for):
    app = App()

    @app.page("/")
    def page():
        return g.user

    with pytest.raises(AttributeError, match=r"g has no 'user'\. Set it first"):
        client_for(app).get("/")


def test_requests_at_the_same_time_do_not_see_each_other(async_client_for):
    app = App()
    arrived = []

    @app.page("/{name}")
    async def page(name: str):
        g.name = name
        arrived.append(name)
        while len(arrived) < 5:
            await asyncio.sleep(0)
        return f"{g.name} {request.path}"

    async def ask() -> list[str]:
        async with async_client_for(app) as client:
            responses = await asyncio.gather(*(client.get(f"/{number}") for number in range(5)))
        return [response.text for response in responses]

    assert asyncio.run(ask()) == [f"{number} /{number}" for number in range(5)]


def test_tasks_threads_and_background_work_have_the_context(client_for):
    app = App()
    seen = []

    @app.page("/")
    async def page(background: BackgroundTasks):
        g.word = "kept"
        background.add_task(lambda: seen.append((g.word, request.path)))
        in_task = await asyncio.create_task(read())
        in_thread = await asyncio.to_thread(lambda: g.word)
        return [in_task, in_thread]

    async def read():
        await asyncio.sleep(0)
        return g.word

    assert client_for(app).get("/").json() == ["kept", "kept"]
    assert seen == [("kept", "/")]


def test_an_application_without_a_request(site):
    app = site()
    with app_context(app):
        g.word = "kept"
        assert current_app.title == "Trine"
        assert g.word == "kept"
        with pytest.raises(RuntimeError, match="'session' belongs to a request, and there is only an application here"):
            session["a"] = 1


def test_the_context_is_gone_after_the_request(client_for):
    app = App()

    @app.page("/")
    async def page():
        return "x"

    client_for(app).get("/")
    assert not has_request_context()


def test_local_names_behave_like_what_they_stand_for(client_for):
    app = App()

    @app.page("/")
    def page():
        session["a"] = 1
        session.update(b=2)
        del session["a"]
        return {
            "session": dict(session.items()),
            "length": len(session),
            "in": "b" in session,
            "is": isinstance(session, dict),
            "equal": session == {"b": 2},
            "text": repr(session),
        }

    assert client_for(app).get("/").json() == {
        "session": {"b": 2},
        "length": 1,
        "in": True,
        "is": True,
        "equal": True,
        "text": "{'b': 2}",
    }
