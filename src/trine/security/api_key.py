"""API keys in the query, a header or a cookie."""

from typing import Any

from trine.http import Connection

from .scheme import SecurityScheme


class _APIKey(SecurityScheme):
    place: str
    challenge = "APIKey"

    def __init__(
        self, *, name: str, scheme_name: str | None = None, description: str | None = None, auto_error: bool = True
    ) -> None:
        super().__init__(scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.name = name

    def _document(self) -> dict[str, Any]:
        return {"type": "apiKey", "in": self.place, "name": self.name}

    def _checked(self, key: str | None) -> str | None:
        if not key:
            self.refuse()
            return None
        return key


class APIKeyQuery(_APIKey):
    """A key in the query string. It ends up in logs and histories: prefer a header."""

    place = "query"

    async def __call__(self, request: Connection) -> str | None:
        """Read the key, or refuse the request."""
        return self._checked(request.query_params.get(self.name))


class APIKeyHeader(_APIKey):
    """A key in a header."""

    place = "header"

    async def __call__(self, request: Connection) -> str | None:
        """Read the key, or refuse the request."""
        return self._checked(request.headers.get(self.name))


class APIKeyCookie(_APIKey):
    """A key in a cookie."""

    place = "cookie"

    async def __call__(self, request: Connection) -> str | None:
        """Read the key, or refuse the request."""
        return self._checked(request.cookies.get(self.name))
