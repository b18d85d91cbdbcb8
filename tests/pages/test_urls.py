"""Addresses: of pages and files by name, and those that a visitor may be sent to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trine import App, Blueprint, app_context, g, is_safe_redirect, redirect, render_template_string, request, safe_next, url_for
from trine.pages.context import PageContext, current_context
from trine.pages.request import PageRequest
from trine.routing import NoMatchFound


def test_addresses_by_name(client_for):
    app = App()

    @app.page("/posts/{number:int}")
    @app.page("/posts")
    def posts(number: int = 0):
        return [
            url_for("posts"),
            url_for("posts", number=3),
            url_for("posts", number=3, page=2, tag=["a b", "ü"], none=None),
            url_for("posts", _anchor="über uns"),
            url_for("posts", _external=True),
            url_for("posts", _external=True, _scheme="https"),
        ]

    assert client_for(app).get("/posts").json() == [
        "/posts",
        "/posts/3",
        "/posts/3?page=2&tag=a+b&tag=%C3%BC",
        "/posts#%C3%BCber%20uns",
        "http://testserver/posts",
        "https://testserver/posts",
    ]


def test_a_name_that_there_is_not_is_a_mistake():
    app = App()
    app.page("/")(lambda: "")
    with app_context(app), pytest.raises(NoMatchFound, match="No route named 'nowhere'"):
        url_for("nowhere")


def test_addresses_below_a_mount_point(client_for):
    app, inner = App(), App()

    @inner.page("/here")
    def here():
        return f"{url_for('here')} {url_for('here', _external=True)}"

    app.mount("/part", inner)
    assert client_for(app).get("/part/here").text == "/part/here http://testserver/part/here"


SAFE = ["/", "/a?b=c#d", "/a//b", "https://testserver/a", "https://testserver", "https://TESTSERVER/a"]
UNSAFE = [
    "",
    "a",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https://testserver@evil.example",
    "https://testserver.evil.example",
    "https://testserver:8443/",
    "https://evil.example\\@testserver",
    "http://testserver/",
    "javascript:alert(1)",
    "data:text/html,x",
    " /a",
    "/a\n",
    "\t//evil.example",
    "/\t/evil.example",
    "https://[::1",
    "https://testserver:port/",
    "ftp://testserver/",
]


@pytest.fixture
def asked(client_for):
    app = App()

    @app.page("/next", methods=["GET", "POST"], csrf=False)
    def go():
        return redirect(safe_next("/home"))

    @app.page("/safe")
    def safe():
        return {"safe": is_safe_redirect(request.args["url"])}

    return client_for(app, base_url="https://testserver", follow_redirects=False)


@pytest.mark.parametrize("url", SAFE)
def test_addresses_of_this_site_are_safe(asked, url):
    assert asked.get("/safe", params={"url": url}).json() == {"safe": True}
    assert asked.get("/next", params={"next": url}).headers["location"] == url


@pytest.mark.parametrize("url", UNSAFE)
def test_all_others_are_not(asked, url, caplog):
    assert asked.get("/safe", params={"url": url}).json() == {"safe": False}
    assert asked.get("/next", params={"next": url}).headers["location"] == "/home"
    assert asked.post("/next", data={"next": url}).headers["location"] == "/home"
    assert caplog.messages == [f"A visitor is not sent to {url!a}, which is not this site."] * 2


class Asked:
    """As much of a request as the check looks at."""

    scheme = "https"
    headers = {"host": "testserver"}  # noqa: RUF012


@pytest.mark.parametrize("url", ["https:evil", "https:/evil", "https:///evil"])
def test_an_address_without_a_host_is_not_safe_where_the_request_names_none(url, monkeypatch):
    monkeypatch.setattr(Asked, "headers", {})
    token = current_context.set(PageContext(App(), None, PageRequest(Asked())))
    try:
        assert not is_safe_redirect(url)
    finally:
        current_context.reset(token)


@given(st.text(alphabet="/\\:@.?#%\t\n\x00 ahtpsevilxn-[]", max_size=30))
def test_whatever_is_safe_leads_to_this_site(url):
    token = current_context.set(PageContext(None, None, PageRequest(Asked())))
    try:
        if not is_safe_redirect(url):
            return
    finally:
        current_context.reset(token)
    # As browsers read it (WHATWG URL): one slash that no other follows, or the very host.
    assert (url[0] == "/" and url[1:2] not in ("/", "\\")) or url.startswith("https://testserver")


def test_templates_build_addresses(site, client_for):
    app = site()

    @app.page("/here")
    def here():
        return render_template_string("{{ url_for('here', q='<') }}")

    assert client_for(app).get("/here").text == "/here?q=%3C"


def test_values_of_addresses_are_taken_out_and_put_in_by_hooks(client_for):
    app, shop = App(), Blueprint("shop", __name__, url_prefix="/{country}/shop")
    seen = []

    @app.url_value_preprocessor
    def note(endpoint, values):
        seen.append((endpoint, dict(values)))

    @shop.url_value_preprocessor
    async def take_country(endpoint, values):
        g.country = values.pop("country")

    @shop.url_defaults
    def put_country(endpoint, values):
        values.setdefault("country", g.get("country", "fr"))

    @shop.page("/")
    def index():
        return [g.country, url_for(".item", number=3, size="s"), url_for(".item", number=3, country="it"), url_for("plain")]

    @shop.page("/items/{number:int}")
    def item(number: int):
        return [number, url_for(".index")]

    @app.page("/plain")
    def plain():
        return url_for("shop.index")

    app.register_blueprint(shop)
    client = client_for(app)
    # What a hook adds, and the path does not take, is no query.
    assert client.get("/de/shop/").json() == ["de", "/de/shop/items/3?size=s", "/it/shop/items/3", "/plain"]
    assert client.get("/de/shop/items/4").json() == [4, "/de/shop/"]
    assert client.get("/plain").text == "/fr/shop/"
    assert seen == [("shop.index", {"country": "de"}), ("shop.item", {"country": "de", "number": 4}), ("plain", {})]


def test_hooks_of_a_blueprint_that_are_for_every_page(client_for):
    app, base = App(), Blueprint("base", __name__)

    @base.app_url_value_preprocessor
    def take(endpoint, values):
        g.room = values.pop("room", "hall")

    @base.app_url_defaults
    def put(endpoint, values):
        values.setdefault("room", g.room)

    @app.page("/{room}/here")
    def here(room: str):
        return f"{room} {url_for('here')}"

    app.register_blueprint(base)
    assert client_for(app).get("/attic/here").text == "attic /attic/here"
