"""`fastapi.security.oauth2`: OAuth 2, and the form of the password flow. The schemes refuse with FastAPI's own exception."""

from typing import Annotated

from trine import security
from trine.binding import SecurityScopes
from trine.compat.fastapi.exceptions import HTTPException
from trine.compat.fastapi.param_functions import Form

__all__ = [
    "OAuth2",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict",
    "SecurityScopes",
]


class OAuth2(security.OAuth2):
    """Any OAuth 2 flows."""

    error_class = HTTPException


class OAuth2PasswordBearer(OAuth2, security.OAuth2PasswordBearer):
    """A token that a user gets for a name and a password."""


class OAuth2AuthorizationCodeBearer(OAuth2, security.OAuth2AuthorizationCodeBearer):
    """A token that a user gets from an authorization server."""


class OAuth2PasswordRequestForm:
    """What a client sends to get a token for a name and a password (RFC 6749 §4.3.2). `scopes` is `scope`, split."""

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra={"format": "password"})],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra={"format": "password"})] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The same, with `grant_type` required, as the specification has it."""

    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern="^password$")],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )
