"""Run real FastAPI programs, with their own tests, on FastAPI and on Trine, and publish what passes on both.

Nothing of them is changed: their source distributions are downloaded from the package index when this runs, and `import fastapi`
leads to Trine by the same aliases as in `conformance.py`. One environment has FastAPI and Starlette, the other neither.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from conformance import ALIASED, CACHE, HERE, PLUGINS, ROOT, SUITES

FOLDER = CACHE / "programs"
RESULTS = HERE / "PROGRAMS.md"
# What their tests import, besides what the programs depend on themselves.
TOOLS = (
    "anyio", "asgi-lifespan", "cryptography", "faker", "httpx", "httpx2", "openapi-spec-validator", "pydantic-settings", "pytest",
    "pytest-asyncio", "pytest-freezer", "pytest-httpserver", "pytest-httpx", "pytest-httpx2", "pytest-mock",
    "pytest-random-order", "pytest-socket", "pytest-timeout", "requests", "requests-mock", "trio", "uvicorn",
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


PROGRAMS = (
    Program("fastapi-users", "15.0.5", "accounts and sign-in"),
    Program(
        "fastapi-request-pipeline", "0.2.0", "dependencies as a pipeline", note="reads FastAPI's private `APIRoute.dependant`"
    ),
    Program("fastapi-csrf-protect", "1.0.7", "protection of forms"),
    Program(
        "fastapi-azure-auth",
        "5.3.0",
        "tokens of Microsoft Entra",
        note="catches only `fastapi.HTTPException` where a security scheme of Trine raises Starlette's",
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


def main() -> int:
    """Run every program, or those that are named, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="programs such as fastapi-users; all, and the published table, when absent")
    wanted = parser.parse_args().names
    programs = [program for program in PROGRAMS if not wanted or program.name in wanted]
    FOLDER.mkdir(parents=True, exist_ok=True)
    # A program without settings for pytest must not find Trine's.
    (FOLDER / "pytest.ini").write_text("[pytest]\n")
    for program in programs:
        unpack(program)
    peer, trine = environment("peer"), environment("trine")
    rows = [(program, run(program, peer, alias=False), run(program, trine, alias=True)) for program in programs]
    table = render(rows)
    print(table)
    if not wanted:
        RESULTS.write_text(table)
    return 0


def unpack(program: Program) -> None:
    """Download a source distribution once."""
    if program.folder.exists():
        return
    downloads = CACHE / "downloads"
    pinned = f"{program.name}=={program.version}"
    _call([sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", str(downloads), pinned])
    stem = program.folder.name.replace("-", "_")
    archive = next(path for path in downloads.glob("*.tar.gz") if path.name.replace("-", "_").startswith(stem))
    with tarfile.open(archive) as opened:
        opened.extractall(FOLDER, filter="data")


def environment(kind: str) -> Path:
    """Build the environment "peer", or "trine" without FastAPI and Starlette, once; return its Python."""
    folder = CACHE / f"venv-programs-{kind}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    peers = [f"{suite.name}=={suite.version}" for suite in SUITES.values()]
    wanted = [*(f"{program.name}=={program.version}" for program in PROGRAMS), "httpx-oauth", *TOOLS, *peers]
    if kind == "trine":
        wanted += ["-e", str(ROOT)]
    uv = shutil.which("uv")
    _call([uv, "venv", "-q", "--python", sys.executable, str(folder)] if uv else [sys.executable, "-m", "venv", str(folder)])
    pip = [uv, "pip"] if uv else [str(python), "-m", "pip"]
    chosen = ["--python", str(python)] if uv else []
    _call([*pip, "install", "-q", *chosen, *wanted])
    if kind == "trine":
        _call([*pip, "uninstall", "-q", *([] if uv else ["-y"]), *chosen, *(suite.name for suite in SUITES.values())])
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
    with record.with_suffix(".log").open("w") as log:
        subprocess.run(
            command,
            cwd=program.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    outcomes: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    return outcomes


def render(rows: list[tuple[Program, dict[str, str], dict[str, str]]]) -> str:
    """Draw the table: of the tests that pass on FastAPI, those that pass on Trine."""
    lines = [
        "# FastAPI programs that others wrote, on Trine",
        "",
        f"Written by `tests/compat/programs.py`. Each is unchanged; `import fastapi` leads to `trine.compat.fastapi`."
        f" Counted are the tests of theirs that pass on FastAPI {SUITES['fastapi'].version} here.",
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
