"""Blueprints: names, prefixes, folders, and the hooks of applications and blueprints."""

import asyncio

import pytest

from trine import APIRouter, App, Blueprint, HTTPException, Settings, SetupError, abort, g, render_template, request, url_for


def recorder():
    """A list, and functions that note in it that they were called."""
    calls = []

    def noting(name, value=None):
        def hook(*arguments):
            calls.append(name)
            return arguments[0] if arguments and value is None and name.startswith("after") else value

        return hook

    return calls, noting


def test_names_and_prefixes_of_nested_blueprints(client_for):
    app = App()
    shop, cart = Blueprint("shop", __name__, url_prefix="/shop"), Blueprint("cart", __name__, url_prefix="/cart")

    @cart.route("/")
    def index():
        return [request.endpoint, request.blueprint, list(request.blueprints), url_for(".index"), url_for("shop.home")]

    @shop.page("/")
    def home():
        return url_for("shop.cart.index")

    shop.register_blueprint(cart)
    app.register_blueprint(shop)
    client = client_for(app)
    assert client.get("/shop/").text == "/shop/cart/"
    assert client.get("/shop/cart/").json() == ["shop.cart.index", "shop.cart", ["shop.cart", "shop"], "/shop/cart/", "/shop/"]


def test_a_blueprint_is_registered_twice_under_two_names(client_for):
    app, part = App(), Blueprint("part", __name__, url_prefix="/one")

    @part.page("/")
    def index():
        return f"{request.endpoint} {url_for('.index')}"

    app.register_blueprint(part)
    app.register_blueprint(part, url_prefix="/two", name="second")

    @part.page("/late")
    def late():
        return url_for(".late")

    client = client_for(app)
    assert client.get("/one/").text == "part.index /one/"
    assert client.get("/two/").text == "second.index /two/"
    assert client.get("/two/late").text == "/two/late"


def test_hooks_run_from_the_outside_in_and_back(client_for):
    app, outer, inner = App(), Blueprint("outer", __name__), Blueprint("inner", __name__)
    calls, noting = recorder()
    for name, hooks in (("app", app), ("outer", outer), ("inner", inner)):
        hooks.before_request(noting(f"before {name}"))
        hooks.after_request(noting(f"after {name}"))
        hooks.teardown_request(noting(f"teardown {name}"))
    inner.before_app_request(noting("before all"))

    @inner.page("/inner")
    def page():
        calls.append("page")
        return "x"

    @app.page("/plain")
    async def plain():
        return "x"

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    client = client_for(app)
    assert client.get("/inner").status_code == 200
    before = ["before app", "before all", "before outer", "before inner", "page"]
    after = ["after inner", "after outer", "after app", "teardown inner", "teardown outer", "teardown app"]
    assert calls == before + after
    calls.clear()
    client.get("/plain")
    assert calls == ["before app", "before all", "after app", "teardown app"]


def test_a_hook_that_returns_something_answers(client_for):
    app = App()

    @app.before_request
    async def closed():
        return ("Closed.", 503) if request.path == "/closed" else None

    @app.after_request
    async def mark(response):
        response.headers["x-mark"] = "1"
        return response

    @app.page("/{name}")
    def page(name: str):
        return "open"

    client = client_for(app)
    assert client.get("/open").text == "open"
    response = client.get("/closed")
    assert (response.status_code, response.text, response.headers["x-mark"]) == (503, "Closed.", "1")


def test_teardown_hears_of_the_error_and_sees_g(client_for):
    app = App()
    seen = []

    @app.teardown_request
    def close(error):
        seen.append((type(error).__name__, g.get("open")))

    @app.page("/{kind}")
    def page(kind: str):
        g.open = True
        if kind == "missing":
            abort(404)
        if kind == "broken":
            raise ZeroDivisionError
        return kind

    client = client_for(app, raise_server_exceptions=False)
    for kind in ("fine", "missing", "broken"):
        client.get(f"/{kind}")
    assert seen == [("NoneType", True), ("HTTPException", True), ("ZeroDivisionError", True)]


def test_teardown_of_a_stream_comes_at_its_end(client_for):
    app = App()
    seen = []

    @app.teardown_request
    async def close(error):
        seen.append("closed")

    @app.page("/")
    def page():
        return (seen.append(str(number)) or str(number) for number in range(2))

    assert client_for(app).get("/").text == "01"
    assert seen == ["0", "1", "closed"]


def test_errors_are_answered_by_the_nearest_handler(client_for):
    app, part = App(), Blueprint("part", __name__, url_prefix="/part")

    @app.errorhandler(404)
    def missing(error):
        return f"app: {error.detail}"

    @part.errorhandler(404)
    async def missing_here(error):
        return f"part: {error.detail}", 410

    @app.errorhandler(ZeroDivisionError)
    def divided(error):
        return "divided"

    @app.page("/gone")
    @part.page("/gone")
    def gone():
        abort(404, "gone")

    @app.page("/divided")
    def divide():
        return str(1 / 0)

    @app.get("/api")
    def api() -> dict:
        raise HTTPException(404)

    app.register_blueprint(part)
    client = client_for(app)
    assert (client.get("/gone").status_code, client.get("/gone").text) == (404, "app: gone")
    assert (client.get("/part/gone").status_code, client.get("/part/gone").text) == (410, "part: gone")
    assert (client.get("/divided").status_code, client.get("/divided").text) == (500, "divided")
    assert client.get("/nowhere").text == "app: Not Found"
    assert client.get("/api").json() == {"detail": "Not Found"}


