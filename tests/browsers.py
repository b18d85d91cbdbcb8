"""A browser window that looks at every page it comes to: at a desk and on a phone, by day and by night."""

import os
from pathlib import Path
from typing import Any

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SCREENS = {"desktop": DESKTOP, "phone": PHONE}

_PICTURES = os.environ.get("TEST_SCREENS")
"""A folder for the pictures, for whoever wants to look at them."""


class Reader:
    """A window, and whether what it shows keeps nobody out, fits the screen, and has brought no trouble."""

    def __init__(self, browser: Any, axe: str, name: str, scheme: str, screen: dict[str, Any]) -> None:
        self.page = browser.new_context(color_scheme=scheme, **screen).new_page()
        self.axe, self.name = axe, name
        self.trouble: list[str] = []
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("requestfailed", lambda request: self.trouble.append(f"failed: {request.url}"))

    def look(self, title: str) -> None:
        """Look at the page as it is now."""
        if _PICTURES:
            Path(_PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{_PICTURES}/{self.name}-{title}.png", full_page=True)
        self.page.evaluate(self.axe)
        found = self.page.evaluate("async () => (await axe.run()).violations")
        assert [f"{one['id']}: {one['help']} {[node['html'] for node in one['nodes']]}" for one in found] == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{title} is wider than the screen"
        assert self.trouble == []
