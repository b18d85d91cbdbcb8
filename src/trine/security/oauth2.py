"""OAuth 2: the flows that the documentation offers, and the bearer token that they end in."""

from collections.abc import Mapping
from typing import Any

from trine.http import Connection

from .scheme import SecurityScheme, split_authorization

Flows = Mapping[str, Any]


class OAuth2(SecurityScheme):
    """Any OAuth 2 flows, as OpenAPI's OAuth Flows Object. The value is the whole Authorization header."""

    def __init__(
        self,
        *,
        flows: Any = None,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.flows = _plain_flows(flows)

    async def __call__(self, request: Connection) -> str | None:
        """Read the header, or refuse the request."""
        authorization = request.headers.get("authorization")
        if not authorization:
            self.refuse()
            return None
        return authorization

    def _document(self) -> dict[str, Any]:
        return {"type": "oauth2", "flows": self.flows}


class _Bearer(OAuth2):
    async def __call__(self, request: Connection) -> str | None:
        """Read the header, or refuse the request."""
        scheme, token = split_authorization(request.headers.get("authorization"))
        if scheme.lower() != "bearer" or not token:
            self.refuse()
            return None
        return token


class OAuth2PasswordBearer(_Bearer):
    """A token that a user gets for a name and a password at `tokenUrl`. The value is the token."""

    def __init__(
        self,
        tokenUrl: str,  # noqa: N803 - OpenAPI's own spelling
        scheme_name: str | None = None,
        scopes: Mapping[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
        refreshUrl: str | None = None,  # noqa: N803 - OpenAPI's own spelling
    ) -> None:
        flow = {"tokenUrl": tokenUrl, "scopes": dict(scopes or {}), "refreshUrl": refreshUrl}
        super().__init__(flows={"password": flow}, scheme_name=scheme_name, description=description, auto_error=auto_error)


class OAuth2AuthorizationCodeBearer(_Bearer):
    """A token that a user gets by way of another site's login page. The value is the token."""

    def __init__(
        self,
        authorizationUrl: str,  # noqa: N803 - OpenAPI's own spelling
        tokenUrl: str,  # noqa: N803 - OpenAPI's own spelling
        refreshUrl: str | None = None,  # noqa: N803 - OpenAPI's own spelling
        scheme_name: str | None = None,
        scopes: Mapping[str, str] | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        flow = {
            "authorizationUrl": authorizationUrl,
            "tokenUrl": tokenUrl,
            "refreshUrl": refreshUrl,
            "scopes": dict(scopes or {}),
        }
        super().__init__(
            flows={"authorizationCode": flow}, scheme_name=scheme_name, description=description, auto_error=auto_error
        )


def _plain_flows(flows: Any) -> dict[str, Any]:
    """Flows as plain dicts, whatever model they came as, without what was not given."""
    if hasattr(flows, "model_dump"):
        flows = flows.model_dump(by_alias=True, exclude_none=True)
    described: dict[str, Any] = {}
    for name, flow in (flows or {}).items():
        parts = flow.model_dump(by_alias=True, exclude_none=True) if hasattr(flow, "model_dump") else flow
        described[name] = {"scopes": {}, **{key: value for key, value in parts.items() if value is not None}}
    return described
