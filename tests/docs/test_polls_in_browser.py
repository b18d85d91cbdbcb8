"""The polls in a real browser: voting with the keyboard, and with a finger at night."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trine.db import registry
from trine.settings import Launch, set_launch
from trine.testing import LiveServer

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

DESKTOP = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "color_scheme": "dark"}
SCREENS = os.environ.get("TEST_SCREENS")
"""A folder for the pictures, for whoever wants to look at them."""


@pytest.fixture
def polls(load_example: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the polls on a real server, in development: browsers take its cookies over HTTP there."""
    monkeypatch.chdir(tmp_path)
    set_launch(Launch(mode="development"))
    try:
        with registry.isolated(), LiveServer(load_example("polls").app) as server:
            yield server.url
    finally:
        set_launch(Launch())


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_vote(polls: str, chromium: str, axe: str, screen: dict[str, Any], request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.id
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(**screen).new_page()

        def look(title: str) -> None:
            if SCREENS:
                Path(SCREENS).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{SCREENS}/polls-{name}-{title}.png", full_page=True)
            page.evaluate(axe)
            found = page.evaluate("async () => (await axe.run()).violations")
            assert [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found] == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{title} is wider than the screen"

        page.goto(polls)
        look("1-empty")
        long = "Which of these is_a_word_that_is_much_longer_than_a_phone_is_wide" + "x" * 40 + "?"
        for text in ("Tea or coffee?", long):
            made = page.request.post(f"{polls}/questions", data={"text": text, "choices": ["Tea", "Coffee", "y" * 60]})
            assert made.status == 201
        page.reload()
        look("2-index")
        page.click("text=Tea or coffee?")
        look("3-detail")
        if screen is PHONE:
            page.tap("label >> text=Coffee")
            page.tap("button")
        else:
            for key in ("Tab", "ArrowDown", "Tab", "Enter"):
                page.keyboard.press(key)
        page.wait_for_url("**/results")
        look("4-results")
        page.reload()
        assert page.locator("td").all_inner_texts() == ["0", "1", "0"]
        page.goto(f"{polls}/polls/1")
        page.evaluate("document.querySelector('form').noValidate = true")
        page.click("button")
        assert page.inner_text("[role=alert]") == "Choose one of these."
        look("5-nothing-chosen")
        page.goto(f"{polls}/polls/99")
        assert "404" in page.content()
        browser.close()
