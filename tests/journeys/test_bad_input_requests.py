"""Requests that no client sends by mistake: lines, headers, hosts, targets, methods and framing, on every server."""

import pytest

from .attack import assert_alive, assert_refused, attack
from .wire import Wire, exchange, get, post

BODY = b'{"name": "a"}'


@pytest.fixture(params=["granian", "uvicorn", "hypercorn"])
def engine(request):
    return request.param


@pytest.fixture
def port(engine, doors):
    return doors(engine).port


@pytest.fixture(params=["granian", "uvicorn"])
def strict_port(request, doors):
    """Of the servers whose parser takes nothing but the RFC's syntax. Hypercorn's is more lenient: see docs/how-to/limits.md."""
    return doors(request.param).port


def raw(*lines: str, body: bytes = b"", target: str = "/pydantic") -> bytes:
    return get(target, "Content-Type: application/json", *lines, method="POST") + body


# Headers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "X-A : b",
        " X-A: b",
        "no colon",
        ": no name",
        "X-A: a\x00b",
        "X-A: a\rb",
        "X-A: \x01",
        "X-A: a\r\n folded",
        "X-\xe9: a",
        '"X": a',
    ],
)
def test_header_that_breaks_the_syntax_is_refused(strict_port, line):
    assert_refused(strict_port, raw(line, f"Content-Length: {len(BODY)}", body=BODY))


def test_flood_of_headers_is_refused(port):
    for count in (150, 5000):
        assert_refused(port, get("/", *(f"X-{number}: value" for number in range(count))))


def test_headers_that_are_too_large_are_refused(port):
    # The limit is 64 kB; Granian's ASGI interface and Uvicorn may read more first, and count afterwards.
    assert_refused(port, get("/", "X-A: " + "a" * 66_000))
    assert_refused(port, get("/", "X-A: " + "a" * 200_000))
    assert_refused(port, get("/", "X-" + "a" * 200_000 + ": a"))
    assert_refused(port, get("/", *(f"X-{number}: {'a' * 2000}" for number in range(90))))
    assert_refused(port, get("/cookie", "Cookie: " + "; ".join(f"c{number}=v" for number in range(20_000))))


def test_cookies_of_100_kb_are_refused_or_left_out(port):
    answer = attack(port, get("/cookie", "Cookie: " + "a=b; " * 20_000 + "session=late"))
    assert answer is not None
    assert answer.status == 431 or (answer.status, answer.json) == (200, {"session": "none"})


def test_cookies_without_sense_are_left_out(port):
    for cookies in ("=", ";;;=;=", 'session="', "session=\\", "a" * 50_000, "; ".join(["a=b"] * 10_000)):
        answer = attack(port, get("/cookie", f"Cookie: {cookies}"))
        assert answer is not None
        assert answer.status == 200


# Hosts ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "",
        "localhost:abc",
        "local host",
        "localhost/x",
        "localhost@evil.example",
        "[::1",
        "[::1]x",
        "a,localhost",
        "127.0.0.1:1:2",
        "a" * 300,
        "localhost\\",
        "\xe9",
        "-",
    ],
)
def test_host_that_is_not_served_is_refused(port, host):
    assert_refused(port, get("/", host=host))


def test_a_request_names_one_host(port):
    for other in ("localhost", "evil.example"):
        assert_refused(port, get("/", f"Host: {other}"))
    assert_refused(port, b"GET / HTTP/1.1\r\n\r\n")
    assert_refused(port, b"GET / HTTP/1.0\r\n\r\n")


def test_host_is_never_taken_from_the_request_line(port):
    answer = attack(port, get("http://evil.example/search/"))
    assert answer is not None
    assert "evil.example" not in (answer.header("location") or "")


# Targets --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "status", "value"),
    [
        ("/items/a%00b", 200, {"name": "a\0b"}),
        ("/items/%ff%fe", 200, {"name": "\ufffd\ufffd"}),
        ("/items/%c0%ae%c0%ae", 200, {"name": "\ufffd" * 4}),
        ("/items/%ed%a0%80", 200, {"name": "\ufffd" * 3}),
        ("/items/%", 200, {"name": "%"}),
        ("/items/%zz", 200, {"name": "%zz"}),
        ("/items/%0d%0aSet-Cookie:a=b", 200, {"name": "\r\nSet-Cookie:a=b"}),
        ("/items/a%2Fb", 404, {"detail": "Not Found"}),
        ("/items/..%2f..%2fetc%2fpasswd", 404, {"detail": "Not Found"}),
        ("/items/../../etc/passwd", 404, {"detail": "Not Found"}),
        ("/files/../../etc/passwd", 200, {"path": "../../etc/passwd"}),
        ("/files/%2e%2e/%2e%2e/etc/passwd", 200, {"path": "../../etc/passwd"}),
        ("//evil.example/..", 404, {"detail": "Not Found"}),
        ("/.", 404, {"detail": "Not Found"}),
        ("/docs%00", 404, {"detail": "Not Found"}),
        ("/openapi.json%2f", 307, None),
    ],
)
def test_path_is_decoded_once_and_never_leads_elsewhere(port, target, status, value):
    answer = attack(port, get(target))
    assert answer is not None
    assert answer.status == status
    if value is not None:
        assert answer.json == value


