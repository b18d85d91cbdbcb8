"""Header lines: lookups, order, and what may not be sent."""

import pytest

from trine.http import Headers, MutableHeaders

RAW = [(b"host", b"example.org"), (b"accept", b"text/html"), (b"accept", b"*/*"), (b"x-name", "naïve".encode("latin-1"))]


@pytest.fixture(params=["raw", "pairs", "mutable"])
def headers(request):
    if request.param == "raw":
        return Headers(raw=RAW)
    pairs = [(name.decode().title(), value.decode("latin-1")) for name, value in RAW]
    return Headers(pairs) if request.param == "pairs" else MutableHeaders(pairs)


def test_names_are_found_in_any_case(headers):
    assert headers["Host"] == headers["HOST"] == headers["host"] == "example.org"
    assert "Host" in headers
    assert headers.get("X-NAME") == "naïve"


def test_first_value_of_a_repeated_name_wins(headers):
    assert headers["accept"] == "text/html"
    assert headers.getlist("Accept") == ["text/html", "*/*"]


def test_missing_names(headers):
    assert headers.get("cookie") is None
    assert headers.get("cookie", "none") == "none"
    assert headers.getlist("cookie") == []
    assert "cookie" not in headers
    assert "Ω" not in headers
    assert None not in headers
    with pytest.raises(KeyError, match="Cookie"):
        headers["Cookie"]


def test_every_line_is_listed_in_order(headers):
    lines = [("host", "example.org"), ("accept", "text/html"), ("accept", "*/*"), ("x-name", "naïve")]
    assert headers.items() == headers.multi_items() == lines
    assert headers.keys() == list(headers) == ["host", "accept", "accept", "x-name"]
    assert headers.values() == [value for _, value in lines]
    assert headers.raw == RAW
    assert len(headers) == 4


def test_lines_become_a_dict_of_first_values(headers):
    assert dict(headers) == {"host": "example.org", "accept": "text/html", "x-name": "naïve"}


def test_raw_names_in_upper_case_are_found():
    headers = Headers(raw=[(b"Host", b"example.org")])
    assert headers["host"] == "example.org"
    assert headers.getlist("host") == ["example.org"]
    assert headers.raw == [(b"host", b"example.org")]


def test_raw_accepts_any_iterable_and_not_both_forms():
    assert Headers(raw=iter(RAW)).getlist("accept") == ["text/html", "*/*"]
    with pytest.raises(TypeError, match=r"^Headers\(\) takes either headers or raw, not both\.$"):
        Headers({"a": "b"}, raw=[])
    with pytest.raises(TypeError, match=r"^MutableHeaders\(\) takes either headers or raw, not both\.$"):
        MutableHeaders({"a": "b"}, raw=[])


def test_headers_are_equal_whatever_the_order_of_different_names():
    one = Headers([("a", "1"), ("b", "2"), ("a", "3")])
    assert one == Headers(raw=[(b"b", b"2"), (b"a", b"1"), (b"a", b"3")])
    assert one != Headers([("a", "3"), ("b", "2"), ("a", "1")])
    assert one != {"a": "1"}


def test_repr_shows_every_line():
    assert repr(Headers({"A": "1"})) == "Headers({'a': '1'})"
    assert repr(MutableHeaders([("a", "1"), ("a", "2")])) == "MutableHeaders([('a', '1'), ('a', '2')])"


@pytest.mark.parametrize(
    ("values", "length"),
    [
        (["0"], 0),
        (["0042"], 42),
        (["5", "5"], 5),
        ([], None),
        (["5", "6"], None),
        (["-1"], None),
        (["+1"], None),
        (["1_000"], None),
        (["5, 5"], None),
        (["٣"], None),
        (["²"], None),
        ([""], None),
        (["9" * 5000], None),
    ],
)
def test_content_length_is_digits_only(values, length):
    assert Headers([("content-length", value) for value in values]).content_length == length


def test_content_type_has_no_parameters():
    assert Headers({"content-type": "Text/HTML ; charset=UTF-8"}).content_type == "text/html"
    assert Headers().content_type is None


def test_setting_replaces_every_line_of_a_name_in_its_place():
    headers = MutableHeaders([("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")])
    headers["A"] = "9"
    headers["d"] = "5"
    assert headers.items() == [("a", "9"), ("b", "2"), ("c", "4"), ("d", "5")]


