"""Where a browser's request comes from: from this site's own pages, or from somebody else's."""

import re
from collections.abc import Collection

from trine.errors import HTTPException, SetupError
from trine.http import Connection

_is_origin = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s*@,]+").fullmatch
_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_SECURE = {"https": "https", "wss": "https"}


class SameOrigin:
    """A dependency that refuses what another site's page sends, with 403: forms, scripts and WebSocket handshakes.

    Browsers tell by `Sec-Fetch-Site`, where the connection is secure, and else by `Origin`, which no page can forge
    (RFC 6454 §7). Clients that are no browsers send neither, and pass: they carry nobody's cookies but their own.
    """

    def __init__(self, trusted_origins: Collection[str] = (), *, option: str = "trusted_origins") -> None:
        if isinstance(trusted_origins, str):
            raise SetupError(
                f"{option}={trusted_origins!r} is a text, not a list.", hint=f"Write {option}=[{trusted_origins!r}]."
            )
        for origin in trusted_origins:
            if not _is_origin(origin):
                hint = "Write it as browsers send it: 'https://example.org', lower case, without path or slash."
                raise SetupError(f"{option} has {origin!r}, which is no origin.", hint=hint)
        self.trusted_origins = frozenset(trusted_origins)

    async def __call__(self, request: Connection) -> None:
        """Refuse a request from another origin."""
        if not self.allows(request):
            raise HTTPException(403, "This request comes from another site.")

    def allows(self, request: Connection) -> bool:
        """Whether a request comes from this origin, a trusted one, or no browser."""
        headers = request.headers
        site, origins = headers.get("sec-fetch-site"), headers.getlist("origin")
        if len(origins) > 1:
            return False
        if site in ("same-origin", "none"):
            return True
        if not origins:
            return site is None
        return origins[0] in self.trusted_origins or (site is None and _is_own(origins[0], request))


def _is_own(origin: str, request: Connection) -> bool:
    """Whether an Origin names the host that was asked. The scheme may be hidden by a proxy, but never becomes less secure."""
    scheme, _, host = origin.partition("://")
    asked = request.headers.get("host", "").lower()
    if not asked or _without_default_port(host.lower(), scheme) != _without_default_port(asked, scheme):
        return False
    return scheme == "https" or (scheme == "http" and request.scheme not in _SECURE)


def _without_default_port(host: str, scheme: str) -> str:
    return host.removesuffix(f":{_DEFAULT_PORTS.get(scheme, '')}")
