"""The `trine` command in process, in an empty folder, and everything as it was afterwards."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from trine import SetupError
from trine.cli.main import cli, fail
from trine.settings import Launch, set_launch

SHOP = """
from trine import App, WebSocket

app = App(title="Shop")


@app.get("/items/{id:int}", name="item")
async def show_item(id: int) -> dict[str, int]:
    return {"id": id}


@app.post("/items")
def add_item(name: str) -> str:
    return name


@app.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    await socket.accept()
"""


@dataclass
class Answer:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Iterator[Path]:
    """An empty working directory. What is imported and set in it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    variables = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("TRINE_", "NO_COLOR"))]:
        monkeypatch.delenv(name)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    os.environ.clear()
    os.environ.update(variables)
    set_launch(Launch())


@pytest.fixture
def trine(folder) -> Callable[..., Answer]:
    """Run `trine WORDS...` as its entry point does."""

    def run(*words: str, color: bool = False) -> Answer:
        runner = CliRunner()
        result = runner.invoke(cli, words, prog_name="trine", color=color)
        if isinstance(result.exception, SetupError):
            error = result.exception
            with pytest.raises(SystemExit) as ended, runner.isolation() as (_, err, _):
                fail(error)
            return Answer(int(str(ended.value.code)), result.stdout, err.getvalue().decode())
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def shop(folder) -> Path:
    """A program with three routes."""
    path = folder / "shop.py"
    path.write_text(SHOP.lstrip())
    return path
