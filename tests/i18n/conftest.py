"""A site in several languages, with its translations in a temporary folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trine import App, Pages, Settings

KEY = "Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya"
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plural}\\n"\n\n'
PLURALS = {
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "de": "nplurals=2; plural=(n != 1);",
}


@pytest.fixture
def translate(tmp_path) -> Callable[..., Path]:
    """Write a catalogue: `translate("de", '''msgid "Hello" ...''')`."""

    def write(language: str, text: str, folder: Path | None = None) -> Path:
        path = (folder or tmp_path / "translations") / language / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        head = HEAD.format(plural=PLURALS.get(language[:2], PLURALS["de"]))
        path.write_text(head + text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def site(tmp_path) -> Callable[..., App]:
    """An application whose templates and translations are in the temporary folder."""

    def make(templates: dict[str, str] | None = None) -> App:
        for name, text in (templates or {}).items():
            path = tmp_path / "templates" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        app = App(settings=Settings(secret_key=KEY))
        app.origin = tmp_path
        app.install(Pages(root_path=tmp_path))
        return app

    return make


@pytest.fixture
def browser_for(client_for: Callable[..., Any]) -> Callable[..., Any]:
    """A client over HTTPS, so that it keeps secure cookies."""
    return lambda app: client_for(app, base_url="https://testserver")
