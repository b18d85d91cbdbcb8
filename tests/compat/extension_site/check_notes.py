"""What the site does, behind Trine's server on both interfaces. Runs where Flask is not installed."""

import re
from importlib.machinery import PathFinder

import pytest

import trine.compat.flask
from trine.testing import TestClient

trine.compat.flask.alias()

import notes  # noqa: E402 - after the alias


@pytest.fixture(params=["asgi", "rsgi"])
def client(request):
    assert PathFinder.find_spec("flask") is None
    with TestClient(notes.create_app().trine, interface=request.param) as client:
        yield client


def token(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text).group(1)


def sign_in(client, password="lovelace"):
    form = {"csrf_token": token(client.get("/login")), "name": "ada", "password": password}
    return client.post("/login", data=form)


def test_a_stranger_is_sent_to_sign_in(client):
    page = client.get("/")
    assert page.url.path == "/login"
    assert "Please log in to access this page." in page.text


def test_a_wrong_password_is_refused(client):
    assert "Who are you?" in sign_in(client, "byron").text


def test_a_form_without_its_token_is_refused(client):
    assert client.post("/login", data={"name": "ada", "password": "lovelace"}).status_code == 400
    assert sign_in(client).status_code == 200
    assert client.post("/", data={"text": "foreign"}).status_code == 400
    assert client.post("/logout", data={"csrf_token": "forged"}).status_code == 400


def test_notes_are_kept_and_shown_page_by_page(client):
    page = sign_in(client)
    assert "<p>ada</p>" in page.text
    for text in ("one", "<two>", "three"):
        page = client.post("/", data={"csrf_token": token(page), "text": text})
        assert "Kept." in page.text
    assert re.findall("<li>(.*?)</li>", page.text) == ["one", "&lt;two&gt;"]
    assert re.findall("<li>(.*?)</li>", client.get("/?page=2").text) == ["three"]
    assert client.get("/?page=9").status_code == 404


def test_what_is_wrong_stands_beside_the_field(client):
    page = client.post("/", data={"csrf_token": token(sign_in(client)), "text": "x" * 50})
    assert "Field cannot be longer than 40 characters." in page.text


def test_whoever_signs_out_is_a_stranger_again(client):
    client.post("/logout", data={"csrf_token": token(sign_in(client))})
    assert client.get("/").url.path == "/login"


def test_languages_by_flask_babel():
    import flask
    from flask_babel import Babel, format_decimal, get_locale

    app = flask.Flask("shop", root_path=".")
    Babel(app, locale_selector=lambda: flask.request.accept_languages.best_match(["de", "en"]))
    app.get("/")(lambda: f"{get_locale()} {format_decimal(1234.5)}")
    client = TestClient(app.trine)
    assert client.get("/", headers={"accept-language": "de,en;q=0.5"}).text == "de 1.234,5"
    assert client.get("/", headers={"accept-language": "en"}).text == "en 1,234.5"
