"""What an attacker makes the answers say: headers, redirects elsewhere, other people's files, cookies, pages and caches."""

import base64
import json
import pickle

from .kit import Case, Outcome, both, either, get, post, refused, says, status, without

_BREAKS = [
    "%0d%0aX-Injected:%20a",
    "%0aX-Injected:%20a",
    "%0dX-Injected:%20a",
    "%0d%0a%0d%0aevil",
    "%E5%98%8A%E5%98%8DX-Injected:%20a",
    "%C4%8D%C4%8AX-Injected:%20a",
    "%00",
    "%01",
    "%7f",
    "%c2%85X-Injected:%20a",
    "%e2%80%a8X-Injected:%20a",
    "%0d%0a%20folded",
    "%250d%250aX-Injected:%20a",
]
CRLF = [
    *(Case("crlf", f"a header made of {text}", get(f"/set?value=a{text}"), status(200, 400)) for text in _BREAKS),
    *(Case("crlf", f"a cookie made of {text}", get(f"/set-cookie?value=a{text}"), status(200, 400)) for text in _BREAKS),
    *(Case("crlf", f"a redirect made of {text}", get(f"/go?to=/a{text}"), status(307, 400)) for text in _BREAKS),
    *(
        Case("crlf", f"a redirected slash made of {text}", get(f"/folder?a{text}"), either(refused, status(307)))
        for text in _BREAKS
    ),
    *(Case("crlf", f"a path made of {text}", get(f"/nowhere{text}"), status(404, 400)) for text in _BREAKS[:6]),
    Case("crlf", "a second cookie in a cookie", get("/set-cookie?value=a;%20evil=b"), without("set-cookie", "evil=b;")),
    Case("crlf", "attributes in a cookie", get("/set-cookie?value=a;%20Domain=evil.example"), status(200)),
    Case("crlf", "a file name with quotes and breaks", get("/download?name=a%22%0d%0aX-Injected:%20a"), status(200)),
]


def _stays(outcome: Outcome) -> bool:
    """No redirect, or one to this host."""
    location = outcome.replies[0].header("location") or "/"
    if location.startswith("http://localhost/"):
        return True
    return not location.startswith(("//", "/\\", "\\")) and "://" not in location.partition("?")[0]


OPEN_REDIRECT = [
    *(
        Case("open-redirect", path, get(path), both(_stays, status(200, 307, 400, 404)))
        for path in [
            "//evil.example/folder",
            "//evil.example/%2e%2e/folder",
            "/%2f%2fevil.example/folder",
            "/\\evil.example/folder",
            "/%5cevil.example/folder",
            "//evil.example/..",
            "///evil.example/folder",
            "////evil.example//",
            "/folder//evil.example/..",
            "//evil.example%2ffolder",
            "/files//evil.example/sub",
            "/files/%2f%2fevil.example",
            "/files//evil.example/..%2fsub",
            "//evil.example/files/sub",
            "/.evil.example/folder",
            "/folder?next=//evil.example",
            "/%09/evil.example/folder",
            "/%0a/evil.example",
            "/@evil.example/folder",
            "/folder%2f..%2f%2fevil.example",
        ]
    ),
    Case(
        "open-redirect",
        "a redirected slash keeps the host that is served",
        get("/folder"),
        both(status(307), lambda outcome: outcome.replies[0].header("location") == "http://localhost/folder/"),
    ),
    Case(
        "open-redirect",
        "a redirected slash ignores a forwarded host",
        get("/folder", "X-Forwarded-Host: evil.example"),
        both(status(307), _stays),
    ),
    Case("open-redirect", "a folder of files", get("/files/sub"), both(status(307), _stays)),
]

