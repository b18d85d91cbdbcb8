"""The documentation site: it covers every room, and a reader's browser asks nobody else for anything."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("zensical")

ASSET_TAGS = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
# A page may point to another site; it may not load anything from there.
LINKS = {"canonical", "edit", "alternate", "license", "next", "prev"}


class Assets(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in ASSET_TAGS and values.get("rel") not in LINKS and (address := values.get(ASSET_TAGS[tag])):
            self.found.append(address)


@pytest.fixture(scope="module")
def site(root, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    for name in ("docs", "examples"):
        shutil.copytree(root / name, folder / name)
    (folder / "src").symlink_to(root / "src")
    for page in (*root.glob("*.md"), root / "zensical.toml"):
        (folder / page.name).write_bytes(page.read_bytes())
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "site"


def test_pages_load_nothing_from_other_hosts(site):
    outside = {}
    for page in site.rglob("*.html"):
        assets = Assets()
        assets.feed(page.read_text(encoding="utf-8"))
        outside[page.name] = [address for address in assets.found if re.match(r"(https?:)?//", address)]
    assert {page: found for page, found in outside.items() if found} == {}


def test_every_room_has_a_reference_page(root):
    rooms = {path.stem for path in (root / "src" / "trine").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    pages = "".join(page.read_text(encoding="utf-8") for page in (root / "docs" / "reference").glob("*.md"))
    assert {room for room in rooms if not room.startswith("_") and f"::: trine.{room}" not in pages} == set()


def test_every_program_is_shown_in_full(site):
    pages = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    assert [page.parent.name for page, text in pages.items() if re.search(r"--8\s*(<|&lt;)", text)] == []
