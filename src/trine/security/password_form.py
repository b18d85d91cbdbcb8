"""The form in which a client asks for a token with a name and a password (RFC 6749 §4.3.2)."""

from typing import Annotated, ClassVar

from pydantic import Field

_Secret = Field(json_schema_extra={"format": "password"})
_GrantType = Field(pattern="^password$")


class OAuth2PasswordRequestForm:
    """A dependency that reads the password flow's form. `scopes` is the field `scope`, split at its spaces."""

    reads_form: ClassVar[bool] = True
    """Tells the binding that the parameters are fields of a form, not of the query."""

    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, _GrantType] = None,
        username: str,
        password: Annotated[str, _Secret],
        scope: str = "",
        client_id: str | None = None,
        client_secret: Annotated[str | None, _Secret] = None,
    ) -> None:
        self.grant_type = grant_type
        self.username = username
        self.password = password
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    """The same with `grant_type` required, as the specification has it."""

    def __init__(
        self,
        grant_type: Annotated[str, _GrantType],
        username: str,
        password: str,
        scope: str = "",
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> None:
        super().__init__(
            grant_type=grant_type,
            username=username,
            password=password,
            scope=scope,
            client_id=client_id,
            client_secret=client_secret,
        )
