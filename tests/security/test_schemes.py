"""Security schemes: what they read, how they refuse, and what they tell the documentation."""

from base64 import b64encode
from typing import Annotated

import pytest

from trine import App, Depends, Security, WebSocket, WebSocketDisconnect
from trine.errors import SetupError
from trine.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBase,
    HTTPBasic,
    HTTPBearer,
    HTTPDigest,
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    OAuth2PasswordRequestFormStrict,
    OpenIdConnect,
)

BASIC = "Basic " + b64encode(b"john:sec:ret").decode()
SCHEMES = {
    "basic": (HTTPBasic(), "Basic", {"type": "http", "scheme": "basic"}),
    "realm": (HTTPBasic(realm='a "b"'), 'Basic realm="a \\"b\\""', {"type": "http", "scheme": "basic"}),
    "bearer": (
        HTTPBearer(bearerFormat="JWT", description="A token"),
        "Bearer",
        {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token"},
    ),
    "digest": (HTTPDigest(), "Digest", {"type": "http", "scheme": "digest"}),
    "other": (HTTPBase(scheme="Negotiate"), "Negotiate", {"type": "http", "scheme": "Negotiate"}),
    "header": (APIKeyHeader(name="X-Key"), "APIKey", {"type": "apiKey", "in": "header", "name": "X-Key"}),
    "query": (APIKeyQuery(name="key"), "APIKey", {"type": "apiKey", "in": "query", "name": "key"}),
    "cookie": (APIKeyCookie(name="key"), "APIKey", {"type": "apiKey", "in": "cookie", "name": "key"}),
    "oauth2": (
        OAuth2(flows={"clientCredentials": {"tokenUrl": "token", "scopes": {"a": "A"}}}),
        "Bearer",
        {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "token", "scopes": {"a": "A"}}}},
    ),
    "password": (
        OAuth2PasswordBearer(tokenUrl="token", scopes={"a": "A"}, refreshUrl="again"),
        "Bearer",
        {"type": "oauth2", "flows": {"password": {"tokenUrl": "token", "scopes": {"a": "A"}, "refreshUrl": "again"}}},
    ),
    "code": (
        OAuth2AuthorizationCodeBearer(authorizationUrl="authorize", tokenUrl="token"),
        "Bearer",
        {
            "type": "oauth2",
            "flows": {"authorizationCode": {"authorizationUrl": "authorize", "tokenUrl": "token", "scopes": {}}},
        },
    ),
    "openid": (
        OpenIdConnect(openIdConnectUrl="/.well-known/openid-configuration"),
        "Bearer",
        {"type": "openIdConnect", "openIdConnectUrl": "/.well-known/openid-configuration"},
    ),
}
GOOD = {
    "basic": ({"authorization": BASIC}, {"username": "john", "password": "sec:ret"}),
    "realm": ({"authorization": BASIC.replace("Basic", "bAsIc")}, {"username": "john", "password": "sec:ret"}),
    "bearer": ({"authorization": "bearer  token "}, {"scheme": "bearer", "credentials": "token"}),
    "digest": ({"authorization": 'Digest username="x"'}, {"scheme": "Digest", "credentials": 'username="x"'}),
    "other": ({"authorization": "Negotiate abc"}, {"scheme": "Negotiate", "credentials": "abc"}),
    "header": ({"x-key": "secret"}, "secret"),
    "cookie": ({"cookie": "key=secret"}, "secret"),
    "oauth2": ({"authorization": "Bearer token"}, "Bearer token"),
    "password": ({"authorization": "Bearer token"}, "token"),
    "code": ({"authorization": "Bearer token"}, "token"),
    "openid": ({"authorization": "Bearer token"}, "Bearer token"),
}
NOT_BASIC = ["Basic", "Basic ", "Basic !!", "Basic am9obg==", "Basic w7bDtjrDtg=", "Basic /////w==", "Bearer x", ""]


def guarded(scheme) -> App:
    app = App()

    @app.get("/")
    def index(credentials=Security(scheme)):
        return credentials

    return app


