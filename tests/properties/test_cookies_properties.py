"""Cookies: any value comes back, any line is read."""

from hypothesis import given
from hypothesis import strategies as st

from trine.http import parse_cookies, render_cookie

names = st.text(st.sampled_from("abcXYZ019!#$%&'*+-.^_`|~"), min_size=1).filter(lambda name: not name.startswith("__"))
values = st.text(st.characters(exclude_categories=["Cs"]))
hostile = st.text(st.sampled_from('=;,"\\ \t013a\xa0\xc3\xa4☺'))


@given(st.dictionaries(names, st.one_of(values, hostile), max_size=20))
def test_values_come_back(cookies):
    header = "; ".join(render_cookie(name, value, path=None, samesite=None) for name, value in cookies.items())
    assert parse_cookies(header) == cookies


@given(names, st.one_of(values, hostile))
def test_a_value_stays_in_its_place(name, value):
    line = render_cookie(name, value)
    assert line.isascii()
    assert line.isprintable()
    assert line.count(";") == 2
    assert line.endswith("; Path=/; SameSite=lax")


@given(st.one_of(st.text(), hostile))
def test_any_line_is_read(header):
    for name, value in parse_cookies(header).items():
        assert name
        assert ";" not in name
        assert name == name.strip(" \t")
        assert len(value) <= len(header)


@given(names, hostile, hostile)
def test_a_cookie_is_found_whatever_stands_around_it(name, before, after):
    expected = {name: "1"} | parse_cookies(before)
    assert parse_cookies(f"{before};{name}=1;{after}").items() >= expected.items()
