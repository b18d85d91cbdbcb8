"""Sessions: what a visitor carries in a signed cookie."""

import re

import pytest

from trine import App, Depends, Request, Response, Settings, SetupError
from trine.middleware import SessionMiddleware
from trine.security import TimedSigner

KEY = "Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya"
OLD = "Bd4Kx7Qw1Zr9Tn3Hc6Mv8Pj2Lf5Gs0Ye"


def shop(settings=None, **options) -> App:
    app = App(settings=settings or Settings(secret_key=KEY))
    app.add_middleware(SessionMiddleware, **options)

    @app.get("/")
    def read(request: Request) -> dict:
        return dict(request.session)

    @app.get("/none")
    def leave_alone() -> str:
        return "untouched"

    @app.get("/set/{name}/{value}")
    def change(request: Request, name: str, value: str) -> dict:
        request.session[name] = value
        return dict(request.session)

    @app.get("/nested")
    def change_nested(request: Request) -> dict:
        request.session.setdefault("cart", []).append(1)
        return dict(request.session)

    @app.get("/clear")
    def clear(request: Request) -> dict:
        request.session.clear()
        return {}

    return app


@pytest.fixture
def clock(monkeypatch):
    """Seconds since the epoch, for signatures alone."""

    class Clock:
        now = 1_700_000_000

    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: Clock.now)
    return Clock


def cookie_of(response) -> str:
    return response.headers["set-cookie"].partition(";")[0].partition("=")[2]


def test_session_is_kept(client_for):
    client = client_for(shop())
    assert client.get("/set/name/ada").json() == {"name": "ada"}
    assert client.get("/").json() == {"name": "ada"}
    assert client.get("/nested").json() == {"name": "ada", "cart": [1]}
    assert client.get("/nested").json() == {"name": "ada", "cart": [1, 1]}
    assert client_for(shop()).get("/").json() == {}


def test_cookie_is_as_safe_as_a_cookie_can_be(client_for):
    response = client_for(shop()).get("/set/name/ada")
    assert re.fullmatch(
        r"__Host-session=[\w.-]+; expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT; HttpOnly; Max-Age=1209600; Path=/; "
        r"SameSite=lax; Secure",
        response.headers["set-cookie"],
    )
    assert response.headers["cache-control"] == "private"
    assert response.headers["vary"] == "Cookie"


def test_development_over_http_works_without_https(client_for):
    response = client_for(shop(Settings(mode="development", secret_key=KEY))).get("/set/name/ada")
    assert response.headers["set-cookie"].startswith("session=")
    assert "Secure" not in response.headers["set-cookie"]


def test_cookie_for_a_domain_has_no_host_prefix(client_for):
    line = client_for(shop(domain="example.org", same_site="strict", cookie="id")).get("/set/a/b").headers["set-cookie"]
    assert line.startswith("id=")
    assert "; Domain=example.org; " in line
    assert "; SameSite=strict; Secure" in line


def test_request_that_does_not_look_at_the_session_costs_nothing(client_for):
    client = client_for(shop())
    client.get("/set/name/ada")
    response = client.get("/none")
    assert "set-cookie" not in response.headers
    assert "vary" not in response.headers


def test_unchanged_session_is_not_sent_again(client_for):
    client = client_for(shop())
    client.get("/set/name/ada")
    response = client.get("/")
    assert "set-cookie" not in response.headers
    assert response.headers["vary"] == "Cookie"


def test_cleared_session_is_forgotten(client_for):
    client = client_for(shop())
    client.get("/set/name/ada")
    response = client.get("/clear")
    assert response.headers["set-cookie"].startswith('__Host-session=""; expires=')
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert client.get("/").json() == {}
    assert "set-cookie" not in client.get("/clear").headers


FORGED = [
    "",
    "e30",
    "eyJhZG1pbiI6dHJ1ZX0.aaaa.bbbb",
    '"',
    "\\000",
    "a" * 5000,
    TimedSigner(OLD, salt="session.session").sign({"admin": True}),
    TimedSigner(KEY, salt="reset").sign({"admin": True}),
    TimedSigner(KEY, salt="session.session").sign(["no dict"]),
]


@pytest.mark.parametrize("cookie", FORGED, ids=range(len(FORGED)))
def test_forged_cookie_counts_as_none(cookie, client_for):
    response = client_for(shop()).get("/", headers={"cookie": f"__Host-session={cookie}"})
    assert (response.status_code, response.json()) == (200, {})


def test_cookie_without_its_prefix_is_not_read(client_for):
    planted = TimedSigner(KEY, salt="session.session").sign({"user": "mallory"})
    assert client_for(shop()).get("/", headers={"cookie": f"session={planted}"}).json() == {}


def test_session_ends(client_for, clock):
    client = client_for(shop(max_age=100))
    cookie = cookie_of(client.get("/set/name/ada"))
    clock.now += 100
    headers = {"cookie": f"__Host-session={cookie}"}
    assert client_for(shop(max_age=100)).get("/", headers=headers).json() == {"name": "ada"}
    clock.now += 1
    assert client_for(shop(max_age=100)).get("/", headers=headers).json() == {}


