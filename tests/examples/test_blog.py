"""What the blog of the examples promises: read, register, log in, write, edit, delete; and what it refuses."""

import re
import sys
from contextlib import ExitStack

import pytest

from trine.testing import TestClient

KEY = "Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya"


@pytest.fixture
def make_blog(root, tmp_path, monkeypatch):
    """Make the application with a database of its own."""
    monkeypatch.syspath_prepend(str(root / "examples" / "blog"))
    from blog import BlogSettings, make_app

    yield lambda **settings: make_app(BlogSettings(secret_key=KEY, database=str(tmp_path / "blog.sqlite3"), **settings))
    for name in [name for name in sys.modules if name.partition(".")[0] == "blog"]:
        del sys.modules[name]


class Visitor:
    """Somebody at a browser: opens pages, and sends their forms with what is hidden in them."""

    def __init__(self, client):
        self.client = client

    def open(self, path: str):
        return self.client.get(path, headers={"accept": "text/html"})

    def send(self, path: str, page: str | None = None, **fields: str):
        """Send a form that stands on a page; on the path itself, if no page is named."""
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.open(page or path).text))
        return self.client.post(path, data={**hidden, **fields})

    def register(self, name: str):
        return self.send("/accounts/register", name=name, password="correct horse")


@pytest.fixture
def visitor_for():
    with ExitStack() as open_clients:
        yield lambda blog: Visitor(open_clients.enter_context(TestClient(blog, base_url="https://testserver")))


@pytest.fixture
def blog(make_blog):
    return make_blog()


def test_everybody_reads(blog, visitor_for):
    page = visitor_for(blog).open("/")
    assert "Nobody has written anything yet." in page.text
    assert "Log in" in page.text
    assert "Write" not in page.text


def test_from_registering_to_deleting(blog, visitor_for):
    ada = visitor_for(blog)
    assert "Welcome, Ada!" in ada.register("Ada").text
    shown = ada.send("/write", title="Notes", body="On the engine.\n<script>alert(1)</script>")
    assert (shown.url.path, "<h1>Notes</h1>" in shown.text) == ("/1", True)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.text
    assert "On the engine." in visitor_for(blog).open("/").text
    edited = ada.send("/1/edit", title="More notes", body="On the engine.")
    assert "<h1>More notes</h1>" in edited.text
    deleted = ada.send("/1/delete", page="/1")
    assert "The post was deleted." in deleted.text
    assert ada.open("/1").status_code == 404


def test_logging_out_and_in_again(blog, visitor_for):
    ada = visitor_for(blog)
    ada.register("Ada")
    assert "Log in" in ada.send("/accounts/logout", page="/").text
    wrong = ada.send("/accounts/login", name="Ada", password="wrong horse")
    assert "The name or the password is wrong." in wrong.text
    assert 'value="Ada"' in wrong.text
    nobody = ada.send("/accounts/login", name="Bob", password="wrong horse")
    assert "The name or the password is wrong." in nobody.text
    assert "Log out" in ada.send("/accounts/login", name="ada", password="correct horse").text


@pytest.mark.parametrize(
    ("name", "password", "told"),
    [
        ("", "correct horse", "Choose a name of 1 to 200 characters."),
        ("Ada", "short", "Choose a password of 8 to 200 characters."),
        ("x" * 201, "correct horse", "Choose a name of 1 to 200 characters."),
        ("Taken", "correct horse", "The name taken is taken.".replace("taken", "Taken", 1)),
    ],
)
def test_accounts_that_cannot_be(blog, visitor_for, name, password, told):
    visitor_for(blog).register("Taken")
    assert told in visitor_for(blog).send("/accounts/register", name=name, password=password).text


def test_who_is_not_logged_in_comes_back_after_the_login(blog, visitor_for):
    visitor_for(blog).register("Ada")
    ada = visitor_for(blog)
    asked = ada.open("/write")
    assert str(asked.url).endswith("/accounts/login?next=%2Fwrite")
    logged_in = ada.send("/accounts/login", page="/accounts/login?next=/write", name="Ada", password="correct horse")
    assert logged_in.url.path == "/write"


def test_nobody_is_sent_to_another_site_after_the_login(blog, visitor_for):
    visitor_for(blog).register("Ada")
    ada = visitor_for(blog)
    page = "/accounts/login?next=//evil.example/"
    assert ada.send("/accounts/login", page=page, name="Ada", password="correct horse").url.path == "/"


def test_only_authors_change_their_posts(blog, visitor_for):
    ada, eve = visitor_for(blog), visitor_for(blog)
    ada.register("Ada")
    ada.send("/write", title="Notes", body="")
    eve.register("Eve")
    assert "Edit" not in eve.open("/1").text
    for path in ("/1/edit", "/1/delete"):
        refused = eve.send(path, page="/write", title="Mine", body="")
        assert (refused.status_code, "Only its author can change a post." in refused.text) == (403, True)
    assert "<h1>Notes</h1>" in ada.open("/1").text


def test_other_sites_cannot_write(blog, visitor_for):
    ada = visitor_for(blog)
    ada.register("Ada")
    assert ada.client.post("/write", data={"title": "Forged", "body": ""}).status_code == 403
    foreign = ada.client.post("/accounts/logout", data={}, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert "Nobody has written anything yet." in ada.open("/").text


def test_the_login_gives_another_session(blog, visitor_for):
    ada = visitor_for(blog)
    ada.open("/accounts/login")
    planted = ada.client.cookies["__Host-session"]
    ada.register("Ada")
    eve = visitor_for(blog)
    eve.client.headers["cookie"] = f"__Host-session={planted}"
    assert "Log in" in eve.open("/").text


def test_posts_that_cannot_be(blog, visitor_for):
    ada = visitor_for(blog)
    ada.register("Ada")
    refused = ada.send("/write", title=" ", body="kept")
    assert "A post has a title of 1 to 200 characters" in refused.text
    assert ">kept</textarea>" in refused.text
    for path in ("/99", "/99/edit", "/9" * 30, "/nowhere"):
        assert ada.open(path).status_code == 404
    assert "There is nothing here" in ada.open("/99").text


def test_ten_posts_are_on_a_page(blog, visitor_for):
    ada = visitor_for(blog)
    ada.register("Ada")
    for number in range(12):
        ada.send("/write", title=f"Post {number:02}", body="")
    first, second = ada.open("/").text, ada.open("/?page=2").text
    assert re.findall(r"Post \d\d", first) == [f"Post {number:02}" for number in range(11, 1, -1)]
    assert re.findall(r"Post \d\d", second) == ["Post 01", "Post 00"]
    assert ("Older" in first, "Newer" in first, "Older" in second, "Newer" in second) == (True, False, False, True)


def test_production_starts_with_a_key_and_not_without(make_blog):
    from trine import SetupError

    app = make_blog()
    app.prepare()
    app.refuse_unsafe()
    from blog import BlogSettings, make_app

    without = make_app(BlogSettings())
    without.prepare()
    with pytest.raises(SetupError, match="no secret key"):
        without.refuse_unsafe()