def test_an_error_page_may_use_what_pages_use(site, browser_for):
    app = site({"404.html": "{{ g.user }} at {{ request.path }}"})

    @app.before_request
    def load():
        g.user = "Ada"

    @app.errorhandler(404)
    def missing(error):
        return render_template("404.html")

    @app.page("/")
    def index():
        return "x"

    assert browser_for(app).get("/nowhere").text == "Ada at /nowhere"


def test_an_error_handler_that_fails_is_an_error(client_for):
    app = App()

    @app.errorhandler(404)
    def missing(error):
        raise ValueError("broken handler")

    @app.page("/")
    def page():
        abort(404)

    response = client_for(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    assert "Something went wrong here" in response.text


def test_templates_of_the_application_come_before_those_of_blueprints(site, tmp_path, client_for):
    app = site({"title.html": "app"})
    (tmp_path / "views").mkdir()
    (tmp_path / "views" / "title.html").write_text("part")
    (tmp_path / "views" / "own.html").write_text("{{ shared }} {{ own }}")
    part = Blueprint("part", root_path=tmp_path, template_folder="views")

    @app.context_processor
    def shared():
        return {"shared": "from the app", "own": "overwritten"}

    @part.context_processor
    def own():
        return {"own": "from the part"}

    @part.page("/title")
    def title():
        return render_template("title.html")

    @part.page("/own")
    def own_page():
        return render_template("own.html")

    app.register_blueprint(part)
    client = client_for(app)
    assert client.get("/title").text == "app"
    assert client.get("/own").text == "from the app from the part"


def test_a_blueprint_adds_to_every_template(site, client_for):
    app = site({"a.html": "{{ 3|twice }} {{ 3 is lucky }} {{ word() }} {{ 'x'|own }}"})
    part = Blueprint("part", __name__)
    part.app_template_filter("twice")(lambda number: number * 2)
    part.app_template_test("lucky")(lambda number: number == 3)
    part.app_template_global("word")(lambda: "part")
    part.app_template_filter("own")(lambda text: "part's")
    app.template_filter("own")(lambda text: "app's")

    @app.page("/")
    def page():
        return render_template("a.html")

    app.register_blueprint(part)
    assert client_for(app).get("/").text == "6 True part app&#39;s"


def test_teardown_comes_also_after_a_request_that_was_refused_at_once(client_for):
    app = App()
    seen = []

    @app.teardown_request
    def close(error):
        seen.append(type(error).__name__)

    @app.page("/", methods=["POST"])
    def page():
        return "taken"

    assert client_for(app).post("/", data={}).status_code == 403
    assert seen == ["CSRFError"]


def test_teardown_comes_also_where_the_request_is_given_up():
    app = App()
    seen = []

    @app.teardown_request
    async def close(error):
        seen.append("closed")

    @app.before_request
    async def wait():
        seen.append("waits")
        await asyncio.sleep(3600)

    @app.page("/")
    async def page():
        return "x"

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        raise AssertionError(message)

    async def give_up():
        scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/", "raw_path": b"/"}
        scope |= {"query_string": b"", "root_path": "", "headers": [(b"host", b"localhost")], "client": None, "server": None}
        task = asyncio.ensure_future(app(scope, receive, send))
        while not seen:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert seen == ["waits", "closed"]


def test_mistakes_are_told():
    with pytest.raises(SetupError, match=r"A blueprint is called 'a\.b'\. Use a name without dots"):
        Blueprint("a.b", __name__)
    with pytest.raises(SetupError, match=r"register_blueprint\(\) got App\. Use include_router\(\)"):
        App().register_blueprint(App())


def test_api_routes_of_a_blueprint_have_no_context(client_for):
    app, part = App(), Blueprint("part", __name__, url_prefix="/part")

    @part.before_request
    def refuse():
        return "refused", 403

    @part.get("/api")
    async def api() -> dict:
        return {"open": True}

    app.register_blueprint(part)
    assert client_for(app).get("/part/api").json() == {"open": True}


def test_a_blueprint_below_a_host_brings_templates_files_and_names(site, tmp_path, client_for):
    app, shop = (
        site(settings=Settings(allowed_hosts=["testserver", "shop.example.org"])),
        Blueprint("shop", __name__, root_path=tmp_path / "shop", template_folder="templates", static_folder="static"),
    )
    (tmp_path / "shop/templates").mkdir(parents=True)
    (tmp_path / "shop/static").mkdir()
    (tmp_path / "shop/templates/shop.html").write_text("{{ url_for('.index') }} {{ url_for('.static', filename='a.css') }}")
    (tmp_path / "shop/static/a.css").write_text("a{}")

    @shop.page("/here")
    def index():
        return render_template("shop.html")

    @shop.app_template_filter()
    def loud(text):
        return text.upper()

    app.host("shop.example.org", shop)
    client = client_for(app, base_url="http://shop.example.org")
    page, style = client.get("/here").text.split()
    assert page == "/here"
    assert client.get(style).text == "a{}"
    assert client_for(app).get("/here").status_code == 404
    assert "loud" in app.extensions["pages"].templates.environment.filters


def test_pages_below_a_host_alone_are_pages(client_for):
    app, router = App(settings=Settings(allowed_hosts=["shop.example.org"])), APIRouter()
    router.page("/")(lambda: "<p>shop")
    app.host("shop.example.org", router)
    answer = client_for(app, base_url="http://shop.example.org").get("/")
    assert (answer.text, answer.headers["content-type"]) == ("<p>shop", "text/html; charset=utf-8")