@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "NaN", "%D9%A1", "0x10", "1.5", ""])
def test_number_in_a_path_must_be_one(port, number):
    assert_refused(port, get(f"/numbers/{number}"))


@pytest.mark.parametrize(
    "query",
    [
        "size=NaN",
        "size=inf",
        "size=1e999",
        "size=-Infinity",
        "size=" + "9" * 5000,
        "page=" + "9" * 5000,
        "page=1e5",
        "page=%D9%A1",
    ],
)
def test_number_in_a_query_must_be_finite(port, query):
    answer = attack(port, get(f"/search?{query}"))
    assert answer is not None
    assert answer.status == 422


@pytest.mark.parametrize(("query", "q"), [("q=%00", "\0"), ("q=%ff", "\ufffd"), ("q=%ed%a0%80", "\ufffd" * 3), ("q=%", "%")])
def test_query_is_decoded_without_an_error(port, query, q):
    answer = attack(port, get(f"/search?;&&=&==&{query}"))
    assert answer is not None
    assert (answer.status, answer.json["q"]) == (200, q)


def test_flood_of_query_parameters_is_refused(port):
    assert_refused(port, get("/search?" + "&".join(f"a{number}=1" for number in range(10_000))))
    answer = attack(port, get("/search?" + "&".join(["a="] * 5000)))
    assert answer is not None
    assert (answer.status, answer.json) == (400, {"detail": "The query has 5000 fields, more than the 1000 that are accepted."})


def test_target_that_is_too_long_is_refused(port):
    assert_refused(port, get("/search?q=" + "a" * 200_000))
    assert_refused(port, get("/" + "a/" * 100_000))
    assert_refused(port, get("/items/" + "%41" * 60_000))


@pytest.mark.parametrize("target", ["", "nowhere", "localhost:80", "/items/ a", "/items/\xff", "/search?q=\xff", "*"])
def test_target_that_is_no_path_is_refused(port, target):
    assert_refused(port, get(target.encode("latin-1")))


@pytest.mark.parametrize("target", ["/docs", "/redoc", "/openapi.json"])
def test_documentation_stands_the_same_attacks(port, target):
    assert_refused(port, get(f"{target}/../../etc/passwd"))
    assert_refused(port, get(target, method="POST"))
    assert_refused(port, get(target, host="evil.example"))
    for query in ("a=%00", "a=%ff", "&".join(["a=1"] * 5000), "%3Cscript%3Ealert(1)%3C/script%3E"):
        answer = attack(port, get(f"{target}?{query}"))
        assert answer is not None
        assert answer.status == 200
        assert "<script>alert" not in answer.text
    with_range = attack(port, get(target, "Range: bytes=" + ",".join("0-1" for _ in range(1000))))
    assert with_range is not None
    assert with_range.status in (200, 416)


# Methods --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method", ["FOO", "get", "1", "M-SEARCH", "TRACE", "DEBUG", "PRI", "G" * 300, "GE T", "(", "\0", "CONNECT"]
)
def test_method_that_nobody_answers_is_refused(strict_port, method):
    assert_refused(strict_port, get("/numbers/1", method=method))
    assert_refused(strict_port, get("localhost:80", method=method))


@pytest.mark.parametrize(
    "start",
    [b"GET / HTTP/9.9", b"GET / HTTP/1.1x", b"GET / HTTP/", b"\x16\x03\x01\x02\x00\x01" + b"\0" * 99, b"SSH-2.0-x"],
)
def test_what_is_no_http_is_refused(strict_port, start):
    assert_refused(strict_port, start + b"\r\nHost: localhost\r\n\r\n")


# Framing --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", ["+13", "-1", "-13", "9" * 30, "0x0d", "13,14", "1e1", "13;", "1_3", "13 13", "", "\xb2"])
def test_length_that_is_no_number_is_refused(port, length):
    assert_refused(port, raw(f"Content-Length: {length}", body=BODY))


