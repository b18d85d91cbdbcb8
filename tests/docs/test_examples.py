"""Every program in docs/examples runs, is shown on some page, and every page shows programs that exist."""

import re
from pathlib import Path

import pytest

from trine import App
from trine.testing import TestClient

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "docs" / "examples").rglob("*.py"))
PROGRAMS = [path for path in EXAMPLES if not path.name.startswith("test_")]
SNIPPET = re.compile(r'--8<-- "([^":]+)')


def shown() -> set[str]:
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    return {match for page in pages for match in SNIPPET.findall(page.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_example_starts_and_describes_itself(path, load_program, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    program = load_program(path)
    if isinstance(getattr(program, "app", None), App):
        with TestClient(program.app) as client:
            assert client.get("/openapi.json").json()["openapi"].startswith("3.1")


def test_every_example_is_shown_on_a_page():
    assert {str(path.relative_to(ROOT)) for path in EXAMPLES} - shown() == set()


def test_every_example_has_a_test_of_what_it_does():
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [path.stem for path in EXAMPLES if f'"{path.stem}"' not in tests] == []
