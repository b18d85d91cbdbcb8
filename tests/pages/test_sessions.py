"""Sessions of pages: in a cookie, in memory and in Redis; what an attacker does with them; flashed messages."""

import asyncio
import re
import secrets
import uuid

import pytest

from trine import App, Request, Settings, SetupError, flash, get_flashed_messages, load_session, session
from trine.middleware import SessionMiddleware
from trine.pages import MemoryStore, pages_of
from trine.pages.stores.redis import RedisStore
from trine.security import TimedSigner

from .conftest import KEY


@pytest.fixture(params=["cookie", "memory", "redis"])
def store(request):
    """Every behaviour holds wherever a session is kept."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        return RedisStore(url, key_prefix=f"test-{uuid.uuid4().hex}:")
    return MemoryStore() if request.param == "memory" else None


def visits(site, store=None, **options) -> App:
    app = site(sessions=SessionMiddleware(store=store, permanent=False, **options))

    @app.page("/plain")
    def plain():
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    @app.page("/async")
    async def waiting():
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    @app.page("/none")
    async def none():
        return "none"

    @app.page("/read")
    async def read():
        return dict(session)

    @app.page("/login")
    async def login():
        session.regenerate()
        session["user"] = "ada"
        return "in"

    @app.page("/nested")
    async def nested():
        session.setdefault("list", []).append(1)
        return "x"

    @app.page("/keep")
    async def keep():
        session.permanent = True
        return "kept"

    @app.page("/logout")
    def logout():
        session.clear()
        return "out"

    return app


def test_a_session_is_kept_in_plain_and_in_async_pages(site, store, browser_for):
    browser = browser_for(visits(site, store))
    assert [browser.get(path).text for path in ("/plain", "/async", "/plain", "/async")] == ["1", "2", "3", "4"]
    browser.get("/nested")
    browser.get("/nested")
    assert browser.get("/read").json() == {"visits": 4, "list": [1, 1]}
    browser.get("/logout")
    assert not browser.cookies
    assert browser.get("/plain").text == "1"


def test_pages_that_do_not_ask_get_no_cookie_and_no_vary(site, store, browser_for):
    response = browser_for(visits(site, store)).get("/none")
    assert "set-cookie" not in response.headers
    assert "vary" not in response.headers


def test_the_cookie_is_safe_and_ends_with_the_browser(site, store, browser_for):
    browser = browser_for(visits(site, store))
    response = browser.get("/plain")
    name, *attributes = response.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-session=")
    assert attributes == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    assert response.headers["vary"] == "Cookie"
    assert response.headers["cache-control"] == "private"
    assert "Max-Age=1209600" in browser.get("/keep").headers["set-cookie"]


def test_what_did_not_change_is_not_sent_again(site, store, browser_for):
    browser = browser_for(visits(site, store))
    browser.get("/plain")
    assert "set-cookie" not in browser.get("/read").headers
    assert browser.get("/read").headers["vary"] == "Cookie"


@pytest.mark.parametrize("cookie", ["", "x", "a" * 43, "a.b.c", "\u00e9" * 20, "A" * 60_000, "..%00"])
def test_a_cookie_that_nobody_here_gave_out_counts_as_none(site, store, browser_for, cookie):
    browser = browser_for(visits(site, store))
    response = browser.get("/plain", headers={"cookie": f"__Host-session={cookie}".encode()})
    assert (response.status_code, response.text) == (200, "1")
    given = response.headers["set-cookie"].partition(";")[0]
    assert given != f"__Host-session={cookie}"


def test_cookies_that_do_not_count_are_logged(site, browser_for, caplog):
    caplog.set_level("INFO")
    browser = browser_for(visits(site))
    browser.get("/read", headers={"cookie": "__Host-session=tampered.with.it"})
    old = "eyJhIjoxfQ.AAAAAA.x"
    browser.get("/read", headers={"cookie": f"__Host-session={old}"})
    browser_for(visits(site, MemoryStore())).get("/read", headers={"cookie": "__Host-session=" + "A" * 43})
    told = [record.message for record in caplog.records if record.name == "trine.sessions"]
    assert told == [
        *["A session cookie does not count, and its visitor begins anew: The signature does not fit."] * 2,
        "A session cookie has an id that is not in the store: its visitor begins anew.",
    ]


def test_a_session_that_an_attacker_planted_is_not_the_visitors(site, browser_for):
    """The attacker opens a session of his own and plants its cookie: after the login he must not be logged in with it."""
    app = visits(site, MemoryStore())
    attacker, victim = browser_for(app), browser_for(app)
    attacker.get("/plain")
    planted = attacker.cookies["__Host-session"]
    victim.cookies.set("__Host-session", planted, domain="testserver.local")
    victim.get("/login", headers={"cookie": f"__Host-session={planted}"})
    assert attacker.get("/read").json() == {}


def test_logging_in_gives_another_id_and_keeps_the_rest(site, store, browser_for):
    browser = browser_for(visits(site, store))
    browser.get("/plain")
    before = browser.cookies["__Host-session"]
    browser.get("/login")
    assert browser.cookies["__Host-session"] != before
    assert browser.get("/read").json() == {"visits": 1, "user": "ada"}


def test_a_session_that_was_ended_does_not_come_back(site, browser_for):
    """A slow request began before the visitor logged out, and ends after: it must not revive the session."""
    store = MemoryStore()
    app = site(sessions=SessionMiddleware(store=store))

    @app.page("/begin")
    async def begin():
        session["user"] = "ada"
        return ""

    @app.page("/slow")
    async def slow():
        session["cart"] = 1
        store._entries.clear()  # meanwhile, elsewhere
        return ""

    browser = browser_for(app)
    browser.get("/begin")
    response = browser.get("/slow")
    assert "set-cookie" not in response.headers
    assert len(store) == 0


def test_the_store_never_sees_the_id(site, browser_for):
    store = MemoryStore()
    browser = browser_for(visits(site, store))
    browser.get("/plain")
    (key,) = store._entries
    assert browser.cookies["__Host-session"] not in key
    assert key.startswith("session:")


def test_an_expired_session_is_none(site, browser_for, monkeypatch):
    now = [1_000_000.0]
    monkeypatch.setattr("trine.pages.stores.memory.time.monotonic", lambda: now[0])
    browser = browser_for(visits(site, MemoryStore(), max_age=100))
    assert browser.get("/plain").text == "1"
    now[0] += 99
    assert browser.get("/plain").text == "2"
    now[0] += 101
    assert browser.get("/plain").text == "1"


def test_an_old_session_is_renewed_while_it_is_used(site, browser_for, monkeypatch):
    now = [1_700_000_000.0]
    monkeypatch.setattr("trine.middleware.session_keeper.time.time", lambda: now[0])
    browser = browser_for(visits(site, MemoryStore(), max_age=1000))
    browser.get("/plain")
    now[0] += 99
    assert "set-cookie" not in browser.get("/read").headers
    now[0] += 2
    assert "set-cookie" in browser.get("/read").headers


def test_a_cookie_signed_with_a_former_key_counts(site, browser_for):
    old = "Bd4Kx7Qw1Zr9Tn3Hc6Mv8Pj2Lf5Gs0Ye"
    app = site(settings=Settings(secret_key=KEY, secret_key_fallbacks=(old,)))

    @app.page("/")
    def page():
        return dict(session)

    browser = browser_for(app)
    for key, found in ((old, {"user": "ada"}), ("Z" * 40, {})):
        cookie = TimedSigner(key, salt="session.session").sign({"user": "ada"})
        assert browser.get("/", headers={"cookie": f"__Host-session={cookie}"}).json() == found


def test_a_session_that_is_too_large_for_a_cookie_fails_at_once(site, browser_for):
    app = site()

    @app.page("/")
    def page():
        session["user"] = "ada"
        session["text"] = "small"
        try:
            session["text"] = [secrets.token_hex(2500)]
        except ValueError as error:
            return [str(error).partition(". Keep the data on the server")[0], session["text"]]

    @app.page("/grown")
    def grown():
        session["texts"] = []
        session["texts"].append("x" * 5000)
        return ""

    said, kept = browser_for(app).get("/").json()
    assert re.fullmatch(
        r"The session takes \d,\d{3} bytes .* keep 4,096: session\['text'\] has 5,004, session\['user'\] has 5", said
    )
    assert kept == "small"
    with pytest.raises(ValueError, match=r"keep 4,096: session\['texts'\] has 5,004"):
        browser_for(app).get("/grown")


def test_one_session_for_pages_and_api_routes(site, store, browser_for):
    app = site()
    app.add_middleware(SessionMiddleware, store=store)

    @app.page("/page")
    def page():
        session["seen"] = session.get("seen", 0) + 1
        return str(session["seen"])

    @app.get("/api")
    async def api(request: Request) -> dict:
        request.session["seen"] += 1
        return dict(request.session)

    browser = browser_for(app)
    assert browser.get("/page").text == "1"
    assert browser.get("/api").json() == {"seen": 2}
    assert browser.get("/page").text == "3"


def test_an_async_page_may_load_the_session_when_it_needs_it(site, redis_url, browser_for):
    app = site(sessions=SessionMiddleware(store=RedisStore(redis_url, key_prefix=f"test-{uuid.uuid4().hex}:")))

    @app.page("/begin")
    def begin():
        session["user"] = "ada"
        return ""

    @app.page("/lazy", load_session=False)
    async def lazy():
        return (await load_session())["user"]

    @app.page("/forgotten", load_session=False)
    async def forgotten():
        return session["user"]

    browser = browser_for(app)
    browser.get("/begin")
    assert browser.get("/lazy").text == "ada"
    with pytest.raises(RuntimeError, match=r"was not loaded before\. Write: await load_session\(\)"):
        browser.get("/forgotten")


def test_a_redis_that_is_away_is_a_503(site, browser_for, caplog):
    app = site(sessions=SessionMiddleware(store=RedisStore("redis://:hidden@127.0.0.1:1", timeout=0.5)))

    @app.page("/")
    def page():
        session["a"] = 1
        return ""

    response = browser_for(app).get("/")
    assert response.status_code == 503
    assert "Sessions cannot be read at the moment." in response.text
    assert "The session store at 127.0.0.1:1 does not answer" in caplog.text
    assert "hidden" not in caplog.text


def test_the_environment_says_where_sessions_are(site, redis_url):
    def store_of(url):
        return pages_of(site(settings=Settings.load({"TRINE_SESSION_URL": url}, dotenv=None))).sessions.store

    assert store_of("cookie://") is None
    assert isinstance(store_of("memory://"), MemoryStore)
    assert isinstance(store_of(redis_url), RedisStore)
    with pytest.raises(SetupError, match=r"TRINE_SESSION_URL is 'mysql://x', which names no store\. Use cookie://"):
        store_of("mysql://x")


def test_stores_keep_values_for_a_time(redis_url):
    async def check(store):
        assert await store.get("a") is None
        assert not await store.set("a", b"1", expires_in=60, only_existing=True)
        assert await store.set("a", b"1", expires_in=60)
        assert await store.set("a", b"\x00\xff", expires_in=60, only_existing=True)
        assert await store.get("a") == b"\x00\xff"
        await store.delete("a")
        await store.delete("a")
        assert await store.get("a") is None

    async def check_both():
        await check(MemoryStore())
        store = RedisStore(redis_url, key_prefix=f"test-{uuid.uuid4().hex}:")
        await check(store)
        await store.aclose()

    asyncio.run(check_both())


def test_memory_lets_the_oldest_go():
    async def fill():
        store = MemoryStore(max_entries=3)
        for number in range(5):
            await store.set(str(number), b"", expires_in=60)
        return [number for number in range(5) if await store.get(str(number)) is not None]

    assert asyncio.run(fill()) == [2, 3, 4]


def test_flashed_messages_are_shown_once(site, browser_for):
    app = site()

    @app.page("/save")
    def save():
        flash("Saved <b>.")
        flash("Careful.", "warning")
        return ""

    @app.page("/show")
    async def show():
        return [
            get_flashed_messages(),
            get_flashed_messages(with_categories=True),
            get_flashed_messages(category_filter=["warning"]),
        ]

    browser = browser_for(app)
    browser.get("/save")
    browser.get("/save")
    texts = ["Saved <b>.", "Careful."] * 2
    assert browser.get("/show").json() == [
        texts,
        [[category, text] for text, category in zip(texts, ["message", "warning"] * 2, strict=True)],
        ["Careful."] * 2,
    ]
    assert browser.get("/show").json() == [[], [], []]


@pytest.mark.parametrize(
    "declare",
    [
        lambda app: app.page("/", methods=["POST"])(lambda: ""),
        lambda app: app.page("/")(lambda: str(session)),
        lambda app: app.before_request(lambda: flash("x")) and app.page("/")(lambda: ""),
    ],
    ids=["form", "session", "hook"],
)
def test_pages_with_a_session_need_a_secret_key(declare):
    app = App(settings=Settings())
    declare(app)
    app.prepare()
    with pytest.raises(SetupError, match=r"The session of pages signs values, and there is no secret key"):
        app.refuse_unsafe()


def test_pages_without_a_session_need_none(tmp_path, load_program):
    program = tmp_path / "shop.py"
    program.write_text("from trine import App\napp = App()\n@app.page('/')\ndef index(): return ''\n")
    app = load_program(program).app
    app.prepare()
    app.refuse_unsafe()


def test_a_template_with_a_token_needs_a_secret_key(tmp_path, load_program):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "form.html").write_text("{{ csrf_token() }}")
    program = tmp_path / "shop.py"
    program.write_text(
        "from trine import App, render_template\napp = App()\n@app.page('/')\ndef index(): return render_template('form.html')\n"
    )
    app = load_program(program).app
    app.prepare()
    with pytest.raises(SetupError, match="no secret key"):
        app.refuse_unsafe()


def test_flashed_messages_never_outgrow_the_cookie(site, browser_for, caplog):
    app = site()

    @app.page("/say")
    def say(text: str, times: int):
        for number in range(times):
            flash(f"{number}{text}")
        return ""

    @app.page("/show")
    def show():
        return get_flashed_messages()

    browser = browser_for(app)
    assert browser.get("/say", params={"text": "x" * 60, "times": 100}).status_code == 200
    kept = browser.get("/show").json()
    assert kept == [f"{number}{'x' * 60}" for number in range(100 - len(kept), 100)]
    assert 10 < len(kept) < 30
    assert "the oldest are left out" in caplog.text
    for text in ("a" * 9000, "\N{SNOWMAN}" * 2000, '"' * 5000):
        assert browser.get("/say", params={"text": text, "times": 2}).status_code == 200
        assert browser.get("/show").json()[0].startswith(f"1{text[0]}")
