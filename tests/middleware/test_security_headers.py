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
            nonce = request.csp_nonce if "csp_nonce" in request.state else ""
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


def test_policy_may_be_tried_beside_the_one_that_counts(ask):
    response = ask(
        content_security_policy={"default-src": "'self'"},
        content_security_policy_report_only={"script-src": "'nonce'", "report-to": "csp"},
        reporting_endpoints={"csp": "https://reports.example.org/csp"},
    )
    assert response.headers["content-security-policy"] == "default-src 'self'"
    assert response.headers["content-security-policy-report-only"] == f"script-src 'nonce-{response.text}'; report-to csp"
    assert response.headers["reporting-endpoints"] == 'csp="https://reports.example.org/csp"'


def test_what_is_said_closer_to_the_handler_counts(client_for):
    app = App()
    app.add_middleware(
        SecurityHeadersMiddleware,
        content_security_policy={"script-src": "'nonce'"},
        referrer_policy="no-referrer",
        cross_origin_opener_policy="unsafe-none",
    )
    loose = SecurityHeadersMiddleware(content_security_policy={"script-src": "'self' 'nonce'"}, referrer_policy="origin")

    @app.get("/strict")
    def strict(request: Request) -> str:
        return request.csp_nonce

    @app.get("/loose", middleware=[loose])
    def of_the_route(request: Request) -> str:
        return request.csp_nonce

    @app.get("/own")
    def own() -> HTMLResponse:
        return HTMLResponse("", headers={"referrer-policy": "unsafe-url"})

    client = client_for(app)
    answer = client.get("/strict")
    assert answer.headers["content-security-policy"] == f"script-src 'nonce-{answer.json()}'"
    assert answer.headers["referrer-policy"] == "no-referrer"
    answer = client.get("/loose")
    assert answer.headers["content-security-policy"] == f"script-src 'self' 'nonce-{answer.json()}'"
    assert (answer.headers["referrer-policy"], answer.headers["cross-origin-opener-policy"]) == ("origin", "unsafe-none")
    assert client.get("/own").headers["referrer-policy"] == "unsafe-url"


def test_documentation_keeps_its_own_policy(client_for):
    app = App()
    app.add_middleware(SecurityHeadersMiddleware, content_security_policy={"default-src": "'none'"})
    policy = client_for(app).get("/docs").headers.get_list("content-security-policy")
    assert len(policy) == 1
    assert "script-src 'self'" in policy[0]


def test_nonce_that_nobody_makes_is_explained(client_for):
    app = App()

    @app.get("/")
    def index(request: Request) -> str:
        return request.csp_nonce

    with pytest.raises(RuntimeError) as caught:
        client_for(app).get("/")
    assert str(caught.value) == (
        "request.csp_nonce is set by SecurityHeadersMiddleware, whose policy has no nonce here. "
        'Write "script-src": ["\'nonce\'"] into its content_security_policy.'
    )
