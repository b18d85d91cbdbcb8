"""`fastapi.security.open_id_connect_url`: OpenID Connect."""

from trine import security
from trine.compat.fastapi.exceptions import HTTPException

__all__ = ["OpenIdConnect"]


class OpenIdConnect(security.OpenIdConnect):
    """OpenID Connect: the value is the whole Authorization header."""

    error_class = HTTPException
