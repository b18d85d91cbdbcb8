"""The lists of tests that the conformance run leaves out stay honest: each line names a test and its reason."""

from pathlib import Path

import pytest

LISTS = ["left_out.txt", "left_out_starlette.txt", "left_out_flask.txt"]


def lines_of(name: str) -> list[str]:
    return [line for line in Path(__file__).with_name(name).read_text().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("name", LISTS)
def test_every_line_names_a_test_and_a_reason(name):
    for line in lines_of(name):
        test, separator, reason = line.partition("#")
        assert test.startswith("tests/")
        assert separator
        assert "private" in reason or "fastapi." in reason


@pytest.mark.parametrize("name", LISTS)
def test_no_test_is_listed_twice(name):
    tests = [line.partition("#")[0].strip() for line in lines_of(name)]
    assert len(tests) == len(set(tests))
