"""Where one request ends and the next begins: smuggling, chunks, header lines, hosts and request lines (RFC 9112)."""

from .kit import Case, both, chunked, cut, either, get, post, raw, refused, says, status, without

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
_ECHO = "POST /echo HTTP/1.1"
_HOST = "Host: localhost"


def _post(*lines: str | bytes, body: str | bytes = b"") -> bytes:
    return raw(_ECHO, _HOST, *lines, body=body)


# RFC 9112 §6.3: read as chunks, and the connection closed or not.
_nothing = either(says('"length":0'), says('"length":0', times=1))

_TE = "Transfer-Encoding: chunked"
_END = b"0\r\n\r\n"

# The hidden request must never be answered as one of its own. That it is part of a body is as good as a refusal.
SMUGGLING = [
    Case(
        "smuggling",
        "length and chunks, the length hides a request",
        _post(_TE, "Content-Length: 4", body=_END),
        either(refused, _nothing),
    ),
    Case("smuggling", "chunks first, then a length", _post("Content-Length: 5", _TE, body=_END), either(refused, _nothing)),
    *(
        Case(
            "smuggling", f"transfer coding {value!r}", _post(f"Transfer-Encoding: {value}", "Content-Length: 0", body=HIDDEN), cut
        )
        for value in [
            "xchunked",
            "chunked, identity",
            "identity",
            "chunked;q=1",
            '"chunked"',
            "chunked\x0b",
            "\x00chunked",
            "cow",
            "chunked, cow",
        ]
    ),
    *(
        Case(
            "smuggling",
            f"transfer coding {value!r} over a body that has no chunks",
            _post(f"Transfer-Encoding: {value}", body=HIDDEN),
            cut,
        )
        for value in ["chunked", "gzip, chunked", "chunked, chunked", "Chunked", " chunked", "\tchunked", ",chunked"]
    ),
    *(
        Case(
            "smuggling",
            f"a name that is nearly Transfer-Encoding: {line!r}",
            _post(line, f"Content-Length: {len(HIDDEN)}", body=HIDDEN),
            either(cut, says(f'"length":{len(HIDDEN)}')),
        )
        for line in [
            "Transfer-Encoding : chunked",
            "Transfer_Encoding: chunked",
            "Transfer-Encodin\x00g: chunked",
            "X: y\nTransfer-Encoding: chunked",
            "X: y\rTransfer-Encoding: chunked",
            " Transfer-Encoding: chunked",
            "Transfer-Encoding\t: chunked",
            "Transfer-Encoding",
            "Transfer-Encoding:\r\n chunked",
            "TRANSFER-ENCODING\x7f: chunked",
        ]
    ),
    *(
        Case("smuggling", f"length {value!r}", _post(f"Content-Length: {value}", body=HIDDEN), cut)
        for value in [
            "+44",
            "-1",
            "0x2c",
            "4 4",
            "44,44,0",
            "44;",
            "1e1",
            "4.0",
            "\x0b44",
            "९",
            "0044x",
            "18446744073709551617",
            "99999999999999999999999",
            "''",
            '"44"',
            ",44",
            "44,",
            "0,44",
            "2_0",
        ]
    ),
    Case("smuggling", "length of nothing", _post("Content-Length:", body=HIDDEN), cut),
    Case(
        "smuggling",
        "two lengths, the smaller first",
        _post("Content-Length: 0", f"Content-Length: {len(HIDDEN)}", body=HIDDEN),
        cut,
    ),
    Case(
        "smuggling",
        "two lengths, the larger first",
        _post(f"Content-Length: {len(HIDDEN)}", "Content-Length: 0", body=HIDDEN),
        cut,
    ),
    Case("smuggling", "two lengths in two cases", _post("content-length: 0", f"CONTENT-LENGTH: {len(HIDDEN)}", body=HIDDEN), cut),
    Case("smuggling", "two transfer codings", _post(_TE, "Transfer-Encoding: identity", body=_END), cut),
    Case(
        "smuggling",
        "chunks in HTTP/1.0",
        raw("POST /echo HTTP/1.0", _HOST, _TE, "Connection: keep-alive", body=_END),
        either(cut, says('"length":0', times=1)),
    ),
    Case(
        "smuggling",
        "a body with GET is a body",
        get("/ping", f"Content-Length: {len(HIDDEN)}") + HIDDEN,
        either(cut, says("pong"), says("pong", times=1)),
    ),
    Case(
        "smuggling",
        "a chunked body with GET is a body",
        get("/ping", _TE) + b"2c\r\n" + HIDDEN.ljust(44) + b"\r\n" + _END,
        either(cut, says("pong"), says("pong", times=1)),
    ),
    Case(
        "smuggling",
        "a body of OPTIONS is a body",
        get("/ping", f"Content-Length: {len(HIDDEN)}", method="OPTIONS") + HIDDEN,
        either(cut, status(204)),
    ),
    Case("smuggling", "a body for a path that nobody answers", post("/nowhere", HIDDEN), status(404)),
    Case("smuggling", "a body that a method refuses", post("/ping", HIDDEN), status(405)),
    Case("smuggling", "a body before the limit was asked", post("/item", HIDDEN, kind="text/plain"), status(422)),
    Case("smuggling", "a body larger than its route allows", post("/echo", b"A" * 11_000_000 + HIDDEN), cut),
    Case(
        "smuggling",
        "an upgrade that nobody speaks",
        get("/ping", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
        either(says("pong"), says("pong", times=1)),
    ),
    Case(
        "smuggling",
        "an expectation that nobody knows",
        post("/echo", "hello", "Expect: 200-ok"),
        either(status(417), cut, says("hello")),
    ),
    Case("smuggling", "Expect with a body of a refused request", post("/nowhere", HIDDEN, "Expect: 100-continue"), status(404)),
    Case(
        "smuggling",
        "HTTP/2 preface in the middle",
        get("/ping") + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        either(cut, lambda outcome: len(outcome.replies) <= 2),
    ),
    Case(
        "smuggling",
        "lines ended by LF alone",
        b"POST /echo HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n" + b"",
        either(cut, says('"length":0')),
    ),
    Case("smuggling", "empty lines before a request", b"\r\n\r\n" + get("/ping"), either(cut, says("pong"))),
    Case(
        "smuggling",
        "a NUL between two requests",
        get("/ping") + b"\x00",
        either(cut, says("pong", times=2), says("pong", times=1)),
    ),
]

_GOOD = b"5\r\nhello\r\n0\r\n\r\n"
CHUNKED = [
    Case("chunked", "good chunks", chunked(_GOOD), says('"hello"')),
    Case("chunked", "one byte after the other", chunked(b"1\r\nh\r\n" * 500 + _END), says('"length":500')),
    Case("chunked", "size with zeros before it", chunked(b"0005\r\nhello\r\n0\r\n\r\n"), either(cut, says('"hello"'))),
    Case("chunked", "an extension", chunked(b"5;a=b\r\nhello\r\n0\r\n\r\n"), either(cut, says('"hello"'))),
    Case("chunked", "a quoted extension", chunked(b'5;a="b;c"\r\nhello\r\n0\r\n\r\n'), either(cut, says('"hello"'))),
    *(
        Case("chunked", f"size {size!r}", chunked(size + b"\r\nhello\r\n0\r\n\r\n"), cut)
        for size in [
            b"",
            b"+5",
            b"-5",
            b"0x5",
            b" 5",
            b"5 5",
            b"g",
            b"5g",
            b"\x0b5",
            b"5\x00",
            b"5,",
            b"5\r",
            b"FFFFFFFFFFFFFFFF0",
            b"10000000000000005",
            b"ffffffffffffffff",
            b"7fffffffffffffff0",
            b"5.0",
            b"5_0",
            "\u0665".encode(),
        ]
    ),
    *(
        Case("chunked", f"an extension with {text!r}", chunked(b"5;" + text + b"\r\nhello\r\n0\r\n\r\n"), cut)
        for text in [b"a\nb", b"a\rb"]
    ),
    # Granian's parser passes over anything in an extension but a line's end.
    Case("chunked", "an extension with a NUL", chunked(b"5;a\x00b\r\nhello\r\n0\r\n\r\n"), either(cut, says('"hello"'))),
    Case(
        "chunked",
        "an extension of 100 kB",
        chunked(b"5;" + b"a" * 100_000 + b"\r\nhello\r\n0\r\n\r\n"),
        either(cut, says('"hello"')),
    ),
    Case(
        "chunked",
        "megabytes of extensions",
        chunked((b"1;" + b"a" * 10_000 + b"\r\nh\r\n") * 300 + _END),
        either(cut, says('"length":300')),
    ),
    Case(
        "chunked", "a size of 100,000 zeros", chunked(b"0" * 100_000 + b"5\r\nhello\r\n0\r\n\r\n"), either(cut, says('"hello"'))
    ),
    Case("chunked", "data longer than its size", chunked(b"3\r\nhello\r\n0\r\n\r\n"), cut),
    Case("chunked", "data shorter than its size", chunked(b"8\r\nhello\r\n0\r\n\r\n"), cut),
    Case("chunked", "data ended by CR alone", chunked(b"5\r\nhello\r0\r\n\r\n"), cut),
    Case("chunked", "data ended by LF alone", chunked(b"5\r\nhello\n0\r\n\r\n"), cut),
    Case("chunked", "data ended by two bytes that are no line end", chunked(b"5\r\nhelloXX0\r\n\r\n"), cut),
    Case("chunked", "size ended by LF alone", chunked(b"5\nhello\r\n0\r\n\r\n"), cut),
    Case("chunked", "size ended by CR alone", chunked(b"5\rhello\r\n0\r\n\r\n"), cut),
    Case("chunked", "the end ended by LF alone", chunked(b"5\r\nhello\r\n0\n\n"), cut),
    Case("chunked", "no end", chunked(b"5\r\nhello\r\n"), refused, also=b""),
    Case(
        "chunked",
        "a trailer that would be a header",
        chunked(b"5\r\nhello\r\n0\r\nHost: evil.example\r\nX-Injected: a\r\n\r\n"),
        either(refused, says('"hello"')),
    ),
    Case(
        "chunked",
        "a trailer that would be a length",
        chunked(b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"),
        either(refused, says('"hello"')),
    ),
    Case("chunked", "a trailer without a colon", chunked(b"5\r\nhello\r\n0\r\nnonsense\r\n\r\n"), either(cut)),
    Case("chunked", "a flood of trailers", chunked(b"5\r\nhello\r\n0\r\n" + b"X: y\r\n" * 50_000 + b"\r\n"), cut),
    Case("chunked", "the end twice", chunked(_GOOD + _END), lambda outcome: len(outcome.replies) <= 2),
    Case("chunked", "a request behind the end is the next one", chunked(_GOOD), says('"hello"')),
    Case(
        "chunked",
        "more than the limit in small chunks",
        chunked(b"2000\r\n" + b"a" * 8192 + b"\r\n", target="/echo") + (b"2000\r\n" + b"a" * 8192 + b"\r\n") * 1400,
        cut,
    ),
]

_LINES = {
    "a space before the colon": b"X-A : b",
    "a tab before the colon": b"X-A\t: b",
    "a space before the name": b" X-A: b",
    "no colon": b"nonsense",
    "no name": b": b",
    "a NUL in the value": b"X-A: a\x00b",
    "a NUL in the name": b"X-\x00A: b",
    "a CR in the value": b"X-A: a\rb",
    "a control character in the value": b"X-A: \x01",
    "DEL in the value": b"X-A: a\x7fb",
    "a folded line": b"X-A: a\r\n folded",
    "a line folded by a tab": b"X-A: a\r\n\tfolded",
    "a name with brackets": b"X(A): b",
    "a name with a quote": b'X"A: b',
    "a name with a slash": b"X/A: b",
    "a name beyond ASCII": b"X-\xe9: b",
    "a name with a space": b"X A: b",
    "a vertical tab": b"\x0bX-A: b",
    "an empty folded line": b"X-A: a\r\n ",
    "a name of 70,000 letters": b"X" * 70_000 + b": b",
}
HEADER_SYNTAX = [
    *(Case("header-syntax", name, post("/echo", "hello", line), cut) for name, line in _LINES.items()),
    Case("header-syntax", "bytes beyond ASCII in a value are no error", get("/ping", b"X-A: \xff\xfe"), says("pong")),
    Case("header-syntax", "UTF-8 in a value is no error", get("/search", "X-Token: \u00e9".encode()), status(200)),
    Case("header-syntax", "an empty value", get("/search", "X-Token:"), says('"x_token":""')),
    Case(
        "header-syntax",
        "spaces around a value are not part of it",
        get("/search", "X-Token: \t a \t "),
        says('"x_token":"a"'),
        {"uvicorn": status(200)},
    ),
    Case("header-syntax", "two lines of one name", get("/search", "X-Token: a", "X-Token: b"), status(200)),
    Case("header-syntax", "101 lines", get("/ping", *(f"X-{number}: a" for number in range(101))), refused),
    Case("header-syntax", "10,000 lines", get("/ping", *(f"X-{number}: a" for number in range(10_000))), cut),
    Case("header-syntax", "one line of 200 kB", get("/ping", "X-A: " + "a" * 200_000), cut),
    Case("header-syntax", "the same name 99 times", get("/ping", *["X-A: a"] * 98), says("pong")),
    Case("header-syntax", "LF between the lines", b"GET /ping HTTP/1.1\nHost: localhost\n\n", either(cut, says("pong"))),
    Case("header-syntax", "CR between the lines", b"GET /ping HTTP/1.1\rHost: localhost\r\r", cut),
    Case("header-syntax", "underscores are not hyphens", get("/search", "X_Token: forged"), says('"x_token":""')),
]

# What Uvicorn's parser takes: two spaces for one, and a line without a version, which it answers as HTTP/0.9.
_SPACED, _OLD = {"uvicorn": says("pong")}, {"uvicorn": says("pong", times=1)}
_LENIENT = {"GET  /ping HTTP/1.1": _SPACED, "GET /ping  HTTP/1.1": _SPACED, "GET /ping": _OLD}

REQUEST_LINE = [
    *(
        Case("request-line", repr(line), raw(line, _HOST), refused, _LENIENT.get(line, {}))
        for line in [
            "GET",
            "GET /ping",
            "GET  /ping HTTP/1.1",
            "GET /ping  HTTP/1.1",
            "GET /pi ng HTTP/1.1",
            "GET /ping HTTP/1.1 x",
            "GET /ping HTTP/9.9",
            "GET /ping HTTP/11",
            "GET /ping HTTP/1.10",
            "GET /ping http/1.1",
            "GET /ping HTTP/ 1.1",
            "GET /ping FTP/1.1",
            "GET\t/ping\tHTTP/1.1",
            "G\x00T /ping HTTP/1.1",
            "GE(T /ping HTTP/1.1",
            "GET /pi\x00ng HTTP/1.1",
            "GET /pi\x7fng HTTP/1.1",
            "GET \\ping HTTP/1.1",
            "GET ping HTTP/1.1",
            " GET /ping HTTP/1.1",
            "GET /ping HTTP/-1.1",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            "SSH-2.0-client",
        ]
    ),
    Case("request-line", "a fragment", get("/ping#part"), either(refused, says("pong"))),
    Case("request-line", "a method that nobody answers", get("/ping", method="PWN"), status(400, 405)),
    Case("request-line", "a method in lower case", get("/ping", method="get"), refused),
    Case("request-line", "a method of 10,000 letters", get("/ping", method="A" * 10_000), refused),
    Case("request-line", "a path of 100 kB", get("/" + "a" * 100_000), cut),
    Case("request-line", "a query of 100 kB", get("/ping?" + "a" * 100_000), cut),
    Case("request-line", "CONNECT", get("evil.example:443", method="CONNECT", host="evil.example:443"), refused),
    Case("request-line", "TRACE shows nothing", get("/ping", "X-Secret: TOP-SECRET", method="TRACE"), refused),
    Case("request-line", "an asterisk with GET", get("*"), refused),
    Case(
        "request-line", "an override of the method is not believed", get("/ping", "X-HTTP-Method-Override: DELETE"), says("pong")
    ),
    Case(
        "request-line",
        "an override of the path is not believed",
        get("/ping", "X-Original-URL: /smuggled", "X-Rewrite-URL: /smuggled"),
        says("pong"),
    ),
    Case("request-line", "bytes beyond ASCII", get(b"/tail/\xff\xfe"), either(refused, status(200))),
]

HOST = [
    *(
        Case("host", repr(host), get("/link", host=host), refused)
        for host in [
            "evil.example",
            "",
            "localhost.evil.example",
            "evil.example:80",
            "localhost@evil.example",
            "evil.example#localhost",
            "localhost/evil",
            "localhost\\evil",
            "localhost:80:80",
            "localhost:x",
            "[::1",
            "[::1].evil",
            "local host",
            "localhost,evil.example",
            "127.0.0.1.evil.example",
            "2130706433",
            "0x7f.1",
            "LOCALHOST\x00",
            b"\xe9.example",
            "a" * 300,
            "-",
            "..",
            "%6cocalhost",
            "localhost%00",
            "localhost?x",
            "http://localhost",
        ]
    ),
    Case("host", "a port is kept", get("/link", host="localhost:8000"), says("http://localhost:8000/link")),
    Case("host", "letters in upper case", get("/link", host="LOCALHOST"), status(200)),
    Case("host", "none", raw("GET /link HTTP/1.1"), refused),
    Case("host", "none in HTTP/1.0", raw("GET /link HTTP/1.0"), refused),
    Case("host", "two that agree", get("/link", _HOST), refused),
    Case("host", "two that differ, the good one first", get("/link", "Host: evil.example"), refused),
    Case("host", "two that differ, the bad one first", raw("GET /link HTTP/1.1", "Host: evil.example", _HOST), refused),
    Case(
        "host",
        "in the target",
        get("http://evil.example/link"),
        either(refused, lambda outcome: b"evil" not in outcome.replies[0].body),
    ),
    Case(
        "host",
        "in the target, with a user",
        get("http://localhost@evil.example/link"),
        either(refused, lambda outcome: b"evil" not in outcome.replies[0].body),
    ),
    *(
        Case(
            "host",
            f"in {line}",
            get("/link", line),
            both(says("http://localhost/link"), lambda outcome: b"evil" not in outcome.replies[0].body),
        )
        for line in [
            "X-Forwarded-Host: evil.example",
            "X-Host: evil.example",
            "X-Forwarded-Server: evil.example",
            "Forwarded: host=evil.example",
            "X-HTTP-Host-Override: evil.example",
            "X-Forwarded-For: 6.6.6.6",
            "Forwarded: for=6.6.6.6",
            "X-Real-IP: 6.6.6.6",
            "X-Forwarded-Prefix: /evil",
            "X-Script-Name: /evil",
        ]
    ),
    Case("host", "a scheme that a stranger says", get("/link", "X-Forwarded-Proto: https"), says('"scheme":"http"')),
]

CONNECTION = [
    Case(
        "connection",
        "a header named as one of the connection's own",
        get("/search", "X-Token: a", "Connection: x-token"),
        status(200),
    ),
    Case(
        "connection",
        "close and keep-alive at once",
        get("/ping", "Connection: close, keep-alive"),
        either(says("pong", times=1), says("pong")),
    ),
    Case("connection", "a flood of requests on one connection", get("/ping") * 300, says("pong", times=301)),
    Case(
        "connection", "a flood of refusals on one connection", get("/nowhere") * 300, lambda outcome: len(outcome.replies) == 301
    ),
    Case("connection", "half a header, then silence", b"GET /ping HTTP/1.1\r\nHost: loc", refused, also=b""),
    Case("connection", "half a request line, then silence", b"GET /pi", refused, also=b""),
    Case(
        "connection", "half a body, then silence", get("/echo", "Content-Length: 50", method="POST") + b"half", refused, also=b""
    ),
    Case(
        "connection",
        "half a JSON body, then silence",
        get("/item", "Content-Type: application/json", "Content-Length: 50", method="POST") + b'{"na',
        status(408),
        also=b"",
    ),
    Case(
        "connection",
        "half a form, then silence",
        get("/upload", "Content-Type: multipart/form-data; boundary=B", "Content-Length: 500", method="POST")
        + b"--B\r\nContent-Dis",
        status(408),
        also=b"",
    ),
    Case(
        "connection",
        "half a packed body, then silence",
        get("/packed", "Content-Encoding: gzip", "Content-Length: 500", method="POST") + b"\x1f\x8b\x08",
        status(408),
        also=b"",
    ),
    Case("connection", "an HTTP/1.0 request closes", raw("GET /ping HTTP/1.0", _HOST), says("pong", times=1)),
    Case("connection", "no version of our software", get("/ping"), without("server", "granian/")),
]

CASES = [*SMUGGLING, *CHUNKED, *HEADER_SYNTAX, *REQUEST_LINE, *HOST, *CONNECTION]