def test_appending_keeps_other_lines_of_the_name():
    headers = MutableHeaders()
    headers.append("Set-Cookie", "a=1")
    headers.add("set-cookie", "b=2")
    assert headers.getlist("set-cookie") == ["a=1", "b=2"]


def test_deleting_removes_every_line_and_forgives_missing_names():
    headers = MutableHeaders([("a", "1"), ("b", "2"), ("a", "3")])
    del headers["A"]
    del headers["zzz"]
    assert headers.items() == [("b", "2")]


def test_setdefault_keeps_what_is_there():
    headers = MutableHeaders({"a": "1"})
    assert headers.setdefault("A", "2") == "1"
    assert headers.setdefault("b", "3") == "3"
    assert headers.items() == [("a", "1"), ("b", "3")]


def test_update_replaces_names_and_keeps_several_given_values():
    headers = MutableHeaders([("a", "1"), ("b", "2")])
    headers.update([("a", "3"), ("a", "4")])
    assert headers.items() == [("b", "2"), ("a", "3"), ("a", "4")]


def test_merging_with_operators():
    headers = MutableHeaders({"a": "1"})
    assert (headers | {"b": "2"}).items() == [("a", "1"), ("b", "2")]
    assert headers.items() == [("a", "1")]
    headers |= {"a": "3"}
    assert headers.items() == [("a", "3")]
    with pytest.raises(TypeError):
        headers | 3
    with pytest.raises(TypeError):
        headers |= 3


def test_a_mutable_copy_leaves_the_original_alone():
    original = Headers(raw=[(b"a", b"1")])
    copy = original.mutablecopy()
    copy["a"] = "2"
    assert original["a"] == "1"
    assert copy["a"] == "2"


def test_vary_names_are_added_once():
    headers = MutableHeaders()
    headers.add_vary_header("Accept-Encoding")
    headers.add_vary_header("accept-encoding, Cookie")
    assert headers["vary"] == "Accept-Encoding, Cookie"
    headers.add_vary_header("*")
    headers.add_vary_header("Origin")
    assert headers["vary"] == "*"


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b=c", "a\n", "\rb", "a\0b", "a\x1bb", "a\x7f"])
def test_values_cannot_write_lines_of_their_own(value):
    headers = MutableHeaders()
    message = f"Header 'X-Name' with value {value!r} cannot be sent: it may not have line breaks or control characters."
    for write in (
        lambda: headers.__setitem__("X-Name", value),
        lambda: headers.append("X-Name", value),
        lambda: headers.setdefault("X-Name", value),
        lambda: headers.update({"X-Name": value}),
        lambda: MutableHeaders({"X-Name": value}),
        lambda: MutableHeaders(raw=[(b"X-Name", value.encode())]),
    ):
        with pytest.raises(ValueError, match="X-Name") as raised:
            write()
        assert str(raised.value) == message
    assert headers.items() == []


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "ä", "a\0"])
def test_names_are_tokens(name):
    with pytest.raises(ValueError, match="cannot be sent") as raised:
        MutableHeaders({name: "value"})
    assert str(raised.value) == (
        f"Header {name!r} with value 'value' cannot be sent: a name has letters, digits and !#$%&'*+-.^_`|~."
    )


def test_values_that_latin_1_cannot_say_are_refused():
    assert MutableHeaders({"a": "naïve\tsmile"}).raw == [(b"a", b"na\xefve\tsmile")]
    with pytest.raises(ValueError, match=r"^Header 'a' with value '☺' cannot be sent: it may have Latin-1 characters only\.$"):
        MutableHeaders({"a": "☺"})


@pytest.mark.parametrize(("name", "value"), [("a", 1), ("a", b"1"), ("a", None), (b"a", "1"), (1, "1")])
def test_names_and_values_are_text(name, value):
    with pytest.raises(TypeError) as raised:
        MutableHeaders({name: value})
    assert str(raised.value) == f"Header {name!r} with value {value!r} cannot be sent: both must be str."


def test_space_around_a_value_is_not_part_of_it():
    assert MutableHeaders({"a": " 1\t"})["a"] == "1"
