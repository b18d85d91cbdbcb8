"""Run peers' own test suites against Trine's compatibility packages, and publish what passes.

The suite comes from the peer's source distribution, downloaded when this runs and never committed. Two environments are built
under `.tools/conformance`: one with the peer, which says which tests can pass at all on this machine, and one with Trine and
neither peer, where `alias.py` gives the peers' import names to Trine.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from groups import file_of, group_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = ROOT / ".tools" / "conformance"
PLUGINS = HERE / "plugins"
ALIASED = HERE / "aliased"

# What these packages test is the peer's own release scripts, its speed or its type hints; none of it is about behaviour.
NOT_NEEDED = {
    "mypy",
    "ty",
    "coverage",
    "pytest-cov",
    "pytest-sugar",
    "playwright",
    "ruff",
    "twine",
    "pytest-codspeed",
    "types-pyyaml",
}
# The telemetry tests, the docs' programs and the optional response classes import these.
ALSO_NEEDED = (
    "orjson", "ujson", "jinja2", "python-multipart", "itsdangerous", "email-validator", "uvicorn[standard]", "pydantic-settings",
    "pydantic-extra-types", "httpx", "httpx2", "pytest-timeout", "pytest-xdist[psutil]", "pyyaml", "opentelemetry-api",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suite:
    """A peer's test suite: where it comes from and what of it runs."""

    name: str
    version: str
    keep: tuple[str, ...]
    """Folders and files of the source distribution that the tests read; never the peer's package itself."""
    requirement_group: str
    python_path: str = ""

    left_out: str = "left_out.txt"
    """The list of tests that ask for the peer's private structure."""
    results: str = "RESULTS.md"
    """The published table."""
    group: Callable[[str], str] = group_of
    """The row of the table that a test belongs to."""
    extras: str = ""
    """Extras of Trine that are installed, in brackets."""
    also_needed: tuple[str, ...] = ALSO_NEEDED
    """What is installed besides what the suite asks for."""
    plugins: tuple[str, ...] = ()
    """Plugins of pytest that the suite needs, on the peer too."""

    @property
    def folder(self) -> Path:
        """Where the unpacked suite lies."""
        return CACHE / f"{self.name}-{self.version}"


SUITES = {
    "fastapi": Suite(
        "fastapi",
        "0.165.0",
        ("tests", "docs_src", "docs", "scripts", "pyproject.toml"),
        "tests",
        python_path="docs_src",
        extras="[flask]",
    ),
    "starlette": Suite(
        "starlette",
        "1.10.0",
        ("tests", "pyproject.toml"),
        "dev",
        left_out="left_out_starlette.txt",
        results="RESULTS_STARLETTE.md",
        group=file_of,
    ),
    "flask": Suite(
        "flask",
        "3.1.3",
        ("tests", "pyproject.toml"),
        "tests",
        left_out="left_out_flask.txt",
        results="RESULTS_FLASK.md",
        group=file_of,
        extras="[flask,test]",
        also_needed=("pytest-timeout", "pytest-xdist"),
        plugins=("older_pytest",),
    ),
}


def main() -> int:
    """Run every suite, or one; with paths, only those files of it and no published table."""
    arguments = _arguments()
    for name in [arguments.suite] if arguments.suite else SUITES:
        publish(SUITES[name], arguments)
    return 0


