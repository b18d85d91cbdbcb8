"""The page with live charts in a real browser: it draws, asks nobody else, and can be read on a phone, at night and by ear."""

import re
import threading
from collections.abc import Iterator

import httpx2
import pytest
from pydantic import BaseModel

from trine import App
from trine.serving import ModelMonitor, training_statistics

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser


class House(BaseModel):
    rooms: int


def make_app() -> App:
    app = App(title="Houses <b>")

    @app.model("/predict", name="houses", statistics=training_statistics([House(rooms=number % 4) for number in range(100)]))
    def predict(items: list[House]) -> list[int]:
        return [item.rooms for item in items]

    app.install(ModelMonitor())
    return app


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator["playwright.Browser"]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def server(live_server, monkeypatch) -> Iterator[str]:
    """The application, and somebody who asks it all the time."""
    monkeypatch.setenv("TRINE_ACCEPT_RISKS", "open-monitor")
    monkeypatch.setattr("trine.serving.monitoring.recorder.LOOK", 0.2)
    url = live_server(make_app()).url
    is_over = threading.Event()

    def ask() -> None:
        with httpx2.Client(base_url=url) as client:
            while not is_over.wait(0.01):
                client.post("/predict", json={"rooms": 9})

    asking = threading.Thread(target=ask)
    asking.start()
    yield url
    is_over.set()
    asking.join()


def open_page(browser, url, **options):
    page = browser.new_context(**options).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith((url, "data:")) else None)
    page.goto(f"{url}/models/monitor")
    return page, complaints


def test_charts_are_drawn_from_what_happens(browser, server):
    page, complaints = open_page(browser, server)
    chart = page.get_by_role("img", name="Items a second")
    chart.locator("canvas").wait_for()
    # A first point needs two answers; then the name of each chart says its latest numbers.
    playwright.expect(page.get_by_role("img", name=re.compile(r"version 1 \d"))).to_have_count(5)
    assert page.title() == "Houses <b> – models"
    row = page.get_by_role("table", name="Versions of houses").get_by_role("row").nth(1)
    assert row.get_by_role("rowheader").inner_text() == "1"
    drift = page.get_by_role("table", name="Drift of houses")
    drift.wait_for()
    assert "another population" in drift.inner_text()
    assert complaints == []


@pytest.mark.parametrize("options", [{"viewport": {"width": 360, "height": 700}, "is_mobile": True}, {"color_scheme": "dark"}])
def test_it_fits_a_phone_and_the_night(browser, server, options, axe):
    page, complaints = open_page(browser, server, **options)
    page.get_by_role("table", name="Drift of houses").wait_for()
    width, shown = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= shown
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (background == "rgb(20, 24, 29)") == ("color_scheme" in options)
    page.evaluate(axe)
    assert [(one["id"], one["help"]) for one in page.evaluate("async () => (await axe.run()).violations")] == []
    assert complaints == []


def test_it_is_used_with_the_keyboard(browser, server):
    page, complaints = open_page(browser, server, reduced_motion="reduce")
    page.get_by_role("table", name="Versions of houses").wait_for()
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Pause")
    assert button.evaluate("one => one === document.activeElement")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Go on").get_attribute("aria-pressed") == "true"
    # Wide tables can be scrolled without a mouse.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Versions of houses"
    assert complaints == []