def test_two_lengths_that_differ_are_refused(port):
    assert_refused(port, raw("Content-Length: 13", "Content-Length: 5", body=BODY))


@pytest.mark.parametrize(
    "coding", ["gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "xchunked", "chunked\x0b"]
)
def test_coding_that_nobody_decodes_is_refused(port, engine, coding):
    answer = exchange(port, raw(f"Transfer-Encoding: {coding}", body=b"d\r\n" + BODY + b"\r\n0\r\n\r\n"))
    assert_alive(port)
    if engine == "hypercorn":
        assert answer is not None
        assert answer.status in (400, 501)  # RFC 9112 §6.1 asks for 501.
    elif engine == "uvicorn" and coding == "gzip, chunked":
        assert answer is not None
        assert answer.status == 200  # httptools takes it: see docs/how-to/limits.md.
    else:
        assert answer is None or answer.status == 400


CHUNKS = {
    "negative": b"-1\r\nx\r\n",
    "hexadecimal mark": b"0xd\r\n" + BODY + b"\r\n0\r\n\r\n",
    "plus": b"+d\r\n" + BODY + b"\r\n0\r\n\r\n",
    "space before": b" d\r\n" + BODY + b"\r\n0\r\n\r\n",
    "too many digits": b"fffffffffffffffff\r\n" + BODY + b"\r\n",
    "no number": b"zz\r\n",
    "no size": b"\r\n" + BODY + b"\r\n0\r\n\r\n",
    "underscore": b"1_0\r\n",
    "longer than it says": b"c\r\n" + BODY + b"\r\n0\r\n\r\n",
    "shorter than it says": b"e\r\n" + BODY + b"\r\n0\r\n\r\n",
    "no line break after it": b"d\r\n" + BODY + b"0\r\n\r\n",
    "endless extension": b"d;" + b"a" * 200_000,
}


@pytest.mark.parametrize("path", ["/pydantic", "/msgspec", "/request-json", "/count"])
def test_broken_chunks_are_no_body(doors, path):
    for engine in ("granian", "uvicorn"):
        port = doors(f"{engine} impatient").port
        for name, chunks in CHUNKS.items():
            if engine == "uvicorn" and name == "endless extension":
                continue  # httptools skips extensions of any length; nothing of them is kept.
            answer = attack(port, raw("Transfer-Encoding: chunked", body=chunks, target=path))
            assert answer is None or answer.status in (400, 408), (name, answer)


def test_one_good_chunk_before_a_broken_one_does_not_make_a_body(port):
    for end in (b"-1\r\n", b"zz\r\n", b"+1\r\nx\r\n"):
        assert_refused(port, raw("Transfer-Encoding: chunked", body=b"d\r\n" + BODY + b"\r\n" + end))


# Connections ----------------------------------------------------------------------------------------------------------


def test_refusals_keep_the_connection(port):
    refusals = [
        (get("/nowhere"), 404),
        (get("/", method="DELETE"), 405),
        (get("/search?size=NaN"), 422),
        (get("/items/%ff"), 200),
        (post("/pydantic", b'{"name": '), 422),
        (post("/msgspec", b'{"name": "\xff"}'), 422),
        (post("/pydantic", b"x", "text/plain"), 422),
        (get("/echo/header?value=a%0d%0ab"), 400),
        (get("/", host="evil.example"), 400),
        (get("/"), 200),
    ]
    with Wire(port) as wire:
        for data, status in refusals:
            wire.send(data)
            answer = wire.receive()
            assert answer is not None
            assert answer.status == status, (data, answer)


def test_pipelined_requests_are_answered_in_order(port):
    wanted = [f"/items/{number}" for number in range(50)]
    with Wire(port, b"".join(get(target) for target in wanted)) as wire:
        answers = [wire.receive() for _ in wanted]
    assert [answer and answer.json for answer in answers] == [{"name": str(number)} for number in range(50)]


def test_pipelined_request_after_a_bad_one_is_not_taken_for_its_body(port):
    with Wire(port, post("/pydantic", b'{"name": ') + get("/items/next")) as wire:
        first, second = wire.receive(), wire.receive()
    assert first is not None
    assert first.status == 422
    assert second is None or (second.status, second.json) == (200, {"name": "next"})
    assert_alive(port)


def test_request_hidden_in_a_refused_body_is_never_answered(port):
    hidden = get("/items/hidden")
    with Wire(port, raw("Content-Length: 99999999999", body=hidden * 3)) as wire:
        first = wire.receive()
        assert first is None or first.status in (400, 413)
        assert wire.receive() is None
    assert_alive(port)
