"""The development page: everything about an error, nothing that is secret, whatever the values are like."""

import re
from html.parser import HTMLParser

import pytest

from trine import App, Settings, SetupError
from trine.http.debug.masking import is_secret_name, mask_source, mask_text

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Text(HTMLParser):
    """A page's text and tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def development(**options) -> App:
    return App(settings=Settings(mode="development"), **options)


@pytest.fixture
def ask(client_for):
    """Ask a failing handler for its error page."""

    def ask(handler, path="/", headers=BROWSER):
        app = development()
        app.add_api_route("/", handler, methods=["GET", "POST"])
        response = client_for(app, raise_server_exceptions=False).get(path, headers=headers)
        assert response.status_code == 500
        return response

    return ask


def fail():
    amount = 19  # noqa: F841 - it is there to be shown
    raise ValueError("No such price.")


async def fail_async():
    discount = {"code": "SPRING"}
    raise ValueError(f"No discount {discount['code']}.")


def test_page_shows_message_source_and_values(ask):
    page = Text(ask(fail).text)
    assert "ValueError" in page.text
    assert "No such price." in page.text
    assert 'raise ValueError("No such price.")' in page.text
    assert re.search(r"amount\s*int\s*19", page.text)


def test_page_shows_async_handlers_too(ask):
    assert "'SPRING'" in Text(ask(fail_async).text).text


def test_page_shows_the_request(ask):
    page = Text(ask(fail, "/?colour=green", {**BROWSER, "x-colour": "blue"}).text).text
    assert re.search(r"colour\s*green", page)
    assert re.search(r"x-colour\s*blue", page)


def test_page_shows_what_was_written_for_the_route(ask):
    page = Text(ask(fail).text).text
    assert re.search(r"<trine \d+: GET,POST / over (asgi|rsgi)>", page)
    assert "await run_in_thread(call_fail)" in page


def test_page_runs_and_loads_nothing(ask):
    response = ask(fail)
    policy = response.headers["content-security-policy"]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        policy,
    )
    assert not {"script", "img", "link", "iframe", "form", "object"} & set(Text(response.text).tags)
    assert " style=" not in response.text
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/plain", ""])
def test_who_accepts_no_html_gets_text(ask, accept):
    response = ask(fail, headers={"accept": accept})
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "ValueError: No such price.\n" in response.text
    assert "      amount = 19\n" in response.text


def test_hint_is_set_apart(ask):
    def fail():
        raise SetupError("The shop is closed.", hint="Open it first.")

    page = Text(ask(fail).text).text
    assert "The shop is closed.Hint Open it first." in page


def test_causes_and_notes_are_shown(ask):
    def fail():
        try:
            raise KeyError("inner")
        except KeyError as error:
            outer = LookupError("outer")
            outer.add_note("Seen on a Friday.")
            raise outer from error

    page = Text(ask(fail).text).text
    assert page.index("outer") < page.index("Seen on a Friday.") < page.index("Caused by KeyError")


def test_exceptions_that_go_in_circles_end(ask):
    def fail():
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__cause__ = second, first
        raise first

    assert "Caused by ValueError" in Text(ask(fail).text).text


def test_deep_recursion_is_cut_short(ask):
    def fail(depth=0):
        return fail(depth + 1)

    app_page = ask(lambda: fail())
    assert "calls in between are left out" in Text(app_page.text).text
    assert len(app_page.content) < 1_000_000


def test_frames_of_other_threads_may_change_meanwhile():
    from trine.http.debug.failure import read_failures
    from trine.http.debug.values import ValueReader

    class Fleeting(dict):
        """Local variables that are gone when they are looked at again."""

        def __iter__(self):
            raise RuntimeError("dictionary changed size during iteration")

        keys = __iter__

    class Frame:
        f_code, f_globals, f_lasti = fail.__code__, {}, 0
        f_locals = Fleeting(amount=1)

    class Traceback:
        tb_frame, tb_lineno, tb_lasti, tb_next = Frame(), fail.__code__.co_firstlineno, 0, None

    class Error(Exception):
        __traceback__ = Traceback()

    assert read_failures(Error(), ValueReader())[0].frames[0].values == []


def test_page_that_fails_still_tells_the_error(ask, monkeypatch, caplog):
    monkeypatch.setattr("trine.http.debug.page.read_circumstances", lambda request: 1 / 0)
    response = ask(fail)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text.endswith("ValueError: No such price.\n")
    assert "The error page has failed." in [record.message for record in caplog.records]


class Hostile:
    """A value whose repr is one of the bad ones."""

    def __init__(self, behave) -> None:
        self.behave = behave

    def __repr__(self) -> str:
        return self.behave()


def stop():
    raise SystemExit


def broken():
    raise RuntimeError("no repr today")


def recursive():
    return recursive()


@pytest.mark.parametrize(
    ("behave", "shown"),
    [
        (broken, "<Hostile: its repr() raised RuntimeError>"),
        (stop, "<Hostile: its repr() raised SystemExit>"),
        (recursive, "<Hostile: its repr() raised RecursionError>"),
        (lambda: None, "<Hostile: its repr() raised TypeError>"),
        (lambda: "x" * 10_000_000, "xxx"),
        (lambda: "</code><script>alert(1)</script>", "<script>alert(1)</script>"),
        (lambda: "\ud800\x00\x1b[31m", "?"),
    ],
    ids=["raises", "exits", "recurses", "no text", "huge", "markup", "surrogate"],
)
def test_hostile_values_do_not_break_the_page(ask, behave, shown):
    def fail():
        value = Hostile(behave)
        raise ValueError(type(value))

    response = ask(fail)
    assert shown in Text(response.text).text
    assert "script" not in Text(response.text).tags
    assert len(response.content) < 500_000


def test_value_that_is_never_shown_does_not_hold_up_the_page(ask, monkeypatch):
    from threading import Event

    released = Event()

    def fail():
        early = 1
        value = Hostile(lambda: str(released.wait()))
        raise ValueError((early, type(value)))

    monkeypatch.setattr("trine.http.debug.values.ValueReader.seconds", 0.2)
    page = Text(ask(fail).text).text
    released.set()
    assert "… not shown in time" in page
    assert re.search(r"early\s*int\s*1", page)


def test_large_values_are_cut(ask):
    def fail():
        many = list(range(100_000))
        text = "y" * 1_000_000
        number = 10**100_000
        nested = [[[[[[["deep"]]]]]]]
        raise ValueError((len(many), len(text), number.bit_length(), len(nested)))

    page = Text(ask(fail).text).text
    assert "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … 99,988 more]" in page
    assert "<int of 332,193 bits>" in page
    assert "[[[<list of 1>]]]" in page
    assert "y" * 3000 not in page


class Customer:
    def __init__(self, name, password):
        self.name, self.password = name, password

    def __repr__(self):
        return f"Customer(name={self.name!r}, password={self.password!r})"


# Kept out of the functions below: their source is shown.
WORD = "hunter2"


def test_secrets_are_masked(ask):
    def fail():
        password = WORD
        customer = Customer("Ada", WORD)
        settings = {"name": "shop", "api_key": WORD}
        headers = [(b"authorization", f"Bearer {WORD}{WORD}".encode())]
        database = f"postgresql://shop:{WORD}@localhost/shop"
        raise ValueError(f"Cannot open {database} for {customer}", len(password), len(settings), len(headers))

    sent = {**BROWSER, "authorization": f"Bearer {WORD}{WORD}", "cookie": f"session={WORD}", "x-api-key": WORD}
    for headers in (sent, {**sent, "accept": "text/plain"}):
        response = ask(fail, f"/?access_token={WORD}&page=2", headers)
        assert WORD not in response.text
        assert "Customer(name=" in response.text
        assert "shop" in response.text


def test_body_is_shown_without_its_secrets(client_for):
    app = development()

    @app.post("/")
    def login(form: dict) -> None:
        raise ValueError("no")

    client = client_for(app, raise_server_exceptions=False)
    page = client.post("/", json={"name": "ada", "password": WORD}, headers=BROWSER).text
    assert WORD not in page
    assert "ada" in page


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        *[(name, True) for name in ("password", "user_password", "X-API-Key", "csrftoken", "sessionid", "Authorization", "key")],
        *[(name, True) for name in ("dbPassword", "APIKey", "api_keys", "cookies", "jwt", "PIN", "database_dsn")],
        *[(name, False) for name in ("monkey", "author", "compass", "passenger", "pinned", "page", "host", "keyboard")],
    ],
)
def test_names_tell_secrets(name, secret):
    assert is_secret_name(name) is secret


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("User(name='a', password='x y')", "User(name='a', password='••••••••')"),
        ("[(b'cookie', b'session=abc'), (b'host', b'x')]", "[(b'cookie', '••••••••'), (b'host', b'x')]"),
        ("redis://:pw@h/0", "redis://:••••••••@h/0"),
        ("a=1&access_token=abc&b=2", "a=1&access_token='••••••••'&b=2"),
        ("Bearer abcdefgh", "Bearer ••••••••"),
        ("a=1, b='2'", "a=1, b='2'"),
    ],
)
def test_text_is_masked_beside_names(text, shown):
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('API_KEY = "sk-1"', "API_KEY = '••••••••'"),
        ("token = read_token(request)", "token = read_token(request)"),
        ('os.environ["SECRET_KEY"] = "abc"', "os.environ[\"SECRET_KEY\"] = '••••••••'"),
    ],
)
def test_literals_are_masked_in_source(line, shown):
    assert mask_source(line) == shown


def test_production_tells_nothing(client_for):
    app = App()
    app.get("/")(fail)
    response = client_for(app, raise_server_exceptions=False).get("/", headers=BROWSER)
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.browser
@pytest.mark.parametrize("trine_interface", ["asgi"])
def test_page_fits_and_works_by_keyboard(ask, chromium):
    from playwright.sync_api import sync_playwright

    response = ask(fail)
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme, paper in (("light", "rgb(246, 245, 242)"), ("dark", "rgb(20, 22, 26)")):
            for width in (360, 1280):
                page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
                page.on("console", lambda message: problems.append(message.text))
                page.route("**/*", lambda route: route.fulfill(status=200, headers=dict(response.headers), body=response.text))
                page.goto("http://localhost/")
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
        closed = page.locator("details.generated").first
        closed.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert closed.evaluate("element => element.open")
        browser.close()
    assert problems == []
