"""Parameters of header values."""

import pytest

from trine.http.parameters import decode_extended, parse_parameters


@pytest.mark.parametrize(
    ("value", "parameters"),
    [
        ("", {}),
        ("text/html", {}),
        ("text/html;", {}),
        ("text/html; charset=utf-8", {"charset": "utf-8"}),
        ("text/html ;CHARSET = utf-8 ; a=b", {"charset": "utf-8", "a": "b"}),
        ('a; b="c; d=e"; f=g', {"b": "c; d=e", "f": "g"}),
        (r'a; b="\"\\ \n"', {"b": r'"\ \n'}),
        ('a; b=""', {"b": ""}),
        ("a; b=", {"b": ""}),
        ("a; b=c d", {"b": "c d"}),
    ],
)
def test_parsing(value, parameters):
    assert parse_parameters(value) == parameters


@pytest.mark.parametrize("value", ['a; b="c', 'a; b="c"d', 'a; b=c"d"', "a; b", "a; =b", "a; b c=d", 'a; b="\\"'])
def test_malformed(value):
    with pytest.raises(ValueError, match="malformed") as raised:
        parse_parameters(value)
    assert str(raised.value) == f"The header value {value!r} has malformed parameters."


def test_twice():
    with pytest.raises(ValueError, match=r"^The header value 'a; b=1; B=2' has the parameter 'b' twice\.$"):
        parse_parameters("a; b=1; B=2")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("utf-8''a%20b", "a b"),
        ("UTF-8'de'%C3%A4", "ä"),
        ("iso-8859-1''%E4", "ä"),
        ("utf-8''", ""),
        ("utf-8'a", None),
        ("utf-8", None),
        ("", None),
        ("utf-16''a", None),
    ],
)
def test_extended_values(value, text):
    assert decode_extended(value) == text
