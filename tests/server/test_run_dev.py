"""`trine dev`: reload, errors that keep the watcher alive, and warnings where production would refuse."""

import os
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from .conftest import until

SOURCE = "from trine import App\napp = App()\napp.get('/')(lambda: {answer!r})\n"


@pytest.fixture
def dev(start, tmp_path):
    """Start `trine dev` with a program, and wait until it serves."""

    def run(source: str, *options: str, **env: str):
        (tmp_path / "shop.py").write_text(source)
        process = start("dev", "shop.py", "--port", "0", *options, **env)
        process.wait_for("address")
        return process

    return run


def answer(process) -> object:
    try:
        return httpx2.get(process.url).json()
    except (httpx2.TransportError, ValueError):
        return None


def test_banner_says_where_it_serves_and_where_the_documentation_is(dev):
    process = dev(SOURCE.format(answer="hello"))
    assert process.wait_for(r"docs +(\S+)")[1] == f"{process.url}/docs"
    assert "shop.py" in process.printed
    assert httpx2.get(f"{process.url}/docs").status_code == 200
    assert process.stop() == 0


def test_change_is_served(dev, tmp_path):
    process = dev(SOURCE.format(answer="before"))
    assert answer(process) == "before"
    (tmp_path / "shop.py").write_text(SOURCE.format(answer="after"))
    until(lambda: answer(process) == "after", "The change was not served")
    assert "shop.py changed: starting anew." in process.printed


def test_change_of_the_variables_is_served(dev, tmp_path):
    process = dev("import os\nfrom trine import App\napp = App()\napp.get('/')(lambda: os.environ.get('COLOUR', 'none'))\n")
    assert answer(process) == "none"
    (tmp_path / ".env").write_text("COLOUR=blue\n")
    until(lambda: answer(process) == "blue", "The variable was not read")


def test_change_of_the_same_size_and_second_is_seen(dev, tmp_path):
    process = dev(SOURCE.format(answer=0), PYTHONDONTWRITEBYTECODE="")
    until(lambda: list(tmp_path.glob("__pycache__/shop.*.pyc")), "No bytecode was written")
    written = (tmp_path / "shop.py").stat().st_mtime
    (tmp_path / "shop.py").write_text(SOURCE.format(answer=1))
    os.utime(tmp_path / "shop.py", (written, written))
    until(lambda: answer(process) == 1, "The change was not served")


def test_no_request_is_refused_while_it_starts_anew(dev, tmp_path):
    process = dev(SOURCE.format(answer=0))
    (tmp_path / "shop.py").write_text(SOURCE.format(answer=1))
    answers = []
    until(lambda: answers.append(httpx2.get(process.url, timeout=30).json()) or answers[-1] == 1, "The change was not served")
    assert set(answers) <= {0, 1}


SLOW = """
import pathlib, time
@app.get("/slow")
def slow() -> str:
    pathlib.Path("begun").touch()
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    return "done"
"""


def test_who_comes_after_a_change_is_answered_by_the_changed_program(dev, tmp_path):
    process = dev(SOURCE.format(answer=0) + SLOW)
    with httpx2.Client(timeout=30) as kept, httpx2.Client(timeout=30) as new, ThreadPoolExecutor() as pool:
        in_flight = pool.submit(httpx2.get, f"{process.url}/slow", timeout=30)
        until((tmp_path / "begun").exists, "The request did not begin")
        (tmp_path / "shop.py").write_text(SOURCE.format(answer=1))
        until(lambda: kept.get(process.url).headers.get("connection") == "close", "The workers were not told to leave")
        late = pool.submit(new.get, process.url)
        (tmp_path / "go").touch()
        assert (in_flight.result().json(), late.result().json()) == ("done", 1)


def test_mistake_is_shown_and_mending_it_is_enough(dev, tmp_path):
    process = dev(SOURCE.format(answer="fine"))
    (tmp_path / "shop.py").write_text("from trine import App\napp = App(\n")
    process.wait_for(r"SyntaxError: '\(' was never closed \(shop\.py:2\)")
    page = httpx2.get(process.url)
    assert page.status_code == 500
    assert "The program cannot be loaded" in page.text
    assert "shop.py:2" in page.text
    assert httpx2.get(process.url, headers={"host": "evil.example"}).text == ""
    (tmp_path / "shop.py").write_text(SOURCE.format(answer="mended"))
    until(lambda: answer(process) == "mended", "The mended program was not served")


def test_program_that_is_broken_from_the_beginning_can_be_mended(dev, tmp_path):
    process = dev("1 / 0\n")
    assert "ZeroDivisionError: division by zero (shop.py:1)" in process.printed
    (tmp_path / "shop.py").write_text(SOURCE.format(answer="mended"))
    until(lambda: answer(process) == "mended", "The mended program was not served")


def test_development_shows_errors_and_warns_of_what_production_refuses(dev):
    source = "from trine import App\napp = App()\n@app.get('/')\ndef fail():\n    raise RuntimeError('on purpose')\n"
    process = dev(source, TRINE_ALLOWED_HOSTS="*")
    process.wait_for(r"WARNING trine\.settings: Unsafe in production: allowed_hosts is '\*'")
    page = httpx2.get(process.url, headers={"accept": "text/html"})
    assert page.status_code == 500
    assert "on purpose" in page.text


def test_worker_that_dies_is_replaced(dev):
    process = dev("import os\nfrom trine import App\napp = App()\napp.get('/')(os.getpid)\n")
    victim = answer(process)
    os.kill(victim, 9)
    until(lambda: answer(process) not in (None, victim), "No new worker answered")


def test_without_reload_nothing_is_watched(dev, tmp_path):
    process = dev(SOURCE.format(answer="before"), "--no-reload")
    assert "reloads" not in process.printed
    assert process.stop() == 0
