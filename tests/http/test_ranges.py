"""Byte ranges."""

import pytest

from trine.http.ranges import UnsatisfiableRange, parse_range


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        ("bytes=0-499", [(0, 500)]),
        ("bytes=500-", [(500, 1000)]),
        ("bytes=-100", [(900, 1000)]),
        ("bytes=-5000", [(0, 1000)]),
        ("bytes=990-5000", [(990, 1000)]),
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-0,-1", [(0, 1), (999, 1000)]),
        ("bytes= 0-0 , 5-6 ", [(0, 1), (5, 7)]),
        ("bytes=,0-0,,", [(0, 1)]),
        ("Bytes=0-0", [(0, 1)]),
        ("bytes=500-600,0-10", [(0, 11), (500, 601)]),
        ("bytes=0-10,5-20", [(0, 21)]),
        ("bytes=0-9,10-19", [(0, 20)]),
        ("bytes=0-100,20-30", [(0, 101)]),
        ("bytes=0-0,2000-", [(0, 1)]),
        ("bytes=0-0,-0", [(0, 1)]),
        ("bytes=000000000000000000000000000001-2", [(1, 3)]),
        ("bytes=1-" + "9" * 4000, [(1, 1000)]),
        ("bytes=" + ",".join(["0-"] * 100), [(0, 1000)]),
    ],
)
def test_ranges(header, ranges):
    assert parse_range(header, 1000) == ranges


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes 0-5",
        "items=0-5",
        "bytes=a-b",
        "bytes=0",
        "bytes=-",
        "bytes=5-2",
        "bytes=0-1,5-2",
        "bytes=0-1-2",
        "bytes=+1-2",
        "bytes=1_0-20",
        "bytes=--5",
        "bytes=٣-٤",
        "bytes=0-²",
        "bytes=" + ",".join(["0-"] * 101),
        "bytes=0-1" + "," * 5000,
    ],
)
def test_lines_that_are_ignored(header):
    assert parse_range(header, 1000) == []


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=5000-,9999-", f"bytes={'9' * 50}-"])
def test_ranges_behind_the_end(header):
    with pytest.raises(UnsatisfiableRange) as raised:
        parse_range(header, 1000)
    assert raised.value.size == 1000
    assert str(raised.value) == "None of the ranges lies within the 1000 bytes of the content."


def test_empty_content_is_sent_whole():
    assert parse_range("bytes=0-10", 0) == []
    assert parse_range("bytes=-10", 0) == []
