"""Flask itself, mounted unchanged below a path of Trine's, and sharing its sessions. Runs where both are installed."""

import hashlib
from importlib.metadata import version

import flask
import pytest

from trine import App, Settings
from trine.compat.flask.shared import SharedSessions
from trine.middleware import SessionMiddleware
from trine.pages import MemoryStore, Pages, get_flashed_messages, session
from trine.testing import TestClient

KEY = "nPq8-Zr5TkW2vYx7LmB4cJ6hD9sF1gAeUoQi3tRw"


@pytest.fixture
def legacy(tmp_path):
    assert flask.Flask.__module__ == "flask.app"
    assert version("flask") == "3.1.3"
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "site.css").write_text("body { color: red }")
    app = flask.Flask("legacy", root_path=str(tmp_path))
    app.secret_key = KEY[::-1]

    @app.get("/link")
    def link():
        return flask.url_for("static", filename="site.css")

    @app.post("/upload")
    def upload():
        digest = hashlib.sha256()
        while piece := flask.request.stream.read(65536):
            digest.update(piece)
        return digest.hexdigest()

    @app.post("/form")
    def form():
        return str(len(flask.request.files["file"].read()))

    @app.get("/stream")
    def stream():
        return flask.Response(flask.stream_with_context(f"{flask.request.args['q']}{n};" for n in range(3)))

    @app.get("/visit")
    def visit():
        flask.session["old"] = flask.session.get("old", 0) + 1
        flask.flash(f"visit {flask.session['old']}")
        return {"user": flask.session.get("user"), "old": flask.session["old"]}

    return app


@pytest.fixture(params=["asgi", "rsgi"])
def client_for(request):
    def make(app):
        return TestClient(app, interface=request.param, base_url="https://testserver")

    return make


def test_an_unchanged_application_works_below_a_path(legacy, client_for):
    app = App()
    app.mount("/legacy", legacy)
    client = client_for(app)
    assert client.get("/legacy/link").text == "/legacy/static/site.css"
    styles = client.get("/legacy/static/site.css")
    assert styles.text == "body { color: red }"
    assert client.get("/legacy/static/site.css", headers={"if-none-match": styles.headers["etag"]}).status_code == 304
    assert client.get("/legacy/static/site.css", headers={"range": "bytes=0-3"}).text == "body"
    assert client.get("/legacy/static/%2e%2e/secret").status_code == 404
    assert client.get("/legacy/stream?q=a").text == "a0;a1;a2;"
    large = bytes(range(256)) * 80_000
    assert client.post("/legacy/upload", content=large).text == hashlib.sha256(large).hexdigest()
    assert client.post("/legacy/form", files={"file": ("a.bin", large)}).text == str(len(large))
    assert client.get("/legacy/visit").json() == {"user": None, "old": 1}
    assert client.get("/legacy/visit").json() == {"user": None, "old": 2}


@pytest.mark.parametrize("in_store", [False, True])
def test_old_and_new_pages_share_one_session(legacy, client_for, in_store):
    app = App(settings=Settings(secret_key=KEY))
    app.install(Pages(csrf=False, sessions=SessionMiddleware(store=MemoryStore()) if in_store else None))

    @app.page("/login")
    def login():
        session["user"] = "ada"
        return ""

    @app.page("/messages")
    def messages():
        return repr((session.get("old"), get_flashed_messages()))

    @app.page("/logout")
    def logout():
        session.clear()
        return ""

    legacy.session_interface = SharedSessions(app)
    app.mount("/legacy", legacy)
    client = client_for(app)
    assert client.get("/legacy/visit").json() == {"user": None, "old": 1}
    client.get("/login")
    assert client.get("/legacy/visit").json() == {"user": "ada", "old": 2}
    assert client.get("/messages").text == "(2, ['visit 1', 'visit 2'])"
    assert client.get("/messages").text == "(2, [])"
    assert len(client.cookies) == 1
    client.get("/logout")
    assert client.get("/legacy/visit").json() == {"user": None, "old": 1}


def test_the_test_client_of_flask_changes_the_shared_session(legacy):
    app = App(settings=Settings(secret_key=KEY))
    legacy.session_interface = SharedSessions(app, SessionMiddleware(secure=False))
    client = legacy.test_client()
    with client.session_transaction() as changed:
        changed["user"] = "grace"
    assert client.get("/visit").json == {"user": "grace", "old": 1}
