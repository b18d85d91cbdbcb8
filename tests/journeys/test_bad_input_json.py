"""Bodies that are no JSON, or more of it than anybody means: refused with a reason by every kind of handler on every server."""

import pytest

from .attack import assert_alive, attack, peak_memory
from .wire import exchange, post

TYPED = ["/pydantic", "/sync", "/msgspec", "/dataclass", "/typeddict", "/tree"]
UNTYPED = ["/dict", "/any", "/request-json"]

GOOD = b'{"name": "a", "width": 2.5, "locks": 3}'
ENDLESS = b"9" * 100_000

BROKEN = {
    "truncated": b'{"name": "a"',
    "malformed": b'{"name": }',
    "single quotes": b"{'name': 'a'}",
    "comment": b'{"name": "a" /* x */}',
    "something after it": b'{"name": "a"} x',
    "null byte": b'{"name": "a\x00b"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"name": "a"}'.encode("utf-16-le"),
    "UTF-32": '{"name": "a"}'.encode("utf-32"),
    "byte order mark": b'\xef\xbb\xbf{"name": "a"}',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "lone surrogate as a key": b'{"name": "a", "\\udfff": 1}',
    "open brackets": b"[" * 100_000,
    "open braces": b'{"a":' * 100_000,
}
NUMBERS = {"NaN": b"NaN", "Infinity": b"Infinity", "-Infinity": b"-Infinity", "1e999": b"1e999", "endless": ENDLESS}


@pytest.fixture(params=["granian", "uvicorn", "hypercorn"])
def port(request, doors):
    return doors(request.param).port


@pytest.mark.parametrize("path", [*TYPED, *UNTYPED, "/two"])
def test_what_is_no_json_is_refused(port, path):
    for name, body in BROKEN.items():
        if path == "/tree" and name == "lone surrogate as a key":
            continue  # A key that no field has: the parser skips it unread.
        answer = attack(port, post(path, body))
        assert answer is not None
        assert answer.status in (400, 422), (name, answer)
        assert answer.json["detail"], name


@pytest.mark.parametrize("path", ["/pydantic", "/sync", "/msgspec", "/dataclass", "/typeddict"])
def test_number_that_is_not_finite_is_refused_in_typed_fields(port, path):
    assert exchange(port, post(path, GOOD)).json["width"] == 2.5
    for field in (b"2.5", b"3"):
        for name, number in NUMBERS.items():
            answer = attack(port, post(path, GOOD.replace(field, number)))
            assert answer is not None
            assert answer.status == 422, (name, answer)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/pydantic", b'{"name": "a", "notes": {"deep": [1, %s]}}'),
        ("/msgspec", b'{"name": "a", "notes": {"deep": [1, %s]}}'),
        ("/dict", b'{"a": %s}'),
        ("/any", b"%s"),
        ("/request-json", b'{"a": %s}'),
        ("/two", b'{"door": {"name": "a"}, "count": %s}'),
    ],
)
def test_number_that_is_not_finite_is_refused_in_untyped_fields(port, path, body):
    for name, number in NUMBERS.items():
        answer = attack(port, post(path, body % number))
        assert answer is not None
        assert answer.status in (400, 422), (name, answer)


@pytest.mark.parametrize("path", ["/pydantic", "/msgspec", "/dict", "/any", "/two", "/tree"])
def test_json_that_nests_too_deep_is_refused(port, path):
    deep = b'{"name": "a", "notes": ' + b"[" * 65 + b"]" * 65 + b"}"
    deeper = deep.replace(b"[" * 65 + b"]" * 65, b'{"a":' * 20_000 + b"1" + b"}" * 20_000)
    branches = b'{"name": "a", "branches": [' * 100 + b"]}" * 100
    for body in (branches,) if path == "/tree" else (deep, deeper):
        answer = attack(port, post(path, body))
        assert answer is not None
        assert (answer.status, answer.json["detail"][0]["type"]) == (422, "json_too_deep")


@pytest.mark.parametrize("path", ["/pydantic", "/sync", "/msgspec", "/dataclass", "/dict", "/any", "/request-json"])
def test_of_equal_keys_the_last_one_counts(port, path):
    for first in (b'"a"', b"1", b"null"):
        answer = attack(port, post(path, b'{"name": ' + first + b', "name": "b"}'))
        assert answer is not None
        assert (answer.status, answer.json["name"]) == (200, "b")


@pytest.mark.parametrize(
    "content_type",
    [None, "", ";", "text/plain", "application/jsonx", "application/json, text/plain", "multipart/form-data", "a" * 5000],
)
def test_body_of_another_type_is_refused(port, content_type):
    for path in ("/pydantic", "/sync", "/msgspec", "/dataclass", "/dict", "/two"):
        answer = attack(port, post(path, GOOD, content_type))
        assert answer is not None
        assert answer.status == 422, (path, answer)


def test_flood_of_misfits_costs_little_and_gets_a_short_answer(doors):
    server = doors("granian")
    assert_alive(server.port)
    before = peak_memory(server)
    for body in (b"[" + b"{}," * 3_000_000 + b"{}]", b"[" + b'"",' * 3_000_000 + b'""]'):
        answer = attack(server.port, post("/doors", body))
        assert answer is not None
        assert answer.status == 422
        assert len(answer.body) < 1000
    wide = b'{"name": 1, ' + b",".join(b'"%x": 0' % number for number in range(700_000)) + b"}"
    answer = attack(server.port, post("/strict", wide))
    assert answer is not None
    assert answer.status == 422
    assert len(answer.body) < 1000
    # A third of it is the body itself, in the server's hands and in Python's; gigabytes without a limit.
    assert peak_memory(server) - before < 400