@pytest.mark.parametrize("name", SCHEMES)
def test_request_without_credentials_is_refused(name, client_for):
    scheme, challenge, _ = SCHEMES[name]
    response = client_for(guarded(scheme)).get("/")
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})
    assert response.headers["www-authenticate"] == challenge


@pytest.mark.parametrize("name", GOOD)
def test_credentials_arrive(name, client_for):
    headers, expected = GOOD[name]
    assert client_for(guarded(SCHEMES[name][0])).get("/", headers=headers).json() == expected


def test_key_in_the_query_arrives(client_for):
    assert client_for(guarded(APIKeyQuery(name="key"))).get("/?key=secret").json() == "secret"


@pytest.mark.parametrize("name", SCHEMES)
def test_scheme_describes_itself(name):
    scheme, _, model = SCHEMES[name]
    assert (scheme.model, scheme.scheme_name) == (model, type(scheme).__name__)


def test_scheme_takes_another_name():
    assert HTTPBearer(scheme_name="token").scheme_name == "token"


@pytest.mark.parametrize("header", NOT_BASIC)
def test_broken_basic_credentials_are_refused(header, client_for):
    response = client_for(guarded(HTTPBasic())).get("/", headers={"authorization": header})
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic token", "token", "Bearertoken"])
@pytest.mark.parametrize("scheme", [HTTPBearer(), OAuth2PasswordBearer(tokenUrl="token")], ids=["http", "oauth2"])
def test_header_without_bearer_token_is_refused(scheme, header, client_for):
    response = client_for(guarded(scheme)).get("/", headers={"authorization": header})
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})


@pytest.mark.parametrize("scheme", [HTTPBearer(auto_error=False), APIKeyHeader(name="x-key", auto_error=False)])
def test_optional_credentials_are_none(scheme, client_for):
    response = client_for(guarded(scheme)).get("/")
    assert (response.status_code, response.json()) == (200, None)


def test_realm_that_no_header_carries_is_refused():
    with pytest.raises(SetupError) as caught:
        HTTPBasic(realm="a\r\nset-cookie: x=1")
    assert str(caught.value) == (
        "The realm 'a\\r\\nset-cookie: x=1' has characters that no header can carry. Use visible ASCII characters."
    )


def test_scheme_reads_a_websocket_handshake(client_for):
    app = App()

    @app.websocket("/ws")
    async def talk(socket: WebSocket, key: str = Security(APIKeyCookie(name="key"))) -> None:
        await socket.accept()
        await socket.send_text(key)
        await socket.close()

    with client_for(app) as client:
        with client.websocket_connect("/ws", headers={"cookie": "key=secret"}) as socket:
            assert socket.receive_text() == "secret"
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws"):
            pass


@pytest.mark.parametrize("form", [OAuth2PasswordRequestForm, OAuth2PasswordRequestFormStrict])
def test_password_form_is_read(form, client_for):
    app = App()

    @app.post("/token")
    def token(credentials: Annotated[form, Depends()]):
        return vars(credentials)

    sent = {"grant_type": "password", "username": "john", "password": "secret", "scope": "a b"}
    assert client_for(app).post("/token", data=sent).json() == {
        "grant_type": "password",
        "username": "john",
        "password": "secret",
        "scopes": ["a", "b"],
        "client_id": None,
        "client_secret": None,
    }


@pytest.mark.parametrize(
    ("form", "grant_type", "error"),
    [
        (OAuth2PasswordRequestFormStrict, None, {"type": "missing", "msg": "Field required", "input": None}),
        (
            OAuth2PasswordRequestForm,
            "code",
            {
                "type": "string_pattern_mismatch",
                "msg": "String should match pattern '^password$'",
                "input": "code",
                "ctx": {"pattern": "^password$"},
            },
        ),
    ],
)
def test_password_form_of_another_grant_is_refused(form, grant_type, error, client_for):
    app = App()

    @app.post("/token")
    def token(credentials: Annotated[form, Depends()]):
        return vars(credentials)

    sent = {"username": "john", "password": "secret"} | ({"grant_type": grant_type} if grant_type else {})
    response = client_for(app).post("/token", data=sent)
    assert response.status_code == 422
    assert response.json() == {"detail": [{"loc": ["body", "grant_type"], **error}]}
