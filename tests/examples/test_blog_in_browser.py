"""The blog, and the pages that Trine itself shows, in a real browser: at a desk and on a phone, by day and by night."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trine import App, Settings
from trine.testing import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def blog(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the blog on a real server, in development: browsers take its cookies over HTTP there."""
    sys.path.insert(0, str(root / "examples" / "blog"))
    from blog import BlogSettings, make_app

    database = str(tmp_path_factory.mktemp("blog") / "blog.sqlite3")
    with LiveServer(make_app(BlogSettings(mode="development", database=database))) as server:
        yield server.url
    sys.path.remove(str(root / "examples" / "blog"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "blog"]:
        del sys.modules[name]


def test_the_blog_from_registering_to_deleting(blog, reader, scheme, screen):
    name = f"{screen}-{scheme}"
    page = reader.page
    page.goto(blog)
    reader.look("1-posts")
    page.click("text=Log in")
    page.fill("#name", name)
    page.fill("#password", "wrong horse")
    page.click("main button")
    assert page.inner_text("[role=alert]") == "The name or the password is wrong."
    reader.look("2-login")
    page.click("text=Register")
    page.fill("#name", name)
    page.fill("#password", "correct horse")
    reader.look("3-register")
    page.click("main button")
    assert page.inner_text("[role=status]") == f"Welcome, {name}!"
    page.click("text=Write")
    page.fill("#title", "Notes on the engine, and a_word_that_is_much_longer_than_a_phone_is_wide_" + "x" * 40)
    page.fill("#body", "It weaves patterns.\n\n<b>Not bold.</b>\n" + "A line of text. " * 30)
    reader.look("4-write")
    page.click("main button")
    assert "<b>Not bold.</b>" in page.inner_text(".text")
    reader.look("5-post")
    page.click("text=Edit")
    page.fill("#title", "Notes")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('Notes')")
    page.click("header .home")
    reader.look("6-posts")
    page.click("text=Notes")
    page.click("text=Delete")
    assert page.inner_text("[role=status]") == "The post was deleted."
    page.goto(f"{blog}/nowhere")
    reader.look("7-missing")
    page.click("text=Log out")
    page.wait_for_selector("text=Log in")


def test_the_keyboard_is_enough(blog, browser):
    page = browser.new_page()
    page.goto(blog)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Go to the content"
    for expected in ("Blog", "Register", "Log in"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == expected
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('Log in')")
    page.close()


def test_another_sites_page_cannot_write(blog, browser):
    page = browser.new_page()
    page.goto(f"{blog}/accounts/register")
    page.fill("#name", "Forged")
    page.fill("#password", "correct horse")
    page.click("main button")
    page.set_content(f"<form method=post action='{blog}/write'><input name=title value=Forged><input name=body></form>")
    with page.expect_navigation():
        page.evaluate("document.forms[0].submit()")
    assert "This form was not accepted" in page.inner_text("h1")
    page.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """A site without pages of its own for errors."""
    app = App(settings=Settings(secret_key="Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya"))

    @app.page("/take", methods=["GET", "POST"])
    def take(number: int = 0) -> str:
        return "<form method=post><button>Send</button></form>"

    @app.page("/broken")
    def broken() -> str:
        raise ZeroDivisionError

    with LiveServer(app) as server:
        yield server.url


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/nowhere", "There is no such page"),
        ("/broken", "Something went wrong here"),
        ("/take?number=x", "Something does not fit"),
        ("/take", "This form was not accepted"),
    ],
)
def test_pages_of_errors(plain, reader, path, title):
    page = reader.page
    page.goto(plain + path)
    if path == "/take":
        with page.expect_navigation():
            page.click("button")
    assert page.inner_text("h1") == title
    reader.look(title.replace(" ", "-"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Go to the start page"
