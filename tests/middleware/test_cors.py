"""CORS: which pages of other sites may read answers."""

import re

import pytest

from trine import App, HTTPException, Response, Settings, SetupError
from trine.middleware import CORSMiddleware

SITE = "https://app.example.org"


def shop(**options) -> App:
    app = App()
    app.add_middleware(CORSMiddleware, **options)

    @app.get("/")
    def index() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/broken")
    def broken() -> None:
        raise ValueError("broken")

    return app


def preflight(client, origin=SITE, method="GET", headers=None, **more):
    sent = {"origin": origin, "access-control-request-method": method, **more}
    if headers:
        sent["access-control-request-headers"] = headers
    return client.options("/", headers=sent)


def marks(response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control") or name == "vary"}


def test_listed_origin_may_read(client_for):
    client = client_for(shop(allow_origins=[SITE], expose_headers=["X-Total"], allow_credentials=True))
    assert marks(client.get("/", headers={"origin": SITE})) == {
        "access-control-allow-origin": SITE,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "X-Total",
        "vary": "Origin",
    }


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.org.evil.example",
        "https://evilapp.example.org",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://app.example.org@evil.example",
        "null",
        "",
        SITE + "\xe9",
        SITE.upper(),
    ],
)
def test_other_origins_may_not(origin, client_for):
    client = client_for(shop(allow_origins=[SITE], allow_origin_regex=r"https://[a-z]+\.shop\.example"))
    assert marks(client.get("/", headers={"origin": origin.encode("latin-1")})) == {"vary": "Origin"}


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://a.shop.example", True),
        ("https://a.shop.example.evil.example", False),
        ("https://a.shop.example\n", False),
        ("https://aXshopXexample", False),
        ("xhttps://a.shop.example", False),
    ],
)
def test_pattern_covers_whole_origins(origin, allowed):
    assert CORSMiddleware(allow_origin_regex=r"https://[a-z]+\.shop\.example").is_allowed(origin) is allowed


def test_long_origin_is_not_matched():
    assert not CORSMiddleware(allow_origin_regex=r"https://(a+)+").is_allowed("https://" + "a" * 1000 + "!")


def test_answer_without_origin_still_says_that_it_depends_on_it(client_for):
    response = client_for(shop(allow_origins=[SITE])).get("/")
    assert marks(response) == {"vary": "Origin"}


def test_public_answer_is_the_same_for_all(client_for):
    client = client_for(shop(allow_origins=["*"]))
    assert marks(client.get("/", headers={"origin": SITE})) == {"access-control-allow-origin": "*"}
    assert marks(client.get("/")) == {}


def test_errors_are_marked_too(client_for):
    client = client_for(shop(allow_origins=[SITE]), raise_server_exceptions=False)
    for path, status in (("/broken", 500), ("/nowhere", 404)):
        response = client.get(path, headers={"origin": SITE})
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, SITE)


def test_preflight_is_answered(client_for):
    client = client_for(
        shop(allow_origins=[SITE], allow_methods=["get", "PUT"], allow_headers=["X-Key"], allow_credentials=True, max_age=60)
    )
    response = preflight(client, method="PUT", headers="x-key, content-type")
    assert (response.status_code, response.text) == (200, "OK")
    assert marks(response) == {
        "access-control-allow-origin": SITE,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "Accept, Accept-Language, Content-Language, Content-Type, X-Key",
        "access-control-max-age": "60",
        "vary": "Origin",
    }


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ({"origin": "https://evil.example"}, "Disallowed CORS origin"),
        ({"method": "DELETE"}, "Disallowed CORS method"),
        ({"headers": "x-key, x-other"}, "Disallowed CORS headers"),
        ({"access-control-request-private-network": "true"}, "Disallowed CORS private-network"),
        ({"origin": "https://evil.example", "method": "X"}, "Disallowed CORS origin, method"),
    ],
)
def test_preflight_is_refused(sent, text, client_for):
    response = preflight(client_for(shop(allow_origins=[SITE], allow_headers=["x-key"])), **sent)
    assert (response.status_code, response.text) == (400, text)
    assert ("access-control-allow-origin" in response.headers) is ("origin" not in text)