def test_session_in_use_is_renewed(client_for, clock):
    client = client_for(shop(max_age=100))
    headers = {"cookie": f"__Host-session={cookie_of(client.get('/set/name/ada'))}"}
    clock.now += 10
    assert "set-cookie" not in client.get("/", headers=headers).headers
    clock.now += 1
    assert "set-cookie" in client.get("/", headers=headers).headers


def test_former_key_still_opens_a_session(client_for):
    cookie = cookie_of(client_for(shop(Settings(secret_key=OLD))).get("/set/name/ada"))
    client = client_for(shop(Settings(secret_key=KEY, secret_key_fallbacks=(OLD,))))
    headers = {"cookie": f"__Host-session={cookie}"}
    assert client.get("/", headers=headers).json() == {"name": "ada"}
    again = cookie_of(client.get("/set/name/bea", headers=headers))
    assert client_for(shop()).get("/", headers={"cookie": f"__Host-session={again}"}).json() == {"name": "bea"}


def test_session_too_large_for_a_cookie_is_an_error(client_for):
    client = client_for(shop())
    with pytest.raises(ValueError, match="bytes as a cookie, and browsers keep 4,096") as caught:
        client.get(f"/set/name/{'x' * 4000}")
    assert re.fullmatch(
        r"The session takes 5,\d{3} bytes as a cookie, and browsers keep 4,096: session\['name'\] has 4,002\. "
        r"Keep the data on the server, and only its key in the session; or keep sessions in a store: .*",
        str(caught.value),
    )


def test_value_that_json_cannot_say_is_an_error(client_for):
    app = shop()

    @app.get("/bad")
    def bad(request: Request) -> str:
        request.session["when"] = object()
        return "bad"

    with pytest.raises(TypeError) as caught:
        client_for(app).get("/bad")
    assert str(caught.value) == "The session holds a value that JSON cannot say: Object of type object is not JSON serializable."


def test_shared_answer_does_not_carry_a_cookie_to_others(client_for):
    app = shop()
    shared = Response("shared", media_type="text/plain")

    def remember(request: Request) -> None:
        if "login" in request.query_params:
            request.session["user"] = "ada"

    app.get("/shared", dependencies=[Depends(remember)])(lambda: shared)
    client = client_for(app)
    assert "set-cookie" in client.get("/shared?login").headers
    assert "set-cookie" not in client.get("/shared").headers


def test_session_is_kept_when_the_handler_fails(client_for):
    app = shop()

    @app.get("/fail")
    def fail(request: Request) -> None:
        request.session["attempts"] = 1
        raise ValueError("failed")

    response = client_for(app, raise_server_exceptions=False).get("/fail")
    assert response.status_code == 500
    assert "set-cookie" in response.headers


def test_session_without_the_middleware_says_what_is_missing(client_for):
    app = App()

    @app.get("/")
    def index(request: Request) -> dict:
        return request.session

    with pytest.raises(RuntimeError) as caught:
        client_for(app).get("/")
    assert str(caught.value) == (
        "request.session is set by SessionMiddleware, which is not installed. Add app.add_middleware(SessionMiddleware)."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_age": 0}, "SessionMiddleware has max_age=0. Say for how many seconds a session counts."),
        (
            {"same_site": "none", "secure": False},
            "SessionMiddleware has same_site='none' and secure=False, which browsers refuse. Remove secure=False.",
        ),
        (
            {"cookie": "a b"},
            "Cookie 'a b' cannot be set: a name consists of letters, digits and !#$%&'*+-.^_`|~. "
            "Choose another cookie=, domain= or path= for SessionMiddleware.",
        ),
        (
            {"cookie": "__Host-id"},
            "SessionMiddleware has cookie='__Host-id'. Leave out the prefix: it is added where the cookie is secure.",
        ),
    ],
)
def test_mistakes_are_found_at_once(options, message):
    with pytest.raises(SetupError) as caught:
        SessionMiddleware(**options)
    assert str(caught.value) == message


def test_production_does_not_start_without_a_key():
    app = shop(Settings())
    with pytest.raises(SetupError) as caught:
        app.refuse_unsafe()
    assert str(caught.value).startswith("SessionMiddleware signs values, and there is no secret key. Set TRINE_SECRET_KEY")


def test_production_does_not_start_with_an_insecure_cookie():
    app = shop(secure=False)
    with pytest.raises(SetupError) as caught:
        app.refuse_unsafe()
    assert str(caught.value) == (
        "SessionMiddleware has secure=False: the session cookie travels in the clear. Remove secure=False, and serve over HTTPS. "
        "If it is meant: TRINE_ACCEPT_RISKS=insecure-session"
    )


async def test_session_is_kept_by_the_asynchronous_client_too(async_client_for):
    async with async_client_for(shop()) as client:
        await client.get("/set/name/ada")
        assert (await client.get("/")).json() == {"name": "ada"}
