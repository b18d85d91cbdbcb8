"""OpenID Connect, found by its discovery document."""

from typing import Any

from trine.http import Connection

from .scheme import SecurityScheme


class OpenIdConnect(SecurityScheme):
    """Tokens of an OpenID provider. The value is the whole Authorization header."""

    def __init__(
        self,
        *,
        openIdConnectUrl: str,  # noqa: N803 - OpenAPI's own spelling
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.open_id_connect_url = openIdConnectUrl

    async def __call__(self, request: Connection) -> str | None:
        """Read the header, or refuse the request."""
        authorization = request.headers.get("authorization")
        if not authorization:
            self.refuse()
            return None
        return authorization

    def _document(self) -> dict[str, Any]:
        return {"type": "openIdConnect", "openIdConnectUrl": self.open_id_connect_url}
