"""Security: where credentials stand in a request, how the documentation says so, and signed values."""

from .api_key import APIKeyCookie, APIKeyHeader, APIKeyQuery
from .http import HTTPAuthorizationCredentials, HTTPBase, HTTPBasic, HTTPBasicCredentials, HTTPBearer, HTTPDigest
from .oauth2 import OAuth2, OAuth2AuthorizationCodeBearer, OAuth2PasswordBearer
from .open_id import OpenIdConnect
from .origin import SameOrigin
from .password_form import OAuth2PasswordRequestForm, OAuth2PasswordRequestFormStrict
from .scheme import SecurityScheme
from .signing import Signer, TimedSigner

__all__ = [
    "APIKeyCookie",
    "APIKeyHeader",
    "APIKeyQuery",
    "HTTPAuthorizationCredentials",
    "HTTPBase",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
    "OAuth2",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict",
    "OpenIdConnect",
    "SameOrigin",
    "SecurityScheme",
    "Signer",
    "TimedSigner",
]
