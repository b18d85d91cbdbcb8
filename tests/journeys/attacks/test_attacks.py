"""Every attack, on every way to serve: one server process each, all cases at once, each with a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import pytest

from ..attack import peak_memory
from ..conftest import Server
from . import answers, framing, values
from .kit import PING, Case, Outcome, run, says, verdict

CASES: list[Case] = [*framing.CASES, *answers.CASES, *values.CASES]
SERVERS = {
    "granian": ["--server", "granian"],
    "granian asgi": ["--server", "granian", "--asgi"],
    "uvicorn": ["--server", "uvicorn"],
}


@pytest.fixture(scope="session")
def fortress_files(tmp_path_factory) -> Path:
    """A folder that is served, and beside it what must never be."""
    folder = tmp_path_factory.mktemp("fortress")
    (folder / "secret.txt").write_text("TOP-SECRET")
    (folder / "files-private").mkdir()
    (folder / "files-private" / "plan.txt").write_text("TOP-SECRET")
    files = folder / "files"
    (files / "sub").mkdir(parents=True)
    (files / "page.html").write_text("<p>page</p>")
    (files / "sub" / "index.html").write_text("<p>sub</p>")
    (files / ".env").write_text("TOP-SECRET")
    (files / "link.txt").symlink_to(folder / "secret.txt")
    (files / "out").symlink_to(folder / "files-private")
    return files


@dataclass
class Siege:
    """A server, and what came back for every case, by its place in the list."""

    server: Server
    outcomes: list[Outcome]
    survivor: Outcome
    """The answer to a friendly client after all of it."""


@pytest.fixture(scope="session")
def build(serve, fortress_files):
    """Start a server of one kind that has little patience."""

    def build(name: str) -> Server:
        env = {
            "FORTRESS_FILES": str(fortress_files),
            "TRINE_BODY_TIMEOUT": "1",
            "TRINE_TIMEOUT": "4",
            "TRINE_SECRET_KEY": token_urlsafe(48),
        }
        options = [*SERVERS[name], "--no-access-log", "--header-timeout", "1"]
        return serve(Path(__file__).with_name("fortress.py"), *options, env=env)

    return build


@pytest.fixture(scope="session")
def besiege(build):
    """Attack a server with everything, once."""
    found: dict[str, Siege] = {}

    def attack(name: str) -> Siege:
        if name not in found:
            server = build(name)
            with ThreadPoolExecutor(12) as pool:
                outcomes = list(pool.map(lambda case: run(case, server.port), CASES))
            friendly = Case("", "", PING, says("pong", times=1), also=b"")
            found[name] = Siege(server, outcomes, run(friendly, server.port))
        return found[name]

    return attack


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case.kind}: {case.name[:60]!a}" for case in CASES])
def test_attack_is_stood(besiege, server, number):
    case, outcome = CASES[number], besiege(server).outcomes[number]
    wrong = verdict(case, server, outcome)
    assert wrong is None, f"{wrong}: {case.data[:200]!r} gave {outcome.replies}"


@pytest.mark.parametrize("server", SERVERS)
def test_server_stands_after_all_of_it(besiege, server):
    siege = besiege(server)
    assert siege.survivor.first is not None
    assert siege.survivor.first.body == b"pong"
    assert "Traceback" not in siege.server.log.read_text()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "limit",
    [
        "more than the 10485760 bytes that are accepted here",
        "larger than the 10485760 bytes that are accepted here",
        "grows to more than 100 times its size",
        "was not complete after 1 seconds",
        "was not complete after 4 seconds",
        "more than the 1000 fields that are accepted",
        "20001 fields, more than the 1000 that are accepted",
    ],
)
def test_log_names_the_limit(besiege, server, limit):
    assert limit in besiege(server).server.log.read_text()


@pytest.mark.parametrize("server", SERVERS)
def test_nobody_writes_lines_into_the_log(besiege, server):
    log = besiege(server).server.log.read_text()
    assert "%0AFORGED is refused" in log
    assert not [line for line in log.splitlines() if line.startswith("FORGED")]


@pytest.mark.parametrize("server", SERVERS)
def test_bombs_take_little_memory(build, server):
    started = build(server)
    warm, bombs = ([case for case in values.BOMBS if case.name.startswith(text)] for text in ("small text in", "60 MB in"))
    for case in warm:
        run(case, started.port)
    before = peak_memory(started)
    for case in bombs:
        for _ in range(3):
            assert verdict(case, server, run(case, started.port)) is None
    assert peak_memory(started) - before < 16
