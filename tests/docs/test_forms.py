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
