"""`fastapi.security.api_key`: API keys. They refuse with FastAPI's own exception."""

from trine import security
from trine.compat.fastapi.exceptions import HTTPException

__all__ = ["APIKeyCookie", "APIKeyHeader", "APIKeyQuery"]


class APIKeyQuery(security.APIKeyQuery):
    """A key in the query string."""

    error_class = HTTPException


class APIKeyHeader(security.APIKeyHeader):
    """A key in a header."""

    error_class = HTTPException


class APIKeyCookie(security.APIKeyCookie):
    """A key in a cookie."""

    error_class = HTTPException
