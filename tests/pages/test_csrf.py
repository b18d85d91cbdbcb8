"""What other sites' pages make a visitor's browser send is refused, with a page that a person understands, and logged."""

import pytest

from trine import App, Settings, SetupError, csrf_token, request, session

FORM = '<form method="post">{{ csrf_field() }}</form>'


@pytest.fixture
def shop(site):
    app = site({"form.html": FORM})

    @app.page("/buy", methods=["GET", "POST"])
    def buy():
        return "bought" if request.method == "POST" else f'<input name="csrf_token" value="{csrf_token()}">'

    @app.page("/login")
    def login():
        session.regenerate()
        return ""

    @app.page("/hook", methods=["POST"], csrf=False)
    def hook():
        return "taken"

    @app.post("/api")
    async def api() -> str:
        return "taken"

    return app


REFUSED = "This form was not accepted</h1><p>It may have been open for too long, or the browser keeps no cookies."


def test_a_form_with_its_token_is_taken(shop, browser_for, token_in):
    browser = browser_for(shop)
    token = token_in(browser.get("/buy").text)
    assert browser.post("/buy", data={"csrf_token": token}).text == "bought"
    assert browser.post("/buy", data={"csrf_token": token}, files={"a": ("a.txt", b"x")}).text == "bought"


@pytest.mark.parametrize("header", ["X-CSRF-Token", "X-CSRFToken"])
def test_a_script_sends_it_as_a_header(shop, browser_for, token_in, header):
    browser = browser_for(shop)
    token = token_in(browser.get("/buy").text)
    assert browser.post("/buy", json={}, headers={header: token}).text == "bought"


def test_every_page_has_another_token_and_all_of_them_count(shop, browser_for, token_in):
    browser = browser_for(shop)
    tokens = [token_in(browser.get("/buy").text) for _ in range(3)]
    assert len(set(tokens)) == 3
    assert [browser.post("/buy", data={"csrf_token": token}).text for token in tokens] == ["bought"] * 3


@pytest.mark.parametrize("token", [None, "", "x", "A" * 43, "A" * 42 + "é", "%00", "A" * 100_000])
def test_without_the_token_it_is_refused_and_logged(shop, browser_for, token, caplog):
    browser = browser_for(shop)
    browser.get("/buy")
    response = browser.post("/buy", data={} if token is None else {"csrf_token": token})
    assert response.status_code == 403
    assert REFUSED in response.text
    assert "POST /buy is refused: " in caplog.text


def test_the_token_of_another_visitor_is_refused(shop, browser_for, token_in, caplog):
    mine, theirs = browser_for(shop), browser_for(shop)
    foreign = token_in(theirs.get("/buy").text)
    assert mine.post("/buy", data={"csrf_token": foreign}).status_code == 403
    mine.get("/buy")
    assert mine.post("/buy", data={"csrf_token": foreign}).status_code == 403
    assert caplog.messages == [
        "POST /buy is refused: it has a CSRF token, and its session has none",
        "POST /buy is refused: its CSRF token is not that of the session",
    ]


def test_a_token_from_before_the_login_is_refused(shop, browser_for, token_in):
    browser = browser_for(shop)
    token = token_in(browser.get("/buy").text)
    browser.get("/login")
    assert browser.post("/buy", data={"csrf_token": token}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://testserver"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://testserver"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "https://sub.testserver"}, 403),
        ({"origin": "https://partner.example"}, 200),
    ],
)
def test_another_sites_page_is_refused_even_with_the_token(site, browser_for, token_in, headers, status):
    app = site(trusted_origins=["https://partner.example"])

    @app.page("/", methods=["GET", "POST"])
    def page():
        return f'<input name="csrf_token" value="{csrf_token()}">'

    browser = browser_for(app)
    token = token_in(browser.get("/").text)
    assert browser.post("/", data={"csrf_token": token}, headers=headers).status_code == status


def test_origins_are_checked_on_plain_http_too(site, client_for, token_in):
    app = site(settings=Settings(mode="development"))

    @app.page("/", methods=["GET", "POST"])
    def page():
        return f'<input name="csrf_token" value="{csrf_token()}">'

    client = client_for(app)
    token = token_in(client.get("/").text)
    assert client.post("/", data={"csrf_token": token}, headers={"origin": "http://testserver"}).status_code == 200
    assert client.post("/", data={"csrf_token": token}, headers={"origin": "http://evil.example"}).status_code == 403


def test_what_another_site_sends_is_refused_unread(shop, browser_for):
    @shop.page("/small", methods=["POST"], max_body_size=10)
    def small():
        return ""

    browser = browser_for(shop)
    for origin, status in (("https://evil.example", 403), ("https://testserver", 413)):
        # Where the body were read, it would be too large in both cases.
        assert browser.post("/small", data={"a": "b" * 1000}, headers={"origin": origin}).status_code == status


def test_webhooks_and_api_routes_need_none(shop, browser_for):
    browser = browser_for(shop)
    assert browser.post("/hook", json={}).text == "taken"
    assert browser.post("/api", json={}).json() == "taken"


def test_a_template_writes_the_token(site, browser_for, token_in):
    from trine import render_template

    app = site({"form.html": FORM})

    @app.page("/", methods=["GET", "POST"])
    def page():
        return render_template("form.html")

    browser = browser_for(app)
    assert browser.post("/", data={"csrf_token": token_in(browser.get("/").text)}).status_code == 200


def test_production_does_not_start_without_protection():
    app = App(
        settings=Settings.load({"TRINE_PAGES_CSRF": "false", "TRINE_SECRET_KEY": "Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya"}, dotenv=None)
    )

    @app.page("/", methods=["POST"])
    def page():
        return "taken"

    app.prepare()
    with pytest.raises(SetupError, match=r"Pages take what other sites' pages send: their CSRF protection is off"):
        app.refuse_unsafe()


def test_tests_may_do_without(client_for):
    app = App(settings=Settings.load({"TRINE_PAGES_CSRF": "false"}, dotenv=None))

    @app.page("/", methods=["POST"])
    def page():
        return "taken"

    assert client_for(app).post("/", data={}).text == "taken"


def test_a_form_that_is_too_large_is_refused_before_it_is_read(site, browser_for):
    app = site()

    @app.page("/", methods=["POST"], max_body_size=100)
    def page():
        return "taken"

    response = browser_for(app).post("/", data={"a": "x" * 1000})
    assert response.status_code == 413
    assert "This is too large" in response.text
