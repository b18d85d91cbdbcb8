"""Flask applications on Trine: served by both interfaces, by WSGI servers and by the test client."""

import asyncio
import threading
from datetime import timedelta

import pytest

from trine import App
from trine.compat.flask import Flask, Request, Response, g, has_app_context, request, session, stream_with_context
from trine.compat.flask.shared import SharedSessions
from trine.errors import SetupError
from trine.pages import Pages, flash
from trine.pages import session as page_session
from trine.settings import Launch, Settings, set_launch
from trine.testing import TestClient

KEY = "nPq8-Zr5TkW2vYx7LmB4cJ6hD9sF1gAeUoQi3tRw"


@pytest.fixture
def flask_app():
    app = Flask("shop", root_path=".")
    app.config.update(SECRET_KEY=KEY)
    return app


@pytest.fixture
def client(flask_app, client_for):
    """A client that comes through Trine, by RSGI and by ASGI."""
    return client_for(flask_app.trine)


def test_a_view_answers_in_a_worker_thread(flask_app, client):
    flask_app.get("/")(lambda: threading.current_thread().name)
    assert client.get("/").text.startswith("trine-worker-")


def test_async_views_run_on_the_loop_of_the_server(flask_app, client):
    loops = set()

    @flask_app.get("/")
    async def index():
        await asyncio.sleep(0)
        loops.add(asyncio.get_running_loop())
        g.seen = request.path
        return {"path": g.seen}

    assert [client.get("/").json() for _ in range(2)] == [{"path": "/"}] * 2
    assert len(loops) == 1


def test_the_session_goes_from_request_to_request(flask_app, client):
    @flask_app.get("/")
    def count():
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]


def test_a_large_upload_is_read_as_it_arrives(flask_app, client):
    @flask_app.post("/")
    def size():
        return str(len(request.files["file"].read()))

    assert client.post("/", files={"file": ("a.bin", b"x" * 3_000_000)}).text == "3000000"


def test_a_stream_keeps_its_request_and_is_torn_down_at_its_end(flask_app, client):
    ended = []
    flask_app.teardown_request(ended.append)

    @flask_app.get("/")
    def index():
        @stream_with_context
        def pieces():
            yield "a"
            assert ended == []
            yield request.args["b"]

        return Response(pieces())

    assert client.get("/?b=2").text == "a2"
    assert ended == [None]


def test_an_error_is_a_page_in_production(flask_app, client, monkeypatch):
    monkeypatch.setattr(flask_app.logger, "disabled", True)  # it is the process's, and shared by name
    flask_app.get("/")(lambda: 1 / 0)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "division" not in answer.text


def test_a_broken_cookie_counts_as_none(flask_app, client):
    flask_app.get("/")(lambda: repr(dict(session)))
    for cookie in ("session=x", "session=eyJhIjoxfQ.aaaaaa.bbbb", "session=" + "a" * 4000, "session=%FF\\x00"):
        assert client.get("/", headers={"cookie": cookie}).text == "{}"


def test_a_session_expires(flask_app, monkeypatch):
    flask_app.permanent_session_lifetime = timedelta(seconds=10)
    flask_app.get("/set", endpoint="set")(lambda: session.update(a=1) or "")
    flask_app.get("/")(lambda: repr(dict(session)))
    client = flask_app.test_client()
    client.get("/set")
    assert client.get("/").text == "{'a': 1}"
    import time

    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100)
    assert client.get("/").text == "{}"


