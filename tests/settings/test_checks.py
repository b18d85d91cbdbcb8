"""Unsafe settings: each stops a production start with its remedy, and only warns in development."""

import logging

import pytest

from trine import App, Settings, SetupError
from trine.middleware import CORSMiddleware, SessionMiddleware
from trine.settings import Launch, Problem, set_launch
from trine.testing import TestClient

GOOD_KEY = "Zm9yIGEga2V5IHRoYXQgbm9ib2R5IGtub3dzIG9mIQ"
MAKE_KEY = 'Set TRINE_SECRET_KEY to the output of: python -c "import secrets; print(secrets.token_urlsafe(48))"'


@pytest.fixture
def launched():
    yield set_launch
    set_launch(Launch())


def app_with(**env: str) -> App:
    return App(settings=Settings.load(env, dotenv=None))


def refusal(app: App) -> str:
    with pytest.raises(SetupError) as refused:
        app.refuse_unsafe()
    return str(refused.value)


def names(app: App) -> list[str]:
    return [problem.name for problem in app.problems()]


def test_defaults_are_safe():
    assert app_with().problems() == []


def test_any_host_is_refused():
    assert refusal(app_with(TRINE_ALLOWED_HOSTS="*")) == (
        "allowed_hosts is '*': links and caches can be poisoned with any Host header. "
        "Set TRINE_ALLOWED_HOSTS to the names that you serve: example.org,.example.org "
        "If it is meant: TRINE_ACCEPT_RISKS=any-host"
    )


@pytest.mark.parametrize("network", ["*", "0.0.0.0/0", "::/0"])
def test_any_proxy_is_refused(network):
    assert refusal(app_with(TRINE_TRUSTED_PROXIES=network)) == (
        f"trusted_proxies is '{network}': any client can choose the address and host that it seems to come from. "
        "Set TRINE_TRUSTED_PROXIES to the addresses of your proxies: 10.0.0.0/8 If it is meant: TRINE_ACCEPT_RISKS=any-proxy"
    )


@pytest.mark.parametrize(
    ("key", "weakness"),
    [
        ("", "is empty"),
        ("tooshort", "has 8 characters, and needs at least 32"),
        ("changeme-changeme-changeme-changeme-changeme", "is well known or easy to guess"),
        ("django-insecure-5x8f9e2k1l0p3o4i5u6y7t8r9e0w1q2", "is well known or easy to guess"),
        ("abababababababababababababababababababab", "is well known or easy to guess"),
    ],
)
def test_weak_key_is_refused_and_not_shown(key, weakness):
    message = refusal(App(settings=Settings(secret_key=key)))
    assert message == f"secret_key {weakness}: signatures made with it can be forged. {MAKE_KEY}"


def test_weak_former_key_is_refused():
    assert names(app_with(TRINE_SECRET_KEY=GOOD_KEY, TRINE_SECRET_KEY_FALLBACKS="old")) == ["weak-secret-key"]


def test_signing_without_a_key_is_refused_and_cannot_be_accepted():
    app = app_with(TRINE_ACCEPT_RISKS="no-secret-key")
    app.add_middleware(SessionMiddleware)
    assert refusal(app) == f"SessionMiddleware signs values, and there is no secret key. {MAKE_KEY}"


def test_good_key_is_accepted():
    app = app_with(TRINE_SECRET_KEY=GOOD_KEY)
    app.add_middleware(SessionMiddleware)
    assert app.problems() == []


def test_debug_is_refused():
    app = App(debug=True, settings=Settings())
    assert refusal(app) == (
        "The application is in debug mode: its errors show source and values to everyone. "
        "Remove debug=True: `trine dev` shows errors with their source, production never does. "
        "If it is meant: TRINE_ACCEPT_RISKS=debug"
    )


def test_credentials_for_every_origin_are_refused():
    app = app_with()
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
    assert names(app) == ["any-origin"]
    assert refusal(app).startswith("CORSMiddleware allows credentials from every origin")


def test_public_address_asks_for_host_names(launched):
    launched(Launch(host="0.0.0.0"))
    assert refusal(app_with()) == (
        "The server listens on 0.0.0.0, where others reach it, but answers to localhost alone. "
        "Set TRINE_ALLOWED_HOSTS to the names that you serve, such as example.org, or listen on 127.0.0.1."
    )
    assert app_with(TRINE_ALLOWED_HOSTS="example.org").problems() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.9.1"])
def test_loopback_asks_for_nothing(host, launched):
    launched(Launch(host=host))
    assert app_with().problems() == []


def test_unknown_variable_is_refused():
    assert refusal(app_with(TRINE_COLOUR_SCHEME="dark")) == (
        "TRINE_COLOUR_SCHEME is not a setting. Remove it, or install the battery that reads it. "
        "If it is meant: TRINE_ACCEPT_RISKS=unknown-setting"
    )


def test_mode_cannot_be_set_by_a_variable():
    app = app_with(TRINE_MODE="development")
    assert app.settings.mode == "production"
    assert refusal(app).startswith("TRINE_MODE is not a setting. Remove it: `trine dev` is development, and everything else")


def test_all_problems_are_reported_together():
    message = refusal(app_with(TRINE_ALLOWED_HOSTS="*", TRINE_SECRET_KEY="short"))
    assert message.splitlines()[0] == "2 problems in the settings, which are unsafe in production:"
    assert len(message.splitlines()) == 3


def test_accepted_risk_starts_and_says_so(caplog):
    app = app_with(TRINE_ALLOWED_HOSTS="*", TRINE_ACCEPT_RISKS="any-host")
    with caplog.at_level(logging.WARNING):
        app.refuse_unsafe()
    assert caplog.messages == [
        "Unsafe, accepted by TRINE_ACCEPT_RISKS=any-host: "
        "allowed_hosts is '*': links and caches can be poisoned with any Host header."
    ]


def test_development_warns(caplog):
    app = App(settings=Settings(mode="development", allowed_hosts=("*",)))
    with caplog.at_level(logging.WARNING):
        app.refuse_unsafe()
    assert caplog.messages == [
        "Unsafe in production: allowed_hosts is '*': links and caches can be poisoned with any Host header. "
        "Set TRINE_ALLOWED_HOSTS to the names that you serve: example.org,.example.org"
    ]


def test_battery_is_asked_too():
    class Risky:
        def setup(self, app: App) -> None:
            app.state.risky = True

        def check(self, settings: Settings) -> list[Problem]:
            return [Problem("risky", "This is risky.", "Stop it.")]

    app = app_with()
    app.install(Risky())
    assert refusal(app) == "This is risky. Stop it. If it is meant: TRINE_ACCEPT_RISKS=risky"


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_client_of_tests_starts_whatever_the_settings_are(interface):
    app = App(debug=True, settings=Settings())
    app.get("/")(lambda: "hello")
    with TestClient(app, interface=interface) as client:
        assert client.get("/").json() == "hello"
        assert client.get("/", headers={"host": "elsewhere.org"}).status_code == 400


def test_a_function_checks_too():
    app = App(settings=Settings())

    @app.check
    def find_disk(settings):
        return [Problem("small-disk", "The disk is small.", "Buy another one.")]

    with pytest.raises(SetupError) as refused:
        app.refuse_unsafe()
    assert str(refused.value) == "The disk is small. Buy another one. If it is meant: TRINE_ACCEPT_RISKS=small-disk"
