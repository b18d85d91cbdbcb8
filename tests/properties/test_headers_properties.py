"""Header lines: whatever is written, one line stays one line."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from trine.http import Headers, MutableHeaders
from trine.http.parameters import parse_parameters

tokens = st.text(st.sampled_from("abcXYZ019!#$%&'*+-.^_`|~"), min_size=1)
values = st.one_of(st.text(), st.text(st.sampled_from("a \t\r\n\0\x7f\x85\xa0ä☺\ud800")))


@given(st.one_of(tokens, st.text()), values)
def test_a_line_that_is_accepted_is_one_line(name, value):
    headers = MutableHeaders()
    try:
        headers[name] = value
    except ValueError:
        assert headers.raw == []
        return
    ((raw_name, raw_value),) = headers.raw
    assert raw_name == name.lower().encode()
    assert raw_value.decode("latin-1") == value.strip(" \t")
    assert not any(byte < 32 and byte != 9 for byte in raw_name + raw_value)


@given(st.lists(st.tuples(tokens, st.text(st.characters(min_codepoint=32, max_codepoint=126)))))
def test_raw_and_decoded_headers_answer_alike(pairs):
    decoded = Headers(pairs)
    raw = Headers(raw=decoded.raw)
    for name, _ in pairs:
        assert Headers(raw=decoded.raw)[name.upper()] == decoded[name]
        assert Headers(raw=decoded.raw).getlist(name.swapcase()) == decoded.getlist(name)
    assert raw == decoded
    assert raw.items() == decoded.items()
    assert MutableHeaders(raw=decoded.raw).keys() == decoded.keys()


@given(st.lists(st.tuples(st.binary(), st.binary())), st.text())
def test_any_received_bytes_can_be_looked_at(lines, name):
    headers = Headers(raw=lines)
    assert (name in headers) == (headers.get(name) is not None) == bool(headers.getlist(name))
    assert headers.content_length is None or headers.content_length >= 0
    assert len(headers) == len(lines)
    repr(headers)


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.dictionaries(tokens.map(str.lower), st.text(), max_size=5))
def test_quoted_parameters_are_read_back(parameters):
    written = "form-data" + "".join(f"; {name}={quoted(value)}" for name, value in parameters.items())
    assert parse_parameters(written) == parameters


@given(st.one_of(st.text(), st.text(st.sampled_from(';="\\a \t*'))))
def test_any_parameters_are_read_or_refused(text):
    with contextlib.suppress(ValueError):
        parse_parameters(text)
