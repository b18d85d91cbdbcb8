"""Paths below a directory: whatever is asked for, nothing outside is found."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trine.staticfiles import Directory


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A directory with links that lead out and in, beside a secret."""
    outer = tmp_path_factory.mktemp("outer")
    (outer / "secret.txt").write_text("secret")
    root = outer / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "file.txt").write_text("inside")
    (root / "out").symlink_to(outer)
    (root / "a" / "up").symlink_to("../..")
    (root / "loop").symlink_to(root / "loop")
    (root / "in").symlink_to(root / "a")
    (root / ".hidden").write_text("hidden")
    return root


segments = st.one_of(
    st.sampled_from(
        ["a", "b", "file.txt", "out", "up", "loop", "in", "root", "secret.txt", ".hidden", "", ".", "..", "...", "~", "%2e%2e"]
    ),
    st.sampled_from(["..\\", "\\", "C:", "\0", "..;", "/etc/passwd", "a\0b", "\udcff", "file.txt/", "NUL", "file.txt::$DATA"]),
    st.text(max_size=5),
)


@given(path=st.lists(segments, max_size=8).map("/".join), hidden=st.booleans())
def test_nothing_outside_is_found(root, path, hidden):
    found = Directory([root], hidden=hidden).find(path)
    assert found is None or Path(found.path).resolve().is_relative_to(root)
    assert found is None or hidden or ".hidden" not in found.path


@given(st.lists(st.sampled_from(["a", "b", "file.txt", "in"]), max_size=4).map("/".join))
def test_what_is_inside_is_found(root, path):
    found = Directory([root]).find(path)
    assert (found is not None) == (root / path).exists()
