"""Write every test's outcome to a file: a pytest plugin (`-p record --record FILE`) that also works under pytest-xdist."""

import json
from pathlib import Path

import pytest

WORST_LAST = ("passed", "xfailed", "skipped", "failed")


class Recorder:
    """Collect one outcome for each test id; a failed set-up or tear-down outweighs a passed call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst outcome of a test's three phases."""
        outcome = "xfailed" if hasattr(report, "wasxfail") and report.skipped else report.outcome
        before = self.outcomes.get(report.nodeid, "passed")
        self.outcomes[report.nodeid] = max(before, outcome, key=WORST_LAST.index)

    def pytest_sessionfinish(self) -> None:
        """Write the file; under pytest-xdist only the controller has a recorder."""
        self.path.write_text(json.dumps(self.outcomes, indent=0, sort_keys=True))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--record FILE`."""
    parser.addoption("--record", type=Path, default=None, help="write every test's outcome to this JSON file")


def pytest_configure(config: pytest.Config) -> None:
    """Start recording, in the process that sees all reports."""
    path = config.getoption("--record")
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(path))
