"""The page about forms keeps its promises."""

import re

from trine.testing import TestClient


def test_signup(load_example):
    program = load_example("signup")
    with TestClient(program.app, base_url="https://testserver") as browser:
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)[1]
        guest = {"csrf_token": token, "name": "Ada", "email": "ada@example.org", "arrives": "2026-12-24", "accepts_rules": "true"}
        refused = browser.post("/", data=guest)
        assert (refused.status_code, "We are closed in winter." in refused.text) == (422, True)
        guest |= {"arrives": "2026-05-31", "children.0.name": "Byron", "children.0.age": "7"}
        assert "See you soon." in browser.post("/", data=guest).text
    assert [(guest.name, guest.children[0].name) for guest in program.GUESTS] == [("Ada", "Byron")]


def test_visitors(load_example):
    program = load_example("visitors")
    with TestClient(program.app, base_url="https://testserver") as browser:
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/").text)[1]
        entry = {"csrf_token": token, "name": "A", "text": "<b>Lovely</b>", "came_by": "boat", "nights": "2"}
        refused = browser.post("/", data=entry)
        assert (refused.status_code, "Your name: Use at least 2 characters." in refused.text) == (422, True)
        assert "&lt;b&gt;Lovely&lt;/b&gt;</textarea>" in refused.text
        signed = browser.post("/", data=entry | {"name": "Ada"})
        assert "Thank you!" in signed.text
        assert "<strong>Ada</strong> came by boat: &lt;b&gt;Lovely" in signed.text
        assert "You have signed already." in browser.post("/", data=entry | {"name": "Ada"}).text
