"""`fastapi.security.http`: schemes of the Authorization header. They refuse with FastAPI's own exception."""

from trine import security
from trine.compat.fastapi.exceptions import HTTPException
from trine.security import HTTPAuthorizationCredentials, HTTPBasicCredentials

__all__ = ["HTTPAuthorizationCredentials", "HTTPBase", "HTTPBasic", "HTTPBasicCredentials", "HTTPBearer", "HTTPDigest"]


class HTTPBase(security.HTTPBase):
    """Any scheme of the Authorization header."""

    error_class = HTTPException


class HTTPBasic(HTTPBase, security.HTTPBasic):
    """A name and a password."""


class HTTPBearer(HTTPBase, security.HTTPBearer):
    """A token with each request."""


class HTTPDigest(HTTPBase, security.HTTPDigest):
    """The Digest scheme's parameters as they were sent."""
