"""Cross-site requests: refused where they change something, by what browsers say of themselves."""

import pytest

from trine import App, Depends, SetupError, WebSocket, WebSocketDisconnect
from trine.middleware import CSRFMiddleware
from trine.security import SameOrigin

SITE = "http://testserver"
FRIEND = "https://app.example.org"
EVIL = "https://evil.example"


def shop(**options) -> App:
    app = App()
    app.add_middleware(CSRFMiddleware, **options)
    app.api_route("/", methods=["GET", "POST", "DELETE"])(lambda: "ok")
    app.post("/hooks/paid")(lambda: "ok")
    app.post("/hooksaw")(lambda: "ok")
    return app


CASES = [
    ({}, 200),
    ({"origin": SITE}, 200),
    ({"origin": SITE + ":80"}, 200),
    ({"origin": "https://testserver"}, 200),
    ({"origin": EVIL}, 403),
    ({"origin": "http://testserver:8080"}, 403),
    ({"origin": "http://testserver.evil.example"}, 403),
    ({"origin": "http://sub.testserver"}, 403),
    ({"origin": "http://testserver@evil.example"}, 403),
    ({"origin": "null"}, 403),
    ({"origin": ""}, 403),
    ({"origin": "testserver"}, 403),
    ({"origin": "ftp://testserver"}, 403),
    ({"sec-fetch-site": "same-origin"}, 200),
    ({"sec-fetch-site": "none"}, 200),
    ({"sec-fetch-site": "cross-site"}, 403),
    ({"sec-fetch-site": "same-site"}, 403),
    ({"sec-fetch-site": "cross-site", "origin": SITE}, 403),
    ({"sec-fetch-site": "cross-site", "origin": EVIL}, 403),
    ({"sec-fetch-site": "unheard-of"}, 403),
    ({"sec-fetch-site": "cross-site", "origin": FRIEND}, 200),
    ({"origin": FRIEND}, 200),
]


@pytest.mark.parametrize(("headers", "status"), CASES, ids=range(len(CASES)))
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_change_from_another_site_is_refused(headers, status, method, client_for):
    response = client_for(shop(trusted_origins=[FRIEND])).request(method, "/", headers=headers)
    assert response.status_code == status
    assert response.json() == ("ok" if status == 200 else {"detail": "This request comes from another site."})


def test_two_origins_are_refused(client_for):
    response = client_for(shop()).post("/", headers=[("origin", SITE), ("origin", EVIL)])
    assert response.status_code == 403


def test_page_that_was_not_secure_does_not_pass_for_one_that_is(client_for):
    assert client_for(shop()).post("https://testserver/", headers={"origin": "http://testserver"}).status_code == 403


def test_reading_is_not_refused(client_for):
    client = client_for(shop())
    for method in ("GET", "HEAD", "OPTIONS"):
        assert client.request(method, "/", headers={"origin": EVIL, "sec-fetch-site": "cross-site"}).status_code < 300


def test_exempt_paths_are_left_alone(client_for):
    client = client_for(shop(exempt=["/hooks/"]))
    assert client.post("/hooks/paid", headers={"origin": EVIL}).status_code == 200
    assert client.post("/hooksaw", headers={"origin": EVIL}).status_code == 403


def test_websocket_from_another_site_is_refused(client_for):
    app = App()

    @app.websocket("/chat", allow_origins=["*"], dependencies=[Depends(SameOrigin([FRIEND]))])
    async def chat(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        await socket.close()

    client = client_for(app)
    for headers in ({}, {"origin": SITE}, {"origin": FRIEND}, {"sec-fetch-site": "same-origin"}):
        with client.websocket_connect("/chat", headers=headers) as socket:
            assert socket.receive_text() == "hello"
    for headers in ({"origin": EVIL}, {"origin": "null"}, {"origin": EVIL, "sec-fetch-site": "cross-site"}):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/chat", headers=headers):
            pass


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"trusted_origins": "https://a.example"},
            "trusted_origins='https://a.example' is a text, not a list. Write trusted_origins=['https://a.example'].",
        ),
        (
            {"trusted_origins": ["a.example"]},
            "trusted_origins has 'a.example', which is no origin. "
            "Write it as browsers send it: 'https://example.org', lower case, without path or slash.",
        ),
        ({"exempt": "/hooks"}, "exempt='/hooks' is a text, not a list. Write exempt=['/hooks']."),
        ({"exempt": ["hooks"]}, "exempt has 'hooks', which is no path. Write '/hooks'."),
    ],
)
def test_mistakes_are_found_at_once(options, message):
    with pytest.raises(SetupError) as caught:
        CSRFMiddleware(**options)
    assert str(caught.value) == message
