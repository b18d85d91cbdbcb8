"""Who may look: whoever has the token, in a scraper's Authorization line or a browser's password window."""

import hmac
from base64 import b64decode
from collections.abc import Callable

from pydantic import SecretStr

from trine.errors import HTTPException
from trine.http import Request


class Guard:
    """A dependency that lets in who knows a token: `Authorization: Bearer TOKEN`, or Basic with it as the password."""

    def __init__(self, token: Callable[[], SecretStr | None], realm: str) -> None:
        self.token = token
        self.realm = realm

    async def __call__(self, request: Request) -> None:
        """Refuse everybody else. Without a token, all are let in."""
        token = self.token()
        if token is None:
            return
        given = _given(request.headers.get("authorization", ""))
        if not hmac.compare_digest(given, token.get_secret_value().encode()):
            raise HTTPException(
                401, "A token is needed here.", {"www-authenticate": f'Basic realm="{self.realm}", charset="UTF-8"'}
            )


def _given(line: str) -> bytes:
    scheme, _, value = line.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode()
    if scheme.lower() == "basic":
        try:
            return b64decode(value.strip(), validate=True).partition(b":")[2]
        except ValueError:
            return b""
    return b""