def publish(suite: Suite, arguments: argparse.Namespace) -> None:
    """Run a suite on Trine, and write its table."""
    unpack(suite)
    python = Path(sys.executable) if arguments.here else environment(suite, "trine")
    outcomes = run(suite, python, "outcomes", arguments.paths or ["tests"], alias=True, verbose=arguments.verbose)
    if arguments.here:
        baseline = {test for test, outcome in outcomes.items() if outcome != "skipped"}
    else:
        baseline = passing_on_the_peer(suite)
    if arguments.paths:
        baseline = {test for test in baseline if any(test.startswith(path.split("::")[0]) for path in arguments.paths)}

    passed = {test for test, outcome in outcomes.items() if outcome == "passed"}
    table = render(suite, baseline, passed, read_left_out(suite))
    print(table)
    if not arguments.paths:
        (HERE / suite.results).write_text(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", help="test files of the suite, such as tests/test_query.py; all when absent")
    parser.add_argument("--suite", choices=SUITES, help="one suite only; with paths, fastapi unless another is named")
    parser.add_argument(
        "--here", action="store_true", help="build no environments: run in this one, and count every test that is not skipped"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show pytest's whole report of the failures")
    arguments = parser.parse_args()
    if arguments.paths and arguments.suite is None:
        arguments.suite = "fastapi"
    if arguments.here and not arguments.paths:
        parser.error(
            "--here counts what the peer itself may not pass: name test files, and make conformance publishes the whole."
        )
    return arguments


def unpack(suite: Suite) -> None:
    """Download the source distribution once, and unpack what the tests need of it."""
    if suite.folder.exists():
        return
    downloads = CACHE / "downloads"
    pinned = f"{suite.name}=={suite.version}"
    _call([sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", str(downloads), pinned])
    half = suite.folder.with_suffix(".unpacking")
    shutil.rmtree(half, ignore_errors=True)
    with tarfile.open(downloads / f"{suite.name}-{suite.version}.tar.gz") as archive:
        archive.extractall(half, filter="data")
    for entry in list((half / f"{suite.name}-{suite.version}").iterdir()):
        if entry.name in suite.keep:
            entry.rename(half / entry.name)
    shutil.rmtree(half / f"{suite.name}-{suite.version}")
    half.rename(suite.folder)


def environment(suite: Suite, kind: str) -> Path:
    """Build the virtual environment "peer", "trine" or "both" once; return its Python."""
    folder = CACHE / f"venv-{suite.name}-{kind}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    subjects = {"peer": [f"{suite.name}=={suite.version}"], "trine": ["-e", f"{ROOT}{suite.extras}"]}
    wanted = [*requirements(suite, kind), *(subjects.get(kind) or [*subjects["peer"], *subjects["trine"]])]
    if uv := shutil.which("uv"):
        _call([uv, "venv", "-q", "--python", sys.executable, str(folder)])
        _call([uv, "pip", "install", "-q", "--python", str(python), *wanted])
    else:
        _call([sys.executable, "-m", "venv", str(folder)])
        _call([str(python), "-m", "pip", "install", "-q", *wanted])
    (folder / "complete").touch()
    return python


def requirements(suite: Suite, kind: str) -> list[str]:
    """Read what the suite's own project file asks for its tests. Trine takes the place of other peers too."""
    groups = tomllib.loads((suite.folder / "pyproject.toml").read_text())["dependency-groups"]

    def expand(group: str) -> Iterator[str]:
        for entry in groups[group]:
            if isinstance(entry, str):
                yield entry
            else:
                yield from expand(entry["include-group"])

    def name(requirement: str) -> str:
        return requirement.split("[")[0].split("<")[0].split(">")[0].split("=")[0].strip()

    # The peer itself, with its extras, is what this run replaces.
    left_out = {*NOT_NEEDED, suite.name, *(SUITES if kind == "trine" else ())}
    return [*(entry for entry in expand(suite.requirement_group) if name(entry).lower() not in left_out), *suite.also_needed]


def passing_on_the_peer(suite: Suite) -> set[str]:
    """Return the tests that pass on the peer itself, here; measured once."""
    path = suite.folder / "baseline.json"
    if not path.exists():
        outcomes = run(suite, environment(suite, "peer"), "baseline", ["tests"], alias=False)
        if not outcomes:
            raise SystemExit(f"{suite.name}'s suite did not run on {suite.name} itself; see {suite.folder / 'baseline.log'}")
    return {test for test, outcome in json.loads(path.read_text()).items() if outcome == "passed"}


def run(suite: Suite, python: Path, record: str, paths: list[str], *, alias: bool, verbose: bool = False) -> dict[str, str]:
    """Run tests with two workers; return the outcome of each. A file that cannot be collected has no outcomes at all."""
    path = suite.folder / f"{record}.json"
    path.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", *paths, "-n", "2", "--dist", "loadgroup", "--timeout", "30", "-p", "record"]
    command += [word for name in suite.plugins for word in ("-p", name)]
    command += [
        "--record",
        str(path),
        "--continue-on-collection-errors",
        "-q",
        "--tb",
        "native",
        # In one word: a path beside the options would be taken for a place to look for pytest's settings.
        *(["-p", "alias", "-p", "leave_out", f"--leave-out={HERE / suite.left_out}"] if alias else []),
    ]
    python_path = [str(PLUGINS), str(ALIASED) if alias else "", suite.python_path]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, python_path))}
    log = suite.folder / f"{record}.log"
    with log.open("w") as output:
        subprocess.run(
            command, cwd=suite.folder, env=environ, stdout=None if verbose else output, stderr=subprocess.STDOUT, check=False
        )
    if not path.exists():
        raise SystemExit(f"pytest did not come to its end; see {log}")
    outcomes: dict[str, str] = json.loads(path.read_text())
    return outcomes


def read_left_out(suite: Suite) -> dict[str, str]:
    """Read the tests (or whole files) that ask for a peer's private structure: a path and a reason a line."""
    lines = (
        line.partition("#")[::2]
        for line in (HERE / suite.left_out).read_text().splitlines()
        if line.strip() and not line.startswith("#")
    )
    return {test.strip(): reason.strip() for test, reason in lines}


def names(entry: str, test: str) -> bool:
    """Whether an entry of the list is this test, a form of it, or its file."""
    return test == entry or test.startswith((f"{entry}[", f"{entry}::"))


def render(suite: Suite, baseline: Iterable[str], passed: set[str], left_out: dict[str, str]) -> str:
    """Draw the table: a row for each feature, the largest first."""
    rows: dict[str, list[int]] = {}
    for test in baseline:
        row = rows.setdefault(suite.group(test), [0, 0, 0])
        row[0] += 1
        row[1] += test in passed
        row[2] += test not in passed and any(names(entry, test) for entry in left_out)
    all_rows = [sum(column) for column in zip(*rows.values(), strict=True)]
    total, good, out = all_rows
    lines = [
        f"# {suite.name} {suite.version}: its own test suite through trine.compat",
        "",
        f"Written by `make conformance`. Of {total} tests that pass on {suite.name} itself, {good} pass on Trine:"
        f" {good / total:.1%}.",
        f"{out} of the others ask for a peer's private structure (`{suite.left_out}`); of the rest,"
        f" {good / (total - out):.1%} pass.",
        "",
        "| Feature | passed | of | failed | left out |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, (total, good, out) in sorted(rows.items(), key=lambda row: (-row[1][0], row[0])):
        lines.append(f"| {name} | {good} | {total} | {total - good - out} | {out} |")
    return "\n".join(lines) + "\n"


def _call(command: list[str]) -> None:
    print("+", " ".join(command)[:200], file=sys.stderr)
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
