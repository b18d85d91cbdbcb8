"""What the documentation's addresses send, without a browser."""

import gzip
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest

from trine import App
from trine.security import OAuth2PasswordBearer


class Loaded(HTMLParser):
    """Collects what a page loads, and whether scripts or styles stand in it."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.links: dict[str, str] = {}
        self.inline: list[str] = []
        self._link = ""

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self._link = given.get("href", "") if tag == "a" else ""
        if address := given.get("src") or (given.get("href") if tag == "link" else None):
            self.addresses.append(address)
        elif tag in ("script", "style"):
            self.inline.append(tag)
        self.inline += [name for name in given if name.startswith("on") or name == "style"]

    def handle_data(self, data):
        if self._link and data.strip():
            self.links[data] = self._link


def read_page(html: str) -> Loaded:
    loaded = Loaded()
    loaded.feed(html)
    return loaded


@pytest.fixture
def shop() -> App:
    app = App(title="Tom & Jerry's <shop>")

    @app.get("/items")
    def items() -> list[int]:
        return [1]

    return app


@pytest.mark.parametrize(("path", "title"), [("/docs", "API"), ("/redoc", "API reference")])
def test_page_loads_only_files_of_its_own_host(client_for, shop, path, title):
    client = client_for(shop)
    answer = client.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<title>Tom &amp; Jerry&#x27;s &lt;shop&gt; – {title}</title>" in answer.text
    page = read_page(answer.text)
    assert page.inline == []
    assert page.links == {"Try it out": "/docs", "Reference": "/redoc", "openapi.json": "/openapi.json"}
    for address in page.addresses:
        assert re.fullmatch(rf"{path}/[a-z-]+-[0-9a-f]{{8}}\.(js|css|svg)", address)
        assert client.get(address).status_code == 200


def test_assets_are_kept_by_browsers_for_a_year(client_for, shop):
    client = client_for(shop)
    for address in read_page(client.get("/docs").text).addresses:
        answer = client.get(address)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = client.get(address, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_large_assets_are_compressed_for_those_who_take_it(client_for, shop):
    client = client_for(shop)
    (address,) = [each for each in read_page(client.get("/docs").text).addresses if "swagger-ui" in each and each.endswith(".js")]
    compressed = client.get(address, headers={"accept-encoding": "br, gzip"})
    plain = client.get(address, headers={"accept-encoding": "gzip;q=0, identity"})
    assert (compressed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert compressed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert int(compressed.headers["content-length"]) < int(plain.headers["content-length"]) / 3
    body = compressed.content if compressed.content.startswith(b"/*") else gzip.decompress(compressed.content)
    assert body == plain.content


def test_content_security_policy_is_strict(client_for, shop):
    policy = client_for(shop).get("/docs").headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def test_style_nonce_of_the_reference_is_new_each_time(client_for, shop):
    client = client_for(shop)
    nonces = set()
    for _ in range(2):
        answer = client.get("/redoc")
        (nonce,) = re.findall(r"style-src 'self' 'nonce-([\w-]{22})'", answer.headers["content-security-policy"])
        assert answer.text.count(f' nonce="{nonce}"') == 2
        nonces.add(nonce)
    assert len(nonces) == 2


def test_servers_and_providers_that_the_document_names_may_be_asked(client_for):
    from trine import Depends

    scheme = OAuth2PasswordBearer(tokenUrl="https://login.example/token")
    servers = [{"url": "https://api.example/v1"}, {"url": "/v2"}, {"url": "https://{region}.example"}]
    app = App(servers=servers, dependencies=[Depends(scheme)])

    @app.get("/items")
    def items() -> int: ...

    policy = client_for(app).get("/docs").headers["content-security-policy"]
    assert "connect-src 'self' https://api.example https://login.example;" in policy


def test_sign_in_windows_find_back_to_the_page(client_for, shop):
    client = client_for(shop)
    assert client.get("/docs").headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    answer = client.get("/docs/oauth2-redirect")
    assert answer.headers["cross-origin-opener-policy"] == "unsafe-none"
    (address,) = read_page(answer.text).addresses
    assert "swaggerUIRedirectOauth2" in client.get(urljoin("/docs/", address)).text


def test_document_is_served_as_it_is(client_for, shop):
    answer = client_for(shop).get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == shop.openapi()


def test_addresses_are_the_applications_choice(client_for):
    client = client_for(App(openapi_url="/api/schema.json", docs_url="/", redoc_url="/api/reference"))
    assert client.get("/api/schema.json").json()["openapi"] == "3.1.0"
    for path in ("/", "/api/reference"):
        page = read_page(client.get(path).text)
        assert page.links == {"Try it out": "/", "Reference": "/api/reference", "openapi.json": "/api/schema.json"}
        assert [client.get(address).status_code for address in page.addresses] == [200] * len(page.addresses)


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"openapi_url": None}, ["/openapi.json", "/docs", "/redoc", "/docs/oauth2-redirect"]),
        ({"docs_url": None}, ["/docs", "/docs/oauth2-redirect"]),
        ({"redoc_url": None}, ["/redoc"]),
    ],
)
def test_pages_can_be_left_out(client_for, options, missing):
    client = client_for(App(**options))
    pages = ["/openapi.json", "/docs", "/redoc", "/docs/oauth2-redirect"]
    assert [path for path in pages if client.get(path).status_code == 404] == missing


def test_page_that_is_left_out_is_not_linked(client_for):
    page = read_page(client_for(App(redoc_url=None)).get("/docs").text)
    assert page.links == {"Try it out": "/docs", "openapi.json": "/openapi.json"}


def test_behind_a_proxy_every_address_has_the_prefix(client_for):
    app = App(root_path="/api/v1", servers=[{"url": "https://shop.example"}])
    client = client_for(app)
    page = read_page(client.get("/docs").text)
    assert page.links == {"Try it out": "/api/v1/docs", "Reference": "/api/v1/redoc", "openapi.json": "/api/v1/openapi.json"}
    assert all(address.startswith("/api/v1/docs/") for address in page.addresses)
    assert client.get("/openapi.json").json()["servers"] == [{"url": "/api/v1"}, {"url": "https://shop.example"}]
    assert app.openapi()["servers"] == [{"url": "https://shop.example"}]


def test_settings_of_swagger_ui_cannot_leave_their_attribute(client_for):
    app = App(
        swagger_ui_parameters={"docExpansion": "\"><script>alert('x')</script>", "syntaxHighlight": False},
        swagger_ui_init_oauth={"clientId": "shop", "usePkceWithAuthorizationCodeGrant": True},
    )
    text = client_for(app).get("/docs").text
    assert read_page(text).inline == []
    assert "&quot;syntaxHighlight&quot;: false" in text
    assert "&quot;clientId&quot;: &quot;shop&quot;" in text


def test_own_route_takes_the_place_of_a_page(client_for):
    app = App()

    @app.get("/docs")
    def docs() -> str:
        return "mine"

    assert client_for(app).get("/docs").json() == "mine"
