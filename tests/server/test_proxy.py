"""Proxies are believed where they are trusted, in the headers that they write, and not a word further."""

import pytest

from trine import App, Request, Settings, SetupError
from trine.server.proxy import TrustedProxies
from trine.testing import TestClient

EVERYTHING = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded")


@pytest.fixture(params=["asgi", "rsgi"])
def seen(request):
    """Ask from a peer with headers; answer what the application sees."""

    def ask(headers, *, peer="10.0.0.1", trusted=("10.0.0.0/8",), names=("x-forwarded-for", "x-forwarded-proto")):
        settings = Settings(trusted_proxies=trusted, proxy_headers=names, allowed_hosts=("shop.example", "testserver"))
        app = App(settings=settings)

        @app.get("/")
        def show(request: Request) -> dict[str, str]:
            return {"client": request.client.host if request.client else "", "url": str(request.url)}

        with TestClient(app, interface=request.param, client=(peer, 4000)) as client:
            answer = client.get("/", headers=headers)
            return answer.json() if answer.status_code == 200 else {"status": answer.status_code}

    return ask


def test_stranger_is_not_believed(seen):
    headers = {"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https", "x-forwarded-host": "shop.example"}
    assert seen(headers, peer="9.9.9.9", names=EVERYTHING) == {"client": "9.9.9.9", "url": "http://testserver/"}


def test_trusted_proxy_is_believed(seen):
    headers = {"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https"}
    assert seen(headers) == {"client": "1.2.3.4", "url": "https://testserver/"}


def test_what_the_client_wrote_into_the_list_is_not_believed(seen):
    assert seen({"x-forwarded-for": "127.0.0.1, 6.6.6.6, 10.1.1.1"})["client"] == "6.6.6.6"


def test_several_lines_are_one_list(seen):
    headers = [("x-forwarded-for", "8.8.8.8"), ("x-forwarded-for", "1.2.3.4, 10.2.2.2")]
    assert seen(headers)["client"] == "1.2.3.4"


def test_client_behind_trusted_proxies_alone_is_the_first_of_them(seen):
    assert seen({"x-forwarded-for": "10.3.3.3, 10.2.2.2"})["client"] == "10.3.3.3"


def test_nonsense_ends_what_is_believed(seen):
    assert seen({"x-forwarded-for": "1.2.3.4, nonsense, 10.2.2.2"})["client"] == "10.2.2.2"
    assert seen({"x-forwarded-for": "nonsense"})["client"] == "10.0.0.1"


def test_list_without_end_is_not_believed(seen):
    assert seen({"x-forwarded-for": ", ".join(["10.1.1.1"] * 40)})["client"] == "10.0.0.1"


@pytest.mark.parametrize("scheme", ["javascript", "ftp", "https:", ""])
def test_scheme_is_http_or_https(seen, scheme):
    assert seen({"x-forwarded-for": "1.2.3.4", "x-forwarded-proto": scheme})["url"] == "http://testserver/"


def test_host_counts_only_where_the_proxies_write_it(seen):
    headers = {"x-forwarded-for": "1.2.3.4", "x-forwarded-host": "shop.example", "x-forwarded-port": "8443"}
    assert seen(headers)["url"] == "http://testserver/"
    assert seen(headers, names=EVERYTHING)["url"] == "http://shop.example:8443/"


def test_forwarded_host_must_be_served_here(seen):
    headers = {"x-forwarded-for": "1.2.3.4", "x-forwarded-host": "evil.example"}
    assert seen(headers, names=EVERYTHING) == {"status": 400}


def test_forwarded_is_the_clients_own_word_where_proxies_do_not_write_it(seen):
    headers = {"forwarded": "for=6.6.6.6;host=shop.example;proto=https", "x-forwarded-for": "1.2.3.4"}
    assert seen(headers) == {"client": "1.2.3.4", "url": "http://testserver/"}


@pytest.mark.parametrize(
    ("header", "client", "url"),
    [
        ("for=1.2.3.4", "1.2.3.4", "http://testserver/"),
        ('for="1.2.3.4:8080";proto=https', "1.2.3.4", "https://testserver/"),
        ('For="[2001:db8::17]:4711"', "2001:db8::17", "http://testserver/"),
        ('for=9.9.9.9, for=1.2.3.4;proto=https;host="shop.example", for=10.4.4.4', "1.2.3.4", "https://shop.example/"),
        ('for="6.6.6.6, for=7.7.7.7", for=10.4.4.4', "10.4.4.4", "http://testserver/"),
        ("for=unknown, for=10.4.4.4", "10.4.4.4", "http://testserver/"),
        ("for=_hidden", "10.0.0.1", "http://testserver/"),
        ("for=1.2.3.4;for=5.6.7.8", "10.0.0.1", "http://testserver/"),
        ('for="1.2.3.4', "10.0.0.1", "http://testserver/"),
    ],
)
def test_forwarded_is_read_as_rfc_7239_says(seen, header, client, url):
    assert seen({"forwarded": header}, names=("forwarded",)) == {"client": client, "url": url}


def test_v4_address_in_v6_clothes_is_the_same_proxy():
    proxies = TrustedProxies(["10.0.0.0/8"])
    assert proxies.trusts("::ffff:10.1.2.3")
    assert not proxies.trusts("::ffff:11.1.2.3")


def test_unix_socket_is_trusted_by_name():
    assert TrustedProxies(["unix"]).trusts("")
    assert not TrustedProxies(["10.0.0.0/8"]).trusts("")


def test_address_that_is_none_is_refused():
    with pytest.raises(SetupError) as refused:
        TrustedProxies(["10.0.0.0/8", "proxy.example"])
    assert str(refused.value) == (
        "trusted_proxies: 'proxy.example' is no address. Write addresses or networks, such as 10.0.0.0/8, separated by commas."
    )
