"""Security headers: policies, nonces, and who wins."""

import re

import pytest

from trine import App, HTMLResponse, Request, SetupError
from trine.middleware import SecurityHeadersMiddleware


@pytest.fixture
def ask(client_for):
    def ask(headers=None, url="/", **options):
        app = App()
        app.add_middleware(SecurityHeadersMiddleware, **options)

        @app.get("/")
        def index(request: Request) -> HTMLResponse:
            nonce = request.state.csp_nonce if "csp_nonce" in request.state else ""
            return HTMLResponse(nonce, headers=headers)

        return client_for(app).get(url)

    return ask


def test_policy_is_sent(ask):
    policy = {"default_src": "'self'", "img-src": ["'self'", "data:"], "upgrade-insecure-requests": []}
    response = ask(content_security_policy=policy)
    assert response.headers["content-security-policy"] == "default-src 'self'; img-src 'self' data:; upgrade-insecure-requests"


def test_each_answer_has_its_own_nonce(ask):
    first, second = (ask(content_security_policy={"script-src": ["'self'", "'nonce'"]}) for _ in range(2))
    nonce = re.fullmatch(r"script-src 'self' 'nonce-([\w-]{22})'", first.headers["content-security-policy"])
    assert nonce is not None
    assert first.text == nonce[1]
    assert first.text != second.text


def test_policy_may_only_report(ask):
    response = ask(content_security_policy={"default-src": "'none'"}, report_only=True)
    assert response.headers["content-security-policy-report-only"] == "default-src 'none'"
    assert "content-security-policy" not in response.headers


def test_hsts_is_sent_over_https_alone(ask):
    options = {"hsts": 31536000, "hsts_subdomains": True, "hsts_preload": True}
    assert "strict-transport-security" not in ask(**options).headers
    assert ask(url="https://testserver/", **options).headers["strict-transport-security"] == (
        "max-age=31536000; includeSubDomains; preload"
    )


def test_permissions_are_sent(ask):
    response = ask(permissions_policy={"camera": [], "geolocation": ["self", "https://maps.example.org"], "fullscreen": "*"})
    assert response.headers["permissions-policy"] == 'camera=(), geolocation=(self "https://maps.example.org"), fullscreen=*'


def test_other_policies_replace_the_defaults(ask):
    response = ask(
        referrer_policy="no-referrer",
        cross_origin_opener_policy="same-origin-allow-popups",
        cross_origin_embedder_policy="require-corp",
        cross_origin_resource_policy="same-site",
    )
    assert {name: response.headers.get_list(name) for name in response.headers if name.startswith(("cross", "referrer"))} == {
        "referrer-policy": ["no-referrer"],
        "cross-origin-opener-policy": ["same-origin-allow-popups"],
        "cross-origin-embedder-policy": ["require-corp"],
        "cross-origin-resource-policy": ["same-site"],
    }


def test_policy_of_the_handler_stays(ask):
    response = ask({"content-security-policy": "sandbox"}, content_security_policy={"default-src": "'self'"})
    assert response.headers.get_list("content-security-policy") == ["sandbox"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"content_security_policy": {"script-src": ["'self'; object-src *"]}},
            "The content security policy has \"'self'; object-src *\". Write one source in each text of the list.",
        ),
        ({"hsts_subdomains": True}, "HSTS has options, but no time. Set hsts=31536000, a year in seconds."),
        (
            {"hsts": 60, "hsts_preload": True},
            "hsts_preload asks for hsts_subdomains=True and a year at least, not hsts=60. Set both, or leave hsts_preload out.",
        ),
        (
            {"referrer_policy": "a\r\nb: c"},
            "Header 'referrer-policy' with value 'a\\r\\nb: c' cannot be sent: it may not have line breaks or control "
            "characters. Mend the options of SecurityHeadersMiddleware.",
        ),
    ],
)
def test_mistakes_are_found_at_once(options, message):
    with pytest.raises(SetupError) as caught:
        SecurityHeadersMiddleware(**options)
    assert str(caught.value) == message
