"""`fastapi.security.api_key`: API keys."""

from trine.security import APIKeyCookie, APIKeyHeader, APIKeyQuery

__all__ = ["APIKeyCookie", "APIKeyHeader", "APIKeyQuery"]
