"""Ranges, Accept lines and events: any input."""

from hypothesis import given
from hypothesis import strategies as st

from trine.http import best_match
from trine.http.ranges import UnsatisfiableRange, parse_range
from trine.http.sse import ServerSentEvent, encode_event

sizes = st.integers(1, 200)
number = st.integers(0, 250)
specs = st.one_of(
    st.tuples(number, number).map(lambda ends: (min(ends), max(ends))),
    st.tuples(number, st.none()),
    st.tuples(st.none(), number),
)


def wanted(spec, size):
    first, last = spec
    if first is None:
        return set(range(max(size - last, 0), size))
    return set(range(first, size if last is None else min(last + 1, size)))


@given(st.lists(specs, min_size=1, max_size=20), sizes)
def test_exactly_the_wanted_bytes(specs, size):
    header = "bytes=" + ", ".join(f"{'' if a is None else a}-{'' if b is None else b}" for a, b in specs)
    bytes_wanted = set().union(*(wanted(spec, size) for spec in specs))
    try:
        ranges = parse_range(header, size)
    except UnsatisfiableRange:
        assert not bytes_wanted
        return
    assert set().union(*(range(start, stop) for start, stop in ranges)) == bytes_wanted


@given(st.one_of(st.text(), st.text(st.sampled_from("0159-, =")).map("bytes=".__add__)), st.integers(0, 10**12))
def test_any_line_gives_ranges_within_the_content(header, size):
    try:
        ranges = parse_range(header, size)
    except UnsatisfiableRange:
        return
    ends = [end for pair in ranges for end in pair]
    assert ends == sorted(set(ends))
    assert not ends or (ends[0] >= 0 and ends[-1] <= size)


offers = st.lists(st.sampled_from(["text/html", "application/json", "text/html;level=1", "image/png", "*/*", "nonsense"]))
accepts = st.text(st.sampled_from('texhml/*;q=01.,apliconjs \t"-')) | st.text()


@given(accepts, offers)
def test_any_accept_line_gives_an_offer_or_none(accept, offers):
    best = best_match(accept, offers)
    assert best is None or best in offers


@given(st.lists(st.sampled_from(["*/*", "text/*;q=0.5", "image/png", "text/html;level=1"])).map(", ".join))
def test_a_refused_type_is_never_given(accept):
    assert best_match(f"text/html;q=0, {accept}", ["text/html"]) is None


lines = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))
texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n:"))


def dispatch(wire):
    """Read one event as a browser does (WHATWG HTML §9.2.6)."""
    data, name, last_id, retry = [], "", None, None
    text = wire.decode()
    assert text.endswith("\n\n")
    for line in text[:-1].split("\n")[:-1]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id":
            last_id = value
        elif field == "retry":
            retry = int(value)
        else:
            assert field == ""
    return "\n".join(data) if data else None, name, last_id, retry


@given(st.none() | texts, lines, st.none() | lines, st.none() | st.integers(0), st.none() | texts)
def test_a_browser_reads_what_was_sent(data, name, last_id, retry, comment):
    wire = encode_event(ServerSentEvent(raw_data=data, event=name, id=last_id, retry=retry, comment=comment))
    expected = None if data is None else data.replace("\r\n", "\n").replace("\r", "\n")
    assert "\r" not in wire.decode()
    assert dispatch(wire) == (expected, name, last_id, retry)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_one_event(value):
    assert encode_event(ServerSentEvent(data=value, event="e")).count(b"\n\n") == 1
