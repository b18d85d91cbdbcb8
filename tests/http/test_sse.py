"""Server-sent events on the wire."""

import pytest

from trine.http.sse import ServerSentEvent, encode_event


@pytest.mark.parametrize(
    ("event", "wire"),
    [
        (ServerSentEvent(data={"a": [1, None]}), b'data: {"a":[1,null]}\n\n'),
        (ServerSentEvent(data="text"), b'data: "text"\n\n'),
        (ServerSentEvent(data="a\nb"), b'data: "a\\nb"\n\n'),
        (ServerSentEvent(data=0), b"data: 0\n\n"),
        (ServerSentEvent(raw_data="text"), b"data: text\n\n"),
        (ServerSentEvent(raw_data=""), b"data: \n\n"),
        (ServerSentEvent(raw_data="a\nb\r\nc\rd\n"), b"data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
        (ServerSentEvent(raw_data="a\u2028b\x0bc\x85d"), "data: a\u2028b\x0bc\x85d\n\n".encode()),
        (ServerSentEvent(raw_data="\ud800"), b"data: ?\n\n"),
        (ServerSentEvent(comment="ping"), b": ping\n\n"),
        (ServerSentEvent(comment="a\nb"), b": a\n: b\n\n"),
        (ServerSentEvent(retry=0), b"retry: 0\n\n"),
        (ServerSentEvent(id=""), b"id: \n\n"),
        (
            ServerSentEvent(comment="c", event="e", raw_data="d", id="7", retry=1000),
            b": c\nevent: e\ndata: d\nid: 7\nretry: 1000\n\n",
        ),
    ],
)
def test_encoding(event, wire):
    assert encode_event(event) == wire


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"event": "a\nb"}, "An event's event cannot be 'a\\nb': it must be one line."),
        ({"event": "a\rb"}, "An event's event cannot be 'a\\rb': it must be one line."),
        ({"id": "a\nb"}, "An event's id cannot be 'a\\nb': it must be one line."),
        ({"id": "a\0"}, "An event's id cannot be 'a\\x00': browsers ignore an id with a null character."),
        ({"retry": -1}, "An event's retry cannot be -1: it is a number of milliseconds."),
        ({"data": 1, "raw_data": "1"}, "An event has either data or raw_data, not both."),
    ],
)
def test_what_would_break_the_stream_is_refused(fields, message):
    with pytest.raises(ValueError, match="event") as raised:
        ServerSentEvent(**fields)
    assert str(raised.value) == message
