"""What the tests of pages share."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trine import App, Pages, Settings

KEY = "Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya"


@pytest.fixture
def site(tmp_path: Path) -> Callable[..., App]:
    """Make an application whose folders `templates` and `static` are in a temporary place; `templates` are written there."""

    def make(templates: dict[str, str] | None = None, *, settings: Settings | None = None, **options: Any) -> App:
        for name, text in (templates or {}).items():
            path = tmp_path / "templates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        app = App(settings=settings or Settings(secret_key=KEY))
        app.install(Pages(root_path=tmp_path, **options))
        return app

    return make


@pytest.fixture
def browser_for(client_for: Callable[..., Any]) -> Callable[..., Any]:
    """A client over HTTPS, so that it keeps secure cookies, that asks for HTML."""

    def open_browser(app: App, **options: Any) -> Any:
        client = client_for(app, base_url="https://testserver", **options)
        client.headers["accept"] = "text/html"
        return client

    return open_browser


@pytest.fixture
def token_in() -> Callable[[str], str]:
    """Find the CSRF token in a page."""

    def find(text: str) -> str:
        found = re.search(r'name="?csrf_token"? value="([^"]+)"', text)
        assert found is not None, text
        return found[1]

    return find
