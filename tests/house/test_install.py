"""What an installation brings: the base stays small, and the lock files say nothing about where packages came from."""

import re
import tomllib

import pytest


def locked(root, name: str) -> set[str]:
    text = (root / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    on_windows = {match[1] for match in re.finditer(r"^([a-z0-9-]+)==\S+ ; sys_platform == 'win32'", text, re.MULTILINE)}
    return {match[1] for match in re.finditer(r"^([a-z0-9-]+)==", text, re.MULTILINE)} - on_windows


def test_base_install_is_at_most_fifteen_distributions(root):
    assert len(locked(root, "base") | {"trine"}) <= 15


@pytest.mark.parametrize("name", ["base", "build", "dev", "servers", "tests"])
def test_locks_carry_hashes_and_no_addresses(root, name):
    text = (root / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9-]+==.*(?:\n    .*)*", text, re.MULTILINE)
    assert [block.splitlines()[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_extras_that_are_named_exist(root):
    with (root / "pyproject.toml").open("rb") as file:
        extras = set(tomllib.load(file)["project"]["optional-dependencies"])
    named = {}
    for path in [*(root / "src").rglob("*"), *(root / "docs").rglob("*.md"), *root.glob("*.md")]:
        if path.suffix in {".py", ".md", ".txt"} and path.name not in {"DESIGN.md", "STYLE.md"}:
            for found in re.findall(r"trine\[([a-z, ]+)\]", path.read_text(encoding="utf-8")):
                named |= {extra.strip(): path.name for extra in found.split(",")}
    assert {extra: path for extra, path in named.items() if extra not in extras} == {}


def test_full_holds_every_extra_but_ray(root):
    with (root / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    held = [name for line in extras["full"] for name in line.removeprefix("trine[").removesuffix("]").split(",")]
    assert held == [name for name in extras if name not in {"full", "ray"}]
