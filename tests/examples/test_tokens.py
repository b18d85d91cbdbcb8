"""The tokens example: it learns, streams, and lets late clients join."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numpy")

from trine.serving import models_of
from trine.testing import AsyncTestClient, LiveServer, TestClient


@pytest.fixture(scope="module")
def tokens(root, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tokens")
    shutil.copytree(
        root / "examples" / "tokens", folder, ignore=shutil.ignore_patterns("*.npz", "__pycache__"), dirs_exist_ok=True
    )
    subprocess.run([sys.executable, folder / "train.py", "--batches", "20"], check=True, capture_output=True)
    return folder


@pytest.fixture
def program(tokens, load_program, monkeypatch):
    monkeypatch.syspath_prepend(str(tokens))
    yield load_program(tokens / "app.py")
    for name in ("network", "text"):
        sys.modules.pop(name, None)


def test_a_short_training_is_enough_to_guess_better_than_chance(tokens, tmp_path):
    command = [sys.executable, tokens / "train.py", "--batches", "150", "--output", tmp_path / "tokens.npz"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    last = printed.splitlines()[-1]
    loss, guessing = (float(last.split(word)[1].split()[0].rstrip(".")) for word in ("seen:", "guessing has"))
    assert loss < guessing - 1


def test_the_page_and_its_files_are_there(program):
    with TestClient(program.app) as client:
        page = client.get("/").text
        for name in ("write.js", "write.css"):
            assert f"/static/{name}" in page
            assert client.get(f"/static/{name}").status_code == 200


def test_letters_are_streamed_as_many_as_were_asked_for(program):
    with TestClient(program.app) as client:
        prompt = {"text": "Return the ", "length": 30}
        answer = client.post("/generate", json=prompt, headers={"accept": "application/jsonl"})
        assert client.post("/generate", json={"text": ""}).status_code == 422
    letters = [json.loads(line) for line in answer.text.splitlines()]
    assert letters.pop() == {"end": {}}
    assert len(letters) == 30
    assert all(letter in program.LETTERS for letter in letters)


async def test_who_joins_late_has_a_letter_before_the_earlier_one_ends(program):
    async with AsyncTestClient(program.app) as client:
        served = models_of(client.app)["letters"]
        early = await served.open_stream(program.Prompt(text="The", length=2000), id="early")
        await anext(early)
        late = await served.open_stream(program.Prompt(text="A", length=5), id="late")
        written = [letter async for letter in late]
        assert len(written) == 5
        assert served.replicas[0].running == 1
        early.cancel()


@pytest.fixture
def served(program):
    with LiveServer(program.app) as server:
        yield server.url


@pytest.mark.browser
def test_a_text_is_written_and_stopped(served, reader):
    page = reader.page
    page.goto(served)
    reader.look("1-empty")
    page.fill("#text", "Return the ")
    page.click("#go")
    page.wait_for_selector("#told:has-text('400 letters in')")
    assert len(page.text_content("#written")) == 400 + len("Return the ")
    reader.look("2-written")
    page.press("#length", "End")
    assert page.inner_text("#letters") == "5000"
    page.press("#length", "Enter")
    page.wait_for_selector("#told:has-text('letters …')")
    page.click("#stop")
    page.wait_for_selector("#told:has-text('letters in')")
    assert 0 < int(page.inner_text("#told").split()[0]) < 5000
    assert page.is_enabled("#go")
    assert page.is_disabled("#stop")
