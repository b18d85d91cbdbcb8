"""The list of tests that the conformance run leaves out stays honest: each line names a test and its reason."""

from pathlib import Path

LINES = [line for line in Path(__file__).with_name("left_out.txt").read_text().splitlines() if not line.startswith("#")]


def test_every_line_names_a_test_and_a_reason():
    for line in LINES:
        test, separator, reason = line.partition("#")
        assert test.startswith("tests/")
        assert separator
        assert "private" in reason or "fastapi." in reason


def test_no_test_is_listed_twice():
    tests = [line.partition("#")[0].strip() for line in LINES]
    assert len(tests) == len(set(tests))
