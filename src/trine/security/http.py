"""The Authorization header: Basic (RFC 7617), Bearer (RFC 6750), Digest, or any other scheme."""

import binascii
from base64 import b64decode
from typing import Any

from pydantic import BaseModel

from trine.errors import SetupError
from trine.http import Connection

from .scheme import SecurityScheme, split_authorization


class HTTPBasicCredentials(BaseModel):
    """A user name and a password, as they were sent. Compare them with `hmac.compare_digest`."""

    username: str
    password: str


class HTTPAuthorizationCredentials(BaseModel):
    """An Authorization header: the word for the scheme, and what follows it."""

    scheme: str
    credentials: str


class HTTPBase(SecurityScheme):
    """Any scheme of the Authorization header. The word itself is not compared: subclasses do that."""

    def __init__(
        self, *, scheme: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.scheme = scheme
        self.challenge = scheme.title()

    async def __call__(self, request: Connection) -> Any:
        """Read the credentials, or refuse the request."""
        scheme, credentials = split_authorization(request.headers.get("authorization"))
        if not (scheme and credentials and self._fits(scheme)):
            self.refuse()
            return None
        return HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials)

    def _fits(self, scheme: str) -> bool:
        return True

    def _document(self) -> dict[str, Any]:
        return {"type": "http", "scheme": self.scheme}


class HTTPBasic(HTTPBase):
    """User name and password with each request. Only over TLS."""

    def __init__(
        self,
        *,
        scheme_name: str | None = None,
        realm: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme="basic", scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.realm = realm
        if realm:
            self.challenge = f'Basic realm="{_quoted(realm)}"'

    async def __call__(self, request: Connection) -> HTTPBasicCredentials | None:
        """Read the credentials, or refuse the request."""
        scheme, credentials = split_authorization(request.headers.get("authorization"))
        if scheme.lower() != "basic" or not credentials:
            self.refuse()
            return None
        try:
            username, separator, password = b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise self.make_not_authenticated_error() from None
        if not separator:
            raise self.make_not_authenticated_error()
        return HTTPBasicCredentials(username=username, password=password)


class HTTPBearer(HTTPBase):
    """A token with each request."""

    def __init__(
        self,
        *,
        bearerFormat: str | None = None,  # noqa: N803 - OpenAPI's own spelling
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme="bearer", scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.bearer_format = bearerFormat

    def _fits(self, scheme: str) -> bool:
        return scheme.lower() == "bearer"

    def _document(self) -> dict[str, Any]:
        described = {"type": "http", "scheme": "bearer"}
        return described if self.bearer_format is None else {**described, "bearerFormat": self.bearer_format}


class HTTPDigest(HTTPBase):
    """The Digest scheme's parameters as they were sent. Nothing is verified."""

    def __init__(self, *, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True) -> None:
        super().__init__(scheme="digest", scheme_name=scheme_name, description=description, auto_error=auto_error)

    def _fits(self, scheme: str) -> bool:
        return scheme.lower() == "digest"


def _quoted(realm: str) -> str:
    """A realm as a quoted string (RFC 9110 §5.6.4)."""
    if not realm.isprintable() or not realm.isascii():
        raise SetupError(f"The realm {realm!r} has characters that no header can carry.", hint="Use visible ASCII characters.")
    return realm.replace("\\", "\\\\").replace('"', '\\"')