def test_any_headers_are_mirrored(client_for):
    client = client_for(shop(allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]))
    response = preflight(client, method="PATCH", headers="x-one,x-two")
    assert response.headers["access-control-allow-headers"] == "x-one,x-two"
    assert response.headers["access-control-allow-methods"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    assert response.headers["vary"] == "Access-Control-Request-Headers"


@pytest.mark.parametrize("headers", ["x one", "x;y", ",".join(f"x-{n}" for n in range(100)), "x-\xe9"])
def test_only_header_names_are_mirrored(headers, client_for):
    client = client_for(shop(allow_origins=["*"], allow_headers=["*"]))
    response = client.options(
        "/",
        headers={
            "origin": SITE,
            "access-control-request-method": "GET",
            "access-control-request-headers": headers.encode("latin-1"),
        },
    )
    assert headers not in response.headers["access-control-allow-headers"]


def test_private_network_is_allowed_where_asked_for(client_for):
    response = preflight(
        client_for(shop(allow_origins=[SITE], allow_private_network=True)), **{"access-control-request-private-network": "true"}
    )
    assert (response.status_code, response.headers["access-control-allow-private-network"]) == (200, "true")


def test_plain_options_go_to_the_application(client_for):
    client = client_for(shop(allow_origins=[SITE]))
    assert client.options("/", headers={"origin": SITE}).status_code == 204
    assert client.options("/").status_code == 204


def test_shared_answer_is_not_marked_for_everybody(client_for):
    app = App()
    app.add_middleware(CORSMiddleware, allow_origins=[SITE])
    shared = Response("the same object each time", media_type="text/plain")
    app.get("/")(lambda: shared)
    client = client_for(app)
    assert client.get("/", headers={"origin": SITE}).headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-origin" not in client.get("/").headers


def test_refusal_keeps_its_headers(client_for):
    app = App()
    app.add_middleware(CORSMiddleware, allow_origins=[SITE])

    @app.get("/")
    def index() -> None:
        raise HTTPException(401, headers={"vary": "Accept"})

    response = client_for(app).get("/", headers={"origin": SITE})
    assert marks(response) == {"access-control-allow-origin": SITE, "vary": "Accept, Origin"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"allow_origins": "https://a.example"},
            "allow_origins='https://a.example' is a text, not a list. Write allow_origins=['https://a.example'].",
        ),
        (
            {"allow_origins": ["https://a.example/"]},
            "allow_origins has 'https://a.example/', which is no origin. "
            "Write it as browsers send it: 'https://example.org', lower case, without path or slash.",
        ),
        (
            {"allow_origins": ["a.example"]},
            "allow_origins has 'a.example', which is no origin. "
            "Write it as browsers send it: 'https://example.org', lower case, without path or slash.",
        ),
        (
            {"allow_origins": ["https://*.a.example"]},
            "allow_origins has 'https://*.a.example', which is no origin. "
            r"Use allow_origin_regex=r'https://[a-z0-9-]+\.example\.org' for a pattern.",
        ),
        (
            {"allow_origin_regex": "("},
            "allow_origin_regex='(' is no regular expression: missing ), unterminated subpattern at position 0. Mend it.",
        ),
        ({"allow_methods": "GET"}, "allow_methods='GET' is a text, not a list. Write allow_methods=['GET']."),
        ({"allow_headers": ["X Key"]}, "allow_headers has 'X Key', which no header can carry. Use letters, digits and hyphens."),
        (
            {"expose_headers": ["a\r\nb"]},
            "expose_headers has 'a\\r\\nb', which no header can carry. Use letters, digits and hyphens.",
        ),
    ],
)
def test_mistakes_are_found_at_once(options, message):
    with pytest.raises(SetupError) as caught:
        CORSMiddleware(**options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"allow_origins": ["*"]},
            "CORSMiddleware allows credentials from every origin: any site can act in the name of a "
            "signed-in user. List the origins that may send credentials: allow_origins=['https://app.example.org'].",
        ),
        (
            {"allow_origin_regex": re.compile(".*")},
            "CORSMiddleware allows credentials from every origin: any site can act in "
            "the name of a signed-in user. List the origins that may send credentials: allow_origins=['https://app.example.org'].",
        ),
        (
            {"allow_origins": ["null"]},
            "CORSMiddleware allows credentials from the origin 'null', which any site gets by a "
            "sandboxed frame. List the origins that may send credentials: allow_origins=['https://app.example.org'].",
        ),
    ],
)
def test_production_does_not_start_with_credentials_for_everybody(options, message):
    app = App(settings=Settings())
    app.add_middleware(CORSMiddleware, allow_credentials=True, **options)
    with pytest.raises(SetupError) as caught:
        app.refuse_unsafe()
    assert str(caught.value) == message


def test_production_starts_with_credentials_for_some():
    app = App(settings=Settings())
    app.add_middleware(CORSMiddleware, allow_credentials=True, allow_origins=[SITE])
    app.refuse_unsafe()
