"""Query strings and multi-value mappings."""

import pytest

from trine.http import ImmutableMultiDict, MultiDict, QueryParams, TooManyFields, parse_query


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("", []),
        ("a=1&b=2", [("a", "1"), ("b", "2")]),
        ("a=1&a=2", [("a", "1"), ("a", "2")]),
        ("a", [("a", "")]),
        ("a=", [("a", "")]),
        ("=b", [("", "b")]),
        ("a=b=c", [("a", "b=c")]),
        ("&&a=1&", [("a", "1")]),
        ("a=1;b=2", [("a", "1;b=2")]),
        ("a+b=c+d%2B", [("a b", "c d+")]),
        ("%61=%C3%A4%20", [("a", "ä ")]),
        ("a=%ff%zz%", [("a", "\ufffd%zz%")]),
        ("a=ä", [("a", "ä")]),
        ("a=%00", [("a", "\0")]),
    ],
)
def test_parsing(query, pairs):
    assert parse_query(query) == pairs
    assert parse_query(query.encode()) == pairs


def test_bytes_that_are_no_utf_8_are_replaced():
    assert parse_query(b"a=\xff") == [("a", "\ufffd")]


def test_too_many_fields_are_refused():
    assert len(parse_query("&".join(["a=1"] * 1000))) == 1000
    with pytest.raises(TooManyFields) as raised:
        parse_query("&".join(["a=1"] * 1001))
    assert str(raised.value) == "The query has 1001 fields, more than the 1000 that are accepted."
    assert (raised.value.count, raised.value.limit) == (1001, 1000)
    with pytest.raises(ValueError, match=r"^The query has 2001 fields, more than the 1000 that are accepted\.$"):
        QueryParams("&" * 2000)


def test_the_limit_can_be_chosen():
    assert parse_query("a=1&b=2", max_fields=2) == [("a", "1"), ("b", "2")]
    with pytest.raises(TooManyFields):
        parse_query("a=1&b=2", max_fields=1)


def test_last_value_wins_and_all_are_listed():
    query = QueryParams("a=1&b=2&a=3")
    assert query["a"] == query.get("a") == "3"
    assert query.getlist("a") == ["1", "3"]
    assert query.getlist("z") == []
    assert query.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert list(query.items()) == [("a", "3"), ("b", "2")]
    assert list(query) == ["a", "b"]
    assert len(query) == 2
    assert "b" in query
    assert "z" not in query
    assert query.get("z") is None
    with pytest.raises(KeyError):
        query["z"]


@pytest.mark.parametrize(
    "query",
    [
        QueryParams("a=1&b=2"),
        QueryParams(b"a=1&b=2"),
        QueryParams({"a": 1, "b": "2"}),
        QueryParams([("a", "1"), ("b", 2)]),
        QueryParams(QueryParams("a=1&b=2")),
        QueryParams(MultiDict([("a", "1"), ("b", "2")])),
        QueryParams(a=1, b=2),
        QueryParams("a=1", b=2),
    ],
)
def test_queries_are_built_from_many_forms(query):
    assert query == QueryParams("a=1&b=2")
    assert hash(query) == hash(QueryParams("a=1&b=2"))
    assert str(query) == "a=1&b=2"


def test_text_and_repr_are_encoded():
    query = QueryParams(q="ä &=", empty="")
    assert str(query) == "q=%C3%A4+%26%3D&empty="
    assert repr(query) == "QueryParams('q=%C3%A4+%26%3D&empty=')"
    assert str(QueryParams(a="\ud800")) == "a=%3F"


def test_order_counts_between_values_of_one_key_only():
    assert QueryParams("a=1&b=2&a=3") == QueryParams("b=2&a=1&a=3")
    assert QueryParams("a=1&a=3") != QueryParams("a=3&a=1")
    assert QueryParams("a=1") != {"a": "1"}


def test_immutable_multidict_takes_any_values():
    values = ImmutableMultiDict([("a", 1), ("a", [2])])
    assert values["a"] == [2]
    assert values == ImmutableMultiDict([("a", 1)], a=[2])
    assert repr(values) == "ImmutableMultiDict([('a', 1), ('a', [2])])"


def test_multidict_changes():
    values = MultiDict([("a", 1), ("b", 2), ("a", 3)])
    values.append("b", 4)
    assert values.getlist("b") == [2, 4]
    values["a"] = 5
    assert values.getlist("a") == [5]
    values.setlist("c", [6, 7])
    assert values["c"] == 7
    assert values.poplist("b") == [2, 4]
    assert values.poplist("b") == []
    assert values.multi_items() == [("a", 5), ("c", 6), ("c", 7)]
    del values["c"]
    with pytest.raises(KeyError):
        del values["c"]
    assert values.setdefault("d", 8) == 8
    assert values.pop("d") == 8
    assert values.pop("d", None) is None
    values.update([("a", 9), ("a", 10)], e=11)
    assert values.multi_items() == [("a", 9), ("a", 10), ("e", 11)]
    assert values.popitem()[0] in ("a", "e")
    values.clear()
    assert not values
    assert values.multi_items() == []


def test_a_multidict_is_independent_of_what_it_was_built_from():
    original = MultiDict(a=1)
    copy = MultiDict(original)
    copy["a"] = 2
    assert original["a"] == 1
