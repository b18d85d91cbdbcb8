"""Content negotiation."""

import pytest

from trine.http import best_match
from trine.http.negotiate import best_coding

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
OFFERS = ["application/json", "text/html"]


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        (BROWSER, "text/html"),
        ("*/*", "application/json"),
        ("", "application/json"),
        (" , ", "application/json"),
        ("application/json", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        ("text/*", "text/html"),
        ("text/html;q=0.5, application/json;q=0.4", "text/html"),
        ("text/html;q=0.5, application/json;q=0.5", "application/json"),
        ("text/html;q=0.001, application/json;q=0", "text/html"),
        ("*/*, application/json;q=0.1", "text/html"),
        ("text/*;q=1, text/html;q=0.1, */*;q=0.5", "application/json"),
        ("application/json;q=0, */*", "text/html"),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/html;q=0", None),
        ("text/html ; q=0.7 , application/json ; Q=0.8", "application/json"),
        ("text/html;q=2, application/json;q=0.1", "application/json"),
        ("text/html;q=0.1234, application/json;q=0.1", "application/json"),
        ("text/html;q=nan, application/json;q=0.1", "application/json"),
        ("text/html;q=, application/json;q=0.1", "application/json"),
        ("*/html, application/json;q=0.1", "application/json"),
        ("text/html;q=1.000", "text/html"),
        ("text/html;level=1;q=0.5, */*;q=0.2", "application/json"),
        ("text, /, text/, /html", None),
        ("nonsense", None),
    ],
)
def test_best_match(accept, best):
    assert best_match(accept, OFFERS) == best


@pytest.mark.parametrize(
    ("line", "best"),
    [
        ("gzip, br", "br"),
        ("GZIP", "gzip"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
        ("br;q=2, gzip;q=x", None),
        ("identity", None),
        ("", None),
        (", ".join(["deflate"] * 100 + ["br"]), None),
    ],
)
def test_best_coding(line, best):
    assert best_coding(line, ["br", "gzip"]) == best


def test_parameters_take_part():
    offers = ["text/html;level=2", "text/html; Level=1"]
    accept = 'text/html;level="1", text/html;q=0.7'
    assert best_match(accept, offers) == "text/html; Level=1"
    assert best_match("text/html;level=1;q=0.1, text/html;level=2;q=0.2", offers) == "text/html;level=2"


def test_nothing_is_offered():
    assert best_match("*/*", []) is None
    assert best_match("", []) is None


def test_ranges_beyond_the_limit_are_left_unread():
    assert best_match(", ".join(["image/png"] * 100 + ["text/html"]), OFFERS) is None
    assert best_match("image/" + "x" * 10_000 + ", text/html", OFFERS) is None
