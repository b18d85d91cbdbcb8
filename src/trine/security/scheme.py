"""What all security schemes share: a name, a description for the document, and the refusal."""

from functools import cached_property
from typing import Any

from trine.errors import HTTPException


class SecurityScheme:
    """A dependency that reads credentials. Verifying them is the application's work.

    Without credentials the request is refused with 401, or with `auto_error=False` the value is None.
    """

    challenge = "Bearer"
    """What `WWW-Authenticate` asks for (RFC 9110 §11.6.1)."""
    error_class: type[HTTPException] = HTTPException
    """What refuses. A family of schemes may raise an exception of its own."""

    def __init__(self, *, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True) -> None:
        self.scheme_name = scheme_name or type(self).__name__
        self.description = description
        self.auto_error = auto_error

    @cached_property
    def model(self) -> dict[str, Any]:
        """The scheme as an OpenAPI Security Scheme Object (OpenAPI 3.1 §4.8.27). A scheme of an own kind may set it."""
        described = {} if self.description is None else {"description": self.description}
        return {**self._document(), **described}

    def make_not_authenticated_error(self) -> HTTPException:
        """Make the error that refuses a request without credentials. A subclass may choose another one."""
        return self.error_class(401, "Not authenticated", {"WWW-Authenticate": self.challenge})

    def refuse(self) -> None:
        """Raise the refusal, unless the credentials are optional."""
        if self.auto_error:
            raise self.make_not_authenticated_error()

    def _document(self) -> dict[str, Any]:
        raise NotImplementedError


def split_authorization(header: str | None) -> tuple[str, str]:
    """Split an Authorization header into scheme and credentials, both empty where they are missing."""
    scheme, _, credentials = (header or "").partition(" ")
    return scheme, credentials.strip()
