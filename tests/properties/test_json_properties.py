"""JSON bodies: how deep they nest, and what is left of equal keys, for any input."""

import json

from hypothesis import given
from hypothesis import strategies as st

from trine.binding.validate import too_deep, without_equal_keys
from trine.http.json import decode_json

# Strings that look like structure are what a depth counter must not fall for.
texts = st.text(alphabet='[]{}"\\,: aé\u2028')
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=40,
)


def depth_of(value) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(values, st.integers(1, 6), st.booleans())
def test_depth_is_that_of_the_value(value, limit, escapes):
    body = json.dumps(value, ensure_ascii=escapes).encode()
    assert too_deep(body, limit) == (depth_of(value) > limit)


@given(st.binary(max_size=200) | st.text(alphabet='[]{}"\\', max_size=200).map(str.encode), st.integers(1, 6))
def test_depth_of_anything_is_found_without_an_error(body, limit):
    # What is no JSON at all may be called deep or not; the parser refuses it. What it takes is never deeper than is said.
    is_deep = too_deep(body, limit)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    assert is_deep == (depth_of(value) > limit)


@given(st.binary(max_size=200))
def test_decoding_anything_gives_a_value_or_a_reason(body):
    try:
        value = decode_json(body)
    except ValueError:
        return
    assert json.loads(body.decode()) == value


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), max_size=6))
def test_of_equal_keys_the_last_one_is_left(pairs):
    from msgspec import ValidationError

    body = ("{" + ",".join(f'"{key}": {value}' for key, value in pairs) + "}").encode()
    plain = without_equal_keys(body, ValidationError())
    if len(dict(pairs)) == len(pairs):
        assert plain is None
    else:
        assert plain is not None
        assert json.loads(plain) == dict(pairs)