_WAYS = [
    "../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "%252e%252e%252fsecret.txt",
    "..%252fsecret.txt",
    "..%5csecret.txt",
    "..\\secret.txt",
    "%2e%2e%5csecret.txt",
    "....//secret.txt",
    "..;/secret.txt",
    "..%00/secret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "%c0%ae%c0%ae%c0%afsecret.txt",
    "%uff0e%uff0e/secret.txt",
    "．．/secret.txt",
    "%ef%bc%8e%ef%bc%8e/secret.txt",
    "sub/../../secret.txt",
    "sub/%2e%2e/%2e%2e/secret.txt",
    "./../secret.txt",
    "/../secret.txt",
    "//../secret.txt",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "/etc/passwd",
    "%2f%2fetc/passwd",
    "c:/windows/win.ini",
    "c:%5cwindows%5cwin.ini",
    "%5c%5cserver%5cshare",
    "file:///etc/passwd",
    "../files-private/plan.txt",
    "..%2ffiles-private%2fplan.txt",
    "-private/plan.txt",
    "link.txt",
    "out/plan.txt",
    ".env",
    "%2eenv",
    "page.html%00.txt",
    "page.html%00",
    "secret.txt%00page.html",
    "page.html/",
    "page.html/..",
    "page.html/../../secret.txt",
    "page.html::$DATA",
    "page.html.",
    "page.html%20",
    "PAGE~1.HTM",
    "con",
    "nul.txt",
    "..",
    ".",
    "%2e",
    "a" * 5000,
    "/".join(["a"] * 2000),
    "../" * 50 + "etc/passwd",
    "%2e%2e/" * 50 + "etc/passwd",
    "~root/.profile",
    "$HOME",
    "*",
    "|id",
    "%0a",
    "%ff",
    "../../../../proc/self/environ",
]
PATH_TRAVERSAL = [
    *(Case("path-traversal", way[:50], get(f"/files/{way}".encode()), either(refused, status(307, 308))) for way in _WAYS),
    Case("path-traversal", "the served file itself", get("/files/page.html"), says("<p>page</p>")),
    Case(
        "path-traversal",
        "a dot that stays inside is no way around",
        get("/files/sub/../page.html"),
        either(refused, says("<p>page</p>")),
    ),
    *(
        Case("path-traversal", f"before the mount {way}", get(way), refused)
        for way in [
            "/../files/page.html",
            "/files/../secret.txt",
            "/files%2f..%2fsecret.txt",
            "/files/..%2f..%2fetc/passwd",
            "/filesx/page.html",
            "/FILES/../secret.txt",
            "/files%00/page.html",
        ]
    ),
    Case("path-traversal", "a part of a path gives no other file", get("/tail/..%2f..%2fetc%2fpasswd"), says("../../etc/passwd")),
]

