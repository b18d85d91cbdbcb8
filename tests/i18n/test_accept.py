"""Which language a browser wants."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trine.i18n import best_language

OFFERS = ("en", "de", "pt_BR", "pt", "zh_Hant_TW")


@pytest.mark.parametrize(
    ("line", "best"),
    [
        ("", None),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr, en;q=0.5, de;q=0.7", "de"),
        ("pt-BR", "pt_BR"),
        ("pt-PT", "pt"),
        ("pt", "pt"),
        ("zh-Hant-HK", "zh_Hant_TW"),
        ("fr", None),
        ("*", "en"),
        ("*;q=0.5, de;q=0.3", "en"),
        ("en;q=0, *", "de"),
        ("de;q=0", None),
        ("DE", "de"),
        ("de;q=2, en;q=0.1", "en"),
        ("de;q=0.1234, en;q=0.1", "en"),
        (";;;,,,;q=1,\x00,de", "de"),
        ("xx-" * 50 + ",de", "de"),
    ],
)
def test_the_language_that_fits_best(line, best):
    assert best_language(line, OFFERS) == best


@given(st.text() | st.from_regex(r"([a-z]{1,8}(-[A-Za-z0-9]{1,8})?(;q=[01](\.[0-9]{1,3})?)?,?)*"))
def test_any_line_gives_an_offer_or_none(line):
    assert best_language(line, OFFERS) in (*OFFERS, None)


@pytest.mark.parametrize("piece", ["a-b-c-d-e-f,", ",", "de;q=0.", ";", "*", "-", "de;q=1;"])
def test_a_hostile_line_takes_no_longer_than_its_length(piece):
    def cost(size: int) -> float:
        line = piece * (size // len(piece))
        best_language.cache_clear()
        start = time.process_time()
        best_language(line, OFFERS)
        return time.process_time() - start

    # What stands behind the limits is not read: a hundred times as long costs the same, but for the copy.
    assert min(cost(4_000_000) for _ in range(3)) < min(cost(40_000) for _ in range(3)) + 0.02
