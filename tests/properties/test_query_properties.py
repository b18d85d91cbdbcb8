"""Queries, forms and URLs: any input."""

import contextlib
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trine.http import URL, MultiDict, QueryParams, TooManyFields, parse_query
from trine.http.query import last_values

texts = st.text(st.characters(exclude_categories=["Cs"]))
pairs = st.lists(st.tuples(texts, texts), max_size=20)
hostile = st.text(st.sampled_from("&=+%;a0fF \0\r\n\xff☺"))


@given(pairs)
def test_what_is_written_is_read_back(pairs):
    written = str(QueryParams(pairs))
    assert written.isascii()
    assert parse_query(written) == pairs
    assert QueryParams(written) == QueryParams(pairs)


@given(st.binary())
def test_any_bytes_give_text_that_can_be_sent(data):
    for name, value in parse_query(data):
        (name + value).encode()


@given(st.one_of(st.text(), hostile))
def test_any_text_is_read(text):
    query = QueryParams(text)
    assert sum(len(query.getlist(name)) for name in query) == len(query.multi_items())
    assert str(query).isascii()


@given(st.one_of(st.text(max_size=8), hostile))
@example("")
@example("a=1")
def test_the_short_form_gives_the_last_values(query):
    assert last_values(query) == dict(parse_query(query))


@given(st.text(st.sampled_from("%0aAfFcC39é☺")))
def test_percent_signs_mean_what_the_standard_library_says(text):
    assert parse_query(f"a={text}") == [("a", unquote(text, errors="replace"))]


@given(st.integers(0, 30), st.integers(1, 20))
def test_the_limit_is_exact(separators, limit):
    if separators + 1 <= limit:
        parse_query("&" * separators, max_fields=limit)
    else:
        with pytest.raises(TooManyFields):
            parse_query("&" * separators, max_fields=limit)


@given(pairs, st.lists(st.tuples(st.sampled_from(["set", "append", "delete", "update"]), texts, texts)))
def test_a_multidict_agrees_with_its_list(pairs, changes):
    values = MultiDict(pairs)
    for change, key, value in changes:
        if change == "set":
            values[key] = value
        elif change == "append":
            values.append(key, value)
        elif change == "delete":
            values.pop(key, None)
        else:
            values.update([(key, value), (key, value)])
        assert dict(values) == dict(values.multi_items())
        assert all(values.getlist(key)[-1] == value for key, value in values.items())


@given(st.one_of(st.text(), hostile, st.text(st.sampled_from("h:/?#@[]a0.\\ \t\n"))))
def test_any_text_can_be_a_url_until_its_parts_are_read(text):
    url = URL(text)
    assert url == text
    repr(url)
    for read in (lambda: url.hostname, lambda: url.port, lambda: url.path, lambda: url.is_secure):
        with contextlib.suppress(ValueError):
            read()


@given(
    st.text(st.characters(exclude_characters="/?#@:", exclude_categories=["Cs"])), st.text(st.sampled_from("abc@:x"), min_size=5)
)
def test_a_password_is_never_shown(username, password):
    assert f"{password}@" not in repr(URL(f"https://{username}:{password}@example.org/"))


@given(pairs, texts)
def test_query_parameters_of_a_url(pairs, value):
    url = URL("/a?" + str(QueryParams(pairs)))
    changed = url.include_query_params(name=value)
    assert QueryParams(changed.query).getlist("name") == [value]
    assert QueryParams(changed.remove_query_params("name").query) == QueryParams(url.remove_query_params("name").query)