def test_hostile_names_lead_out_of_no_folder(flask_app, tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    app = Flask("files", root_path=str(tmp_path))
    for path in ("/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/..%2fsecret.txt"):
        assert app.test_client().get(path).status_code == 404


def test_text_of_a_visitor_cannot_add_a_header(flask_app):
    @flask_app.get("/")
    def index():
        return "", 200, {"x-name": request.args["name"]}

    flask_app.testing = True
    with pytest.raises(ValueError, match="newline"):
        flask_app.test_client().get("/", query_string={"name": "a\r\nset-cookie: b=1"})


def test_typed_routes_stand_beside_the_views(flask_app, client_for):
    flask_app.get("/old")(lambda: "old")

    @flask_app.trine.get("/typed/{number}")
    def typed(number: int) -> dict[str, int]:
        return {"number": number}

    client = client_for(flask_app.trine)
    assert client.get("/old").text == "old"
    assert client.get("/typed/7").json() == {"number": 7}
    assert client.get("/typed/x").status_code == 422


def test_trine_run_takes_a_flask_application(tmp_path, monkeypatch):
    from trine.server.target import load_target

    (tmp_path / "flask_target.py").write_text("from trine.compat.flask import Flask\nshop = Flask(__name__)\n")
    monkeypatch.chdir(tmp_path)
    app = load_target("flask_target.py")
    assert isinstance(app, App)
    assert app.title == "flask_target"


@pytest.mark.parametrize(("key", "why"), [("dev", "has 3 characters"), ("change-me" * 6, "is well known or easy to guess")])
def test_production_does_not_start_with_a_key_that_can_be_guessed(flask_app, key, why):
    flask_app.secret_key = key
    with pytest.raises(SetupError, match=f"The SECRET_KEY of the Flask application 'shop' {why}"):
        flask_app.trine.refuse_unsafe()


def test_production_does_not_start_in_debug_mode(flask_app):
    flask_app.debug = True
    with pytest.raises(SetupError, match="The Flask application 'shop' is in debug mode"):
        flask_app.trine.refuse_unsafe()


def test_trine_dev_debugs_and_flask_debug_wins(monkeypatch):
    set_launch(Launch(mode="development"))
    try:
        assert Flask("a", root_path=".").debug
        monkeypatch.setenv("FLASK_DEBUG", "0")
        assert not Flask("a", root_path=".").debug
    finally:
        set_launch(Launch())


def test_outside_of_a_request_the_error_says_what_to_do():
    with pytest.raises(RuntimeError, match="Working outside of request context") as raised:
        request.path  # noqa: B018 - reading it is the test
    assert "with app.test_request_context()" in str(raised.value)


def test_a_handler_is_looked_up_by_blueprint_status_and_class(flask_app):
    class Mine(LookupError):
        pass

    flask_app.errorhandler(LookupError)(lambda error: (type(error).__name__, 409))

    @flask_app.get("/")
    def index():
        raise Mine

    answer = flask_app.test_client().get("/")
    assert (answer.status_code, answer.text) == (409, "Mine")


def test_a_request_of_ones_own_class_is_used(flask_app):
    class Shouting(Request):
        @property
        def shout(self):
            return self.path.upper()

    flask_app.request_class = Shouting
    flask_app.get("/abc")(lambda: request.shout)
    assert flask_app.test_client().get("/abc").text == "/ABC"


@pytest.fixture
def shared(flask_app, client_for):
    """A Trine application with pages, and a Flask application below /legacy that shares its sessions."""

    def make(**options):
        app = App(settings=Settings(secret_key=KEY))
        app.install(Pages(csrf=False, **options))

        @app.page("/new")
        def new():
            page_session["new"] = page_session.get("new", 0) + 1
            flash("from the new page")
            return repr(sorted(page_session))

        @flask_app.get("/old")
        def old():
            from trine.compat.flask import get_flashed_messages

            session["old"] = session.get("old", 0) + 1
            return repr((session["old"], session.get("new"), get_flashed_messages()))

        @flask_app.get("/clear")
        def clear():
            session.clear()
            return ""

        flask_app.get("/silent")(lambda: "silent")
        flask_app.session_interface = SharedSessions(app)
        app.mount("/legacy", flask_app)
        return client_for(app, base_url="https://testserver")

    return make


@pytest.mark.parametrize("in_store", [False, True])
def test_old_and_new_pages_share_one_session(shared, in_store):
    from trine.middleware import SessionMiddleware
    from trine.pages import MemoryStore

    client = shared(sessions=SessionMiddleware(store=MemoryStore())) if in_store else shared()
    assert client.get("/legacy/old").text == "(1, None, [])"
    assert client.get("/new").text == "['_flashes', 'new', 'old']"
    assert client.get("/legacy/old").text == "(2, 1, ['from the new page'])"
    assert "set-cookie" not in client.get("/legacy/silent").headers
    assert "vary" not in client.get("/legacy/silent").headers
    client.get("/legacy/clear")
    assert client.get("/legacy/old").text == "(1, None, [])"


def test_a_session_in_redis_is_shared_too(shared, redis_url):
    from trine.middleware import SessionMiddleware
    from trine.pages.stores.redis import RedisStore

    store = RedisStore(redis_url, key_prefix="test-flask-shared:")
    client = shared(sessions=SessionMiddleware(store=store))
    assert client.get("/legacy/old").text == "(1, None, [])"
    assert client.get("/new").text == "['_flashes', 'new', 'old']"
    assert client.get("/legacy/old").text == "(2, 1, ['from the new page'])"
    client.get("/legacy/clear")
    assert client.get("/legacy/old").text == "(1, None, [])"


def test_a_forged_shared_session_counts_as_none(shared):
    client = shared()
    assert client.get("/legacy/old", headers={"cookie": "__Host-session=eyJuZXciOjl9.aaaa.bbbb"}).text == "(1, None, [])"


def test_the_session_of_a_middleware_is_shared(flask_app):
    from trine import Request as TrineRequest
    from trine.middleware import SessionMiddleware

    sessions = SessionMiddleware(secret_key=KEY)
    app = App()
    app.add_middleware(sessions)

    @app.get("/api")
    def api(request: TrineRequest) -> dict[str, str | None]:
        return {"user": request.session.get("user")}

    flask_app.get("/login")(lambda: session.update(user="ada") or "")
    flask_app.session_interface = SharedSessions(app, sessions)
    app.mount("/legacy", flask_app)
    with TestClient(app, base_url="https://testserver") as client:
        client.get("/legacy/login")
        assert client.get("/api").json() == {"user": "ada"}


def test_any_wsgi_server_runs_it(flask_app):
    from wsgiref.util import setup_testing_defaults
    from wsgiref.validate import validator

    flask_app.get("/café/<name>")(lambda name: (f"{name} {request.path}", 201, {"x-a": "b"}))
    environ = {"PATH_INFO": "/café/é".encode().decode("latin-1"), "QUERY_STRING": "", "SCRIPT_NAME": ""}
    setup_testing_defaults(environ)
    started = []

    def start_response(status, headers, exc_info=None):
        started.append((status, dict(headers)["x-a"]))
        return lambda data: None

    pieces = validator(flask_app)(environ, start_response)
    assert b"".join(pieces).decode() == "é /café/é"
    pieces.close()
    assert started == [("201 CREATED", "b")]


def test_contexts_are_left_from_the_inside_out(flask_app):
    outer, inner = flask_app.app_context(), flask_app.app_context()
    outer.push()
    inner.push()
    with pytest.raises(AssertionError, match="leave the inner context first"):
        outer.pop()
    inner.pop()
    outer.pop()


def test_a_server_name_that_is_none_is_told_and_leaves_no_context(flask_app):
    flask_app.config["SERVER_NAME"] = "a" * 70 + ".example"
    with pytest.raises(ValueError, match="label"):
        flask_app.test_client().get("/")
    assert not has_app_context()


def test_whoever_reads_the_shared_session_depends_on_the_cookie():
    app = App(settings=Settings(secret_key=KEY))
    legacy = Flask("legacy", root_path=".")
    legacy.session_interface = SharedSessions(app)
    opened = legacy.session_interface.open_session(legacy, Request({"wsgi.url_scheme": "https"}))
    assert (opened.new, opened.accessed, opened.modified) == (True, False, False)
    for look in (lambda: opened.get("a"), lambda: "a" in opened, lambda: list(opened), opened.items):
        opened.accessed = False
        look()
        assert opened.accessed
    response = Response()
    legacy.session_interface.save_session(legacy, opened, response)
    assert response.headers["vary"] == "Cookie"
    assert "set-cookie" not in response.headers
