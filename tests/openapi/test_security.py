"""Who may call, as the document says it."""

from typing import Annotated

from trine import App, Depends, Security, SecurityScopes
from trine.security import APIKeyHeader, HTTPBearer, OAuth2PasswordBearer

oauth2 = OAuth2PasswordBearer(tokenUrl="token", scopes={"me": "Read yourself", "items": "Read items"})
OAUTH2 = {
    "type": "oauth2",
    "flows": {"password": {"scopes": {"me": "Read yourself", "items": "Read items"}, "tokenUrl": "token"}},
}


def test_scheme_below_a_dependency_is_documented(document_of):
    def user(token: Annotated[str, Depends(oauth2)]): ...

    app = App()

    @app.get("/me")
    def me(user=Depends(user)): ...

    document = document_of(app)
    operation = document["paths"]["/me"]["get"]
    assert operation["security"] == [{"OAuth2PasswordBearer": []}]
    assert "parameters" not in operation
    assert document["components"]["securitySchemes"] == {"OAuth2PasswordBearer": OAUTH2}


def test_scopes_add_up_along_the_chain(operation_of):
    def user(scopes: SecurityScopes, token: Annotated[str, Depends(oauth2)]): ...
    def active(user=Security(user, scopes=["me"])): ...

    app = App()

    @app.get("/items")
    def items(user=Security(active, scopes=["items"])): ...

    assert operation_of(app)["security"] == [{"OAuth2PasswordBearer": ["items", "me"]}]


def test_one_scheme_on_two_ways_is_named_once(operation_of):
    def user(token: Annotated[str, Depends(oauth2)]): ...

    app = App()

    @app.get("/items", dependencies=[Security(user, scopes=["items"])])
    def items(user=Security(user, scopes=["me"])): ...

    assert operation_of(app)["security"] == [{"OAuth2PasswordBearer": ["items", "me"]}]


def test_several_schemes_by_their_names(document_of):
    app = App(dependencies=[Depends(APIKeyHeader(name="x-key", scheme_name="Key", description="Ask us"))])

    @app.get("/")
    def root(token=Depends(HTTPBearer(bearerFormat="JWT"))): ...

    document = document_of(app)
    assert document["paths"]["/"]["get"]["security"] == [{"Key": []}, {"HTTPBearer": []}]
    assert document["components"]["securitySchemes"] == {
        "Key": {"type": "apiKey", "in": "header", "name": "x-key", "description": "Ask us"},
        "HTTPBearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }


def test_anything_with_a_model_and_a_name_is_a_scheme(document_of):
    class Certificate:
        scheme_name = "Certificate"

        @property
        def model(self) -> dict:
            return {"type": "mutualTLS"}

        def __call__(self) -> str: ...

    app = App()

    @app.get("/")
    def root(who=Depends(Certificate())): ...

    assert document_of(app)["components"]["securitySchemes"] == {"Certificate": {"type": "mutualTLS"}}
