"""Hosts and schemes: who is answered, and who is sent elsewhere."""

import pytest

from trine import APIRouter, App, Settings, SetupError
from trine.middleware import HTTPSRedirectMiddleware, TrustedHostMiddleware

EVERYWHERE = Settings(mode="development", allowed_hosts=("*",))


def below(*middleware, **options) -> App:
    app = App(settings=EVERYWHERE)
    app.add_middleware(*middleware, **options)
    app.get("/{path:path}")(lambda path: path)
    return app


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("example.org", 200),
        ("EXAMPLE.org:8000", 200),
        ("example.org.", 200),
        ("api.example.com", 200),
        ("example.com", 200),
        ("evil.example", 400),
        ("example.org.evil.example", 400),
        ("example.org@evil.example", 400),
        ("evilexample.com", 400),
        ("example.org:80:80", 400),
    ],
)
def test_hosts_are_checked(host, status, client_for):
    client = client_for(below(TrustedHostMiddleware, allowed_hosts=["example.org", "*.example.com"]))
    assert client.get("/", headers={"host": host}).status_code == status


def test_host_that_lacks_www_is_sent_there(client_for):
    client = client_for(below(TrustedHostMiddleware, allowed_hosts=["www.example.org"], www_redirect=True))
    response = client.get("/a?b=c", headers={"host": "example.org"}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "http://www.example.org/a?b=c")
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_hosts_of_one_router_are_checked(client_for):
    app = App(settings=EVERYWHERE)
    router = APIRouter(prefix="/admin", middleware=[TrustedHostMiddleware(allowed_hosts=["admin.example.org"])])
    router.get("/")(lambda: "admin")
    app.include_router(router)
    app.get("/")(lambda: "public")
    client = client_for(app)
    assert client.get("/").status_code == 200
    assert client.get("/admin/").status_code == 400
    assert client.get("/admin/", headers={"host": "admin.example.org"}).status_code == 200


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        ("example.org", "allowed_hosts='example.org' is a text, not a list. Write ['example.org']."),
        (
            ["https://example.org"],
            "allowed_hosts has 'https://example.org', which is no host. Write 'example.org' or '.example.org'.",
        ),
        (["exa*ple.org"], "allowed_hosts has 'exa*ple.org', which is no host. Write 'example.org' or '.example.org'."),
    ],
)
def test_mistakes_in_hosts_are_found_at_once(hosts, message):
    with pytest.raises(SetupError) as caught:
        TrustedHostMiddleware(allowed_hosts=hosts)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "url", "location"),
    [
        ({}, "http://testserver/a?b=c", "https://testserver/a?b=c"),
        ({}, "http://testserver:80/a", "https://testserver/a"),
        ({}, "http://testserver:8000/a", "https://testserver:8000/a"),
        ({"port": 8443}, "http://testserver:8000/a", "https://testserver:8443/a"),
        ({"port": 443}, "http://testserver:8000/a", "https://testserver/a"),
        ({}, "http://testserver//evil.example/", "https://testserver//evil.example/"),
    ],
)
def test_plain_requests_are_sent_to_https(options, url, location, client_for):
    response = client_for(below(HTTPSRedirectMiddleware, **options)).post(url, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, location)


def test_secure_and_exempt_requests_are_answered(client_for):
    client = client_for(below(HTTPSRedirectMiddleware, exempt=["/health"], status_code=308))
    assert client.get("https://testserver/a").status_code == 200
    assert client.get("http://testserver/health").status_code == 200
    assert client.get("http://testserver/health/x", follow_redirects=False).status_code == 308


def test_mistakes_in_redirects_are_found_at_once():
    with pytest.raises(SetupError) as caught:
        HTTPSRedirectMiddleware(status_code=200)
    assert str(caught.value) == "HTTPSRedirectMiddleware has status_code=200. Use 307, or 308 for good."
    with pytest.raises(SetupError) as caught:
        HTTPSRedirectMiddleware(exempt="/health")
    assert str(caught.value) == "exempt='/health' is a text, not a list. Write exempt=['/health']."
