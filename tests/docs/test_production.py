"""What the page on production says, and what the command prints."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def trine(root, tmp_path):
    shutil.copy(root / "docs" / "examples" / "shop.py", tmp_path)
    command = Path(sys.executable).with_name("trine")
    # Without what this machine has set for itself.
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("TRINE_", "SHOP_"))}

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([command, *arguments], cwd=tmp_path, env=quiet | variables, capture_output=True, text=True)

    return run


def test_shop_reads_its_own_settings(client_of, monkeypatch):
    assert client_of("shop").get("/").json() == {"currency": "EUR"}
    monkeypatch.setenv("SHOP_CURRENCY", "CAD")
    assert client_of("shop").get("/").json() == {"currency": "CAD"}


def test_check_asks_for_the_names_of_a_public_address(trine, root):
    checked = trine("check", "shop.py", "--host", "0.0.0.0")
    assert checked.returncode == 1
    assert checked.stdout + checked.stderr == (root / "docs" / "examples" / "shop_check.txt").read_text(encoding="utf-8")
    assert trine("check", "shop.py", "--host", "0.0.0.0", TRINE_ALLOWED_HOSTS="shop.example").returncode == 0


def test_every_mistake_in_the_settings_is_reported_before_serving(trine, root):
    refused = trine("run", "shop.py", "--port", "0", SHOP_CURENCY="CAD", TRINE_TIMEOUT="soon")
    assert refused.returncode == 1
    assert refused.stdout + refused.stderr == (root / "docs" / "examples" / "shop_mistakes.txt").read_text(encoding="utf-8")


def test_weak_key_is_never_accepted(trine):
    refused = trine("run", "shop.py", "--port", "0", TRINE_SECRET_KEY="short", TRINE_ACCEPT_RISKS="weak-secret-key")
    assert refused.returncode == 1
    assert "secret_key has 5 characters, and needs at least 32" in refused.stderr