_FORGED = [
    "",
    "null",
    "e30",
    '{"user":"admin"}',
    base64.b64encode(json.dumps({"user": "admin"}).encode()).decode(),
    base64.urlsafe_b64encode(json.dumps({"user": "admin"}).encode()).decode().rstrip("=") + ".aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb",
    base64.b64encode(pickle.dumps({"user": "admin"})).decode(),
    base64.b64encode(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.").decode(),
    ".eJyrVipOTSwqSs0rUbJSSkxJycxTqgUAT5AHBQ.aaaaaa.bbb",
    "eyJhbGciOiJub25lIn0.eyJ1c2VyIjoiYWRtaW4ifQ.",
    "a.b.c",
    "....",
    "a" * 4000,
    "." * 60_000,
    "\xff\xfe",
    '"e30.a.b"',
    "e30.aaaaaa.%00",
]
SESSIONS = [
    *(
        Case(
            "sessions",
            f"a forged cookie {value[:30]!r}",
            get("/me", f"Cookie: __Host-session={value}"),
            either(refused, says('"user":null')),
        )
        for value in _FORGED
    ),
    *(
        Case("sessions", f"under the name {name!r}", get("/me", f"Cookie: {name}=e30.a.b"), says('"user":null'))
        for name in [
            "session",
            "__host-session",
            "__HOST-SESSION",
            "__Host-session ",
            "\xa0__Host-session",
            '"__Host-session"',
            "$__Host-session",
            "__Host-session[]",
        ]
    ),
    Case("sessions", "two cookies of one name", get("/me", "Cookie: __Host-session=a; __Host-session=b"), says('"user":null')),
    Case(
        "sessions",
        "two lines of cookies",
        get("/me", "Cookie: __Host-session=a", "Cookie: __Host-session=b"),
        says('"user":null'),
    ),
    Case(
        "sessions", "a name in the address does not sign in", get("/me?__Host-session=admin&session=admin"), says('"user":null')
    ),
    Case(
        "sessions",
        "the cookie is out of reach",
        post("/login", ""),
        both(
            status(200),
            lambda outcome: all(
                word in (outcome.replies[0].header("set-cookie") or "")
                for word in ("__Host-session=", "HttpOnly", "Secure", "SameSite=lax", "Path=/")
            ),
        ),
    ),
    Case("sessions", "the cookie is for one host", post("/login", ""), without("set-cookie", "Domain")),
]

_SITE = "Sec-Fetch-Site"
CSRF = [
    *(
        Case("csrf", f"{lines}", post("/transfer", "", *lines, kind=kind), status(403))
        for lines, kind in [
            ((f"{_SITE}: cross-site",), "text/plain"),
            ((f"{_SITE}: same-site",), "text/plain"),
            ((f"{_SITE}: CROSS-SITE",), "text/plain"),
            ((f"{_SITE}: nonsense",), "text/plain"),
            ((f"{_SITE}:",), "text/plain"),
            (("Origin: http://evil.example",), "application/x-www-form-urlencoded"),
            (("Origin: null",), "multipart/form-data; boundary=B"),
            (("Origin:",), "text/plain"),
            (("Origin: http://localhost.evil.example",), "text/plain"),
            (("Origin: http://localhost:81",), "text/plain"),
            (("Origin: http://localhost@evil.example",), "text/plain"),
            (("Origin: ftp://localhost",), "text/plain"),
            (("Origin: localhost",), "text/plain"),
            (("Origin: https://partner.example.evil",), "text/plain"),
            (("Origin: http://partner.example",), "text/plain"),
            (("Origin: https://PARTNER.example/",), "text/plain"),
            (("Origin: http://localhost", "Origin: http://evil.example"), "text/plain"),
            (("Origin: http://localhost, http://evil.example",), "text/plain"),
            (("Origin: http://evil.example", "Referer: http://localhost/"), "text/plain"),
            ((f"{_SITE}: cross-site", "Origin: http://localhost"), "text/plain"),
            ((f"{_SITE}: cross-site", "X-CSRFToken: a", "Cookie: csrftoken=a"), "text/plain"),
            ((f"{_SITE}: cross-site", "X-Requested-With: XMLHttpRequest"), "application/json"),
        ]
    ),
    Case("csrf", "an own page", post("/transfer", "", "Origin: http://localhost", f"{_SITE}: same-origin"), says("done")),
    Case("csrf", "an own page, without the newer header", post("/transfer", "", "Origin: http://localhost"), says("done")),
    Case("csrf", "a partner", post("/transfer", "", "Origin: https://partner.example", f"{_SITE}: cross-site"), says("done")),
    Case("csrf", "no browser at all", post("/transfer", ""), says("done")),
    *(
        Case(
            "csrf",
            f"an override to {method}",
            get("/transfer", f"X-HTTP-Method-Override: {method}", f"{_SITE}: cross-site"),
            status(405),
        )
        for method in ["POST", "post"]
    ),
    Case("csrf", "HEAD changes nothing", get("/transfer?x", f"{_SITE}: cross-site", method="OPTIONS"), status(204, 405)),
]

_SCRIPT = "<script>alert(1)</script>"
_QUOTED = "%3Cscript%3Ealert(1)%3C/script%3E"


def _inert(outcome: Outcome) -> bool:
    """Not a page, or a page in which the script is text; and never sniffed for one."""
    first = outcome.first
    kind = first.header("content-type") or ""
    is_page = "html" in kind or "xml" in kind or (first.body and not kind)
    return (
        first.status < 500
        and not (is_page and _SCRIPT.encode() in first.body)
        and first.header("x-content-type-options") == "nosniff"
    )


XSS = [
    *(
        Case("xss", target[:60], get(target), _inert)
        for target in [
            f"/{_QUOTED}",
            f"/item/{_QUOTED}",
            f"/item/1?page={_QUOTED}",
            f"/search?q={_QUOTED}",
            f"/search?{_QUOTED}=1",
            f"/tail/{_QUOTED}",
            f"/docs?{_QUOTED}",
            f"/docs?url={_QUOTED}",
            f"/redoc?url=javascript:alert(1)//{_QUOTED}",
            f"/docs?configUrl=//evil.example/{_QUOTED}",
            f"/openapi.json?{_QUOTED}",
            f"/folder?{_QUOTED}",
            f"/files/{_QUOTED}",
            f"/files/sub?{_QUOTED}",
            f"/go?to=/{_QUOTED}",
            f"/item/1?flag={_QUOTED}",
            f"/item/1?ratio={_QUOTED}",
        ]
    ),
    Case("xss", "in a JSON body's value", post("/item", json.dumps({"name": "a", "price": _SCRIPT})), _inert),
    Case("xss", "in a JSON body's key", post("/item", json.dumps({_SCRIPT: 1})), _inert),
    Case("xss", "in what is no JSON", post("/item", _SCRIPT), _inert),
    Case(
        "xss",
        "in a form where JSON is asked for",
        post("/item", f"name={_SCRIPT}", kind="application/x-www-form-urlencoded"),
        _inert,
    ),
    Case("xss", "in a header", get("/search", f"X-Token: {_SCRIPT}"), _inert),
    Case("xss", "in a cookie", get("/search", f"Cookie: theme={_SCRIPT}"), _inert),
    Case("xss", "in a method", get("/ping", method="<SCRIPT>"), refused),
    Case("xss", "in a host", get("/ping", host=_SCRIPT), refused),
    Case(
        "xss",
        "in a file's name",
        post(
            "/upload",
            f'--B\r\nContent-Disposition: form-data; name="file"; filename="{_SCRIPT}.html"\r\n\r\na\r\n--B--\r\n',
            kind="multipart/form-data; boundary=B",
        ),
        _inert,
    ),
    Case("xss", "in an Accept line", get("/nowhere", f"Accept: text/html, {_SCRIPT}"), _inert),
    Case(
        "xss",
        "a redirect to a script has no page that runs it",
        get("/go?to=javascript:alert(1)"),
        lambda outcome: not outcome.replies[0].body,
    ),
    Case("xss", "in a content type", post("/item", "{}", kind=_SCRIPT), _inert),
    Case("xss", "in an unknown encoding", post("/packed", "a", f"Content-Encoding: {_SCRIPT}"), _inert),
]

COOKIES = [
    *(
        Case("cookies", repr(line[:40]), get("/search", b"Cookie: " + line), status(200, 431))
        for line in [
            b"",
            b"=",
            b";",
            b"=;=;=",
            b"theme",
            b"theme=",
            b"=theme",
            b'theme="',
            b'theme="a',
            b'theme="\\',
            b'theme="\\"',
            b'theme="' + b"\\" * 30_000 + b'"',
            b'theme="' + b"\\1" * 15_000 + b'"',
            b'theme="' + b"\\111" * 12_000 + b'"',
            b"theme=" + b"a" * 60_000,
            b"; ".join([b"a=b"] * 9_000),
            b";" * 60_000,
            b"=" * 60_000,
            b"a" * 60_000,
            b"theme=\xff\xfe",
            b"theme=\xc3\xa9",
            b"theme=a,other=b",
            b"$Version=1; theme=a; $Path=/",
            b"theme=a; expires=Thu",
            b"a=" + b'"' * 50_000,
            b" " * 60_000 + b"theme=a",
            b"theme = a",
            b"th\x80me=a",
            b"__proto__=1; constructor=2",
        ]
    ),
    Case(
        "cookies",
        "of two with one name the first counts",
        get("/search", "Cookie: theme=long; theme=short"),
        says('"theme":"long"'),
    ),
    Case(
        "cookies",
        "no name of a header in a cookie",
        get("/search", "Cookie: x_token=forged; x-token=forged"),
        says('"x_token":""'),
    ),
]

CACHE = [
    Case(
        "cache",
        "a session's answer is nobody else's",
        get("/me"),
        lambda outcome: "cookie" in (outcome.replies[0].header("vary") or "").lower(),
    ),
    Case(
        "cache",
        "a new session is private",
        post("/login", ""),
        lambda outcome: "private" in (outcome.replies[0].header("cache-control") or ""),
    ),
    Case("cache", "a path that pretends to be a picture", get("/me/x.css"), status(404)),
    Case("cache", "a path that pretends to end", get("/me%3Bx.css"), status(404)),
    Case("cache", "a path that pretends to end by a NUL", get("/me%00x.css"), status(404)),
    Case("cache", "a path that pretends to end by a hash", get("/me%23x.css"), status(404)),
    Case("cache", "a path that pretends to have a query", get("/me%3Fx.css"), status(404)),
    Case(
        "cache",
        "a body with GET changes nothing",
        get("/search?q=a", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 3") + b"q=b",
        either(refused, says('"q":"a"')),
    ),
    Case("cache", "one parameter twice", get("/search?q=a&q=b"), says('"q":"b"')),
    Case("cache", "a semicolon is no separator", get("/search?q=a;q=b"), says('"q":"a;q=b"')),
    *(
        Case("cache", f"{line} changes nothing", get("/link", line), lambda outcome: b"evil" not in outcome.replies[0].body)
        for line in [
            "X-Forwarded-Scheme: evil",
            "X-Forwarded-Port: 666",
            "X-Forwarded-Path: /evil",
            "X-Original-Host: evil",
            "Base-Url: http://evil",
            "Referer: http://evil",
            "X-Forwarded: evil",
            "True-Client-IP: evil",
        ]
    ),
    Case("cache", "an error is not kept", get("/nowhere"), without("cache-control", "max-age")),
]

HEADERS = [
    *(
        Case(
            "headers",
            f"{name} on {target[:20]}",
            get(target),
            lambda outcome, name=name, value=value: (outcome.replies[0].header(name) or "").lower() == value,
        )
        for target in ["/ping", "/nowhere", "/item/x", "/docs", "/openapi.json", "/files/page.html", "/folder", "/go?to=/"]
        for name, value in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "deny"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ]
        if (target, name) != ("/docs", "cross-origin-opener-policy")
    ),
    Case(
        "headers",
        "the docs page runs no script but its own",
        get("/docs"),
        lambda outcome: (
            "unsafe-inline"
            not in (outcome.replies[0].header("content-security-policy") or "unsafe-inline")
            .partition("script-src")[2]
            .partition(";")[0]
        ),
    ),
    Case(
        "headers",
        "a request's header does not come back",
        get("/ping", "X-Injected: a", "X-Content-Type-Options: off"),
        both(status(200), without("x-content-type-options", "off")),
    ),
]

CASES = [*CRLF, *OPEN_REDIRECT, *PATH_TRAVERSAL, *SESSIONS, *CSRF, *XSS, *COOKIES, *CACHE, *HEADERS]
