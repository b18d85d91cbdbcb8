"""Run real FastAPI programs and Flask extensions, with their own tests, on the peer and on Trine, and publish what passes.

Nothing of them is changed: their source distributions are downloaded from the package index when this runs, and `import fastapi`
or `import flask` leads to Trine by the same aliases as in `conformance.py`. One environment has the peers, the other has none.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance import ALIASED, CACHE, HERE, PLUGINS, ROOT, SUITES

FOLDER = CACHE / "programs"
# What their tests import, besides what the programs depend on themselves.
TOOLS = (
    "anyio", "asgi-lifespan", "cryptography", "faker", "httpx", "httpx2", "openapi-spec-validator", "pydantic-settings", "pytest",
    "pytest-asyncio", "pytest-freezer", "pytest-httpserver", "pytest-httpx", "pytest-httpx2", "pytest-mock",
    "pytest-random-order", "pytest-socket", "pytest-timeout", "redis", "requests", "requests-mock", "trio", "uvicorn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """A package that depends on FastAPI and ships its tests."""

    name: str
    version: str
    what: str
    tests: str = "tests"
    options: tuple[str, ...] = ()
    note: str = ""
    """Why some of its tests fail on Trine, where they do."""

    @property
    def folder(self) -> Path:
        """Where its source distribution is unpacked."""
        return FOLDER / f"{self.name.replace('-', '_')}-{self.version}"


@dataclass(frozen=True, slots=True)
class Collection:
    """Programs for the same peer."""

    peers: tuple[str, ...]
    title: str
    results: str
    programs: tuple[Program, ...]
    also_needed: tuple[str, ...]
    extras: str = ""

    @property
    def peer(self) -> str:
        """The peer's name and version."""
        suite = SUITES[self.peers[0]]
        return f"{suite.name} {suite.version}"


PROGRAMS = (
    Program("fastapi-users", "15.0.5", "accounts and sign-in"),
    Program("fastapi-request-pipeline", "0.2.0", "dependencies as a pipeline"),
    Program("fastapi-csrf-protect", "1.0.7", "protection of forms"),
    Program(
        "fastapi-azure-auth",
        "5.3.0",
        "tokens of Microsoft Entra",
        note="an empty bearer token counts as none here, and is refused with other words",
    ),
    Program("fastapi-problem-details", "0.1.5", "errors in the form of RFC 9457"),
    Program("simple-repository-server", "0.10.0", "a Python package index", tests="simple_repository_server/tests"),
    Program("fastapi-problem", "0.12.1", "errors in the form of RFC 9457"),
    Program("fastapi-proxy-lib", "0.3.0", "a proxy for HTTP and WebSockets"),
    Program(
        "fastapi-class",
        "3.7.0",
        "routes as classes",
        # Its settings for pytest are no valid ones; these are what they mean.
        options=("-c", os.devnull, "--rootdir", ".", "-o", "asyncio_mode=auto"),
    ),
    Program("fastapi-throttle", "0.1.8", "limits of requests"),
    Program("fastapi-events", "0.12.2", "events inside an application"),
)


EXTENSIONS = (
    Program("flask-login", "0.6.3", "who is signed in", tests="tests/test_login.py"),
    Program("flask-wtf", "1.3.0", "forms and CSRF protection"),
    Program("flask-sqlalchemy", "3.1.1", "SQLAlchemy sessions and models"),
    Program("flask-migrate", "4.1.0", "migrations by Alembic"),
    Program("flask-caching", "2.5.1", "cached views"),
    Program("flask-restful", "0.3.10", "resources as classes"),
    Program("flask-cors", "6.0.5", "other origins"),
    Program("flask-httpauth", "4.8.1", "HTTP authentication"),
)

COLLECTIONS = {
    "fastapi": Collection(
        ("fastapi", "starlette"), "FastAPI programs that others wrote", "PROGRAMS.md", PROGRAMS, ("httpx-oauth", *TOOLS)
    ),
    "flask": Collection(
        ("flask",),
        "Flask extensions",
        "FLASK_EXTENSIONS.md",
        EXTENSIONS,
        (
            *("asgiref", "blinker", "cachelib", "email-validator", "flask-babel", "pytest", "pytest-mock"),
            *("pytest-timeout", "pytest-xprocess", "hiro", "mock", "aniso8601", "pynose", "semantic-version"),
        ),
        "[flask,test]",
    ),
}


def main() -> int:
    """Run every program of a collection, or those that are named, and write its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="programs such as fastapi-users; all, and the published tables, when absent")
    parser.add_argument("--peer", choices=COLLECTIONS, help="one peer's programs alone")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    # A program without settings for pytest must not find Trine's.
    (FOLDER / "pytest.ini").write_text("[pytest]\n")
    for peer, collection in COLLECTIONS.items():
        chosen = [program for program in collection.programs if not arguments.names or program.name in arguments.names]
        if chosen and arguments.peer in (None, peer):
            publish(collection, chosen)
    return 0


def publish(collection: Collection, programs: Sequence[Program]) -> None:
    """Run programs on both, and write the table where they are all."""
    for program in programs:
        unpack(program)
    peer, trine = environment(collection, "peer"), environment(collection, "trine")
    rows = [(program, run(program, peer, alias=False), run(program, trine, alias=True)) for program in programs]
    table = render(collection, rows)
    print(table)
    if len(programs) == len(collection.programs):
        (HERE / collection.results).write_text(table)


def unpack(program: Program) -> None:
    """Download a source distribution once."""
    if program.folder.exists():
        return
    downloads = CACHE / "downloads"
    pinned = f"{program.name}=={program.version}"
    _call([sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", str(downloads), pinned])
    stem = program.folder.name.replace("-", "_").lower()
    archive = next(path for path in downloads.glob("*.tar.gz") if path.name.replace("-", "_").lower().startswith(stem))
    with tarfile.open(archive) as opened:
        inside = opened.getnames()[0].partition("/")[0]
        opened.extractall(FOLDER, filter="data")
    if inside != program.folder.name:
        (FOLDER / inside).rename(program.folder)


def environment(collection: Collection, kind: str) -> Path:
    """Build the environment "peer", or "trine" without the peers, once; return its Python."""
    # The first one there was has the shortest name.
    name = "programs" if collection.peers[0] == "fastapi" else f"{collection.peers[0]}-programs"
    folder = CACHE / f"venv-{name}-{kind}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    peers = [f"{SUITES[name].name}=={SUITES[name].version}" for name in collection.peers]
    wanted = [*(f"{program.name}=={program.version}" for program in collection.programs), *collection.also_needed, *peers]
    if kind == "trine":
        wanted += ["-e", f"{ROOT}{collection.extras}"]
    uv = shutil.which("uv")
    _call([uv, "venv", "-q", "--python", sys.executable, str(folder)] if uv else [sys.executable, "-m", "venv", str(folder)])
    pip = [uv, "pip"] if uv else [str(python), "-m", "pip"]
    chosen = ["--python", str(python)] if uv else []
    _call([*pip, "install", "-q", *chosen, *wanted])
    if kind == "trine":
        _call([*pip, "uninstall", "-q", *([] if uv else ["-y"]), *chosen, *collection.peers])
    (folder / "complete").touch()
    return python


def run(program: Program, python: Path, *, alias: bool) -> dict[str, str]:
    """Run a program's tests; return the outcome of each. A program that does not start has none."""
    kind = "trine" if alias else "peer"
    record = FOLDER / f"{program.name}.{kind}.json"
    record.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", program.tests, "-p", "record", "--record", str(record), "-q", "--tb", "short"]
    # Measured coverage and random order are theirs to want; here each test counts, in the same order on both.
    command += [
        "-o",
        "addopts=",
        "--timeout",
        "60",
        "--continue-on-collection-errors",
        "-p",
        "no:cacheprovider",
        *program.options,
    ]
    command += ["-p", "alias"] if alias else []
    paths = [str(PLUGINS), *([str(ALIASED)] if alias else [])]
    programs = [*([str(ALIASED / "bin")] if alias else []), str(python.parent), os.environ["PATH"]]
    with record.with_suffix(".log").open("w") as log:
        subprocess.run(
            command,
            cwd=program.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PATH": os.pathsep.join(programs)},
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    outcomes: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    return outcomes


def render(collection: Collection, rows: list[tuple[Program, dict[str, str], dict[str, str]]]) -> str:
    """Draw the table: of the tests that pass on the peer, those that pass on Trine."""
    name = collection.peers[0]
    lines = [
        f"# {collection.title}, on Trine",
        "",
        f"Written by `tests/compat/programs.py`. Each is unchanged; `import {name}` leads to `trine.compat.{name}`."
        f" Counted are the tests of theirs that pass on {collection.peer} here.",
        "",
        "| Program | what it is | passed | of | |",
        "| --- | --- | ---: | ---: | --- |",
    ]
    for program, peer, trine in rows:
        counted, passed = passed_forms(peer), passed_forms(trine)
        good = sum((counted & passed).values())
        note = program.note if good < counted.total() else ""
        lines.append(f"| {program.name} {program.version} | {program.what} | {good} | {counted.total()} | {note} |")
    return "\n".join(lines) + "\n"


def passed_forms(outcomes: dict[str, str]) -> Counter[str]:
    """Count the forms of each test that passed. Their ids may be drawn by chance, so the test's own name is what counts."""
    return Counter(test.partition("[")[0] for test, outcome in outcomes.items() if outcome == "passed")


def _call(command: list[str]) -> None:
    print("+", " ".join(command)[:200], file=sys.stderr)
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
