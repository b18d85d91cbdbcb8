"""Headers by which browsers protect a site, where they differ from answer to answer or need more than one value."""

import secrets
from collections.abc import Mapping, Sequence

from trine.errors import SetupError
from trine.http import Handler, MutableHeaders, Request, Response

from .header_lines import default_line, own_copy, set_line

Sources = str | Sequence[str]
# Where the nonce of an answer goes: `"script-src": ["'self'", NONCE]`.
NONCE = "'nonce'"
_ONE_YEAR = 365 * 24 * 60 * 60


class SecurityHeadersMiddleware:
    """Send a content security policy with a nonce, HSTS, a permissions policy and their kin.

    `settings.security_headers` costs nothing and serves for whatever is always the same; this middleware is for the rest.
    Where a policy contains `'nonce'`, each answer gets its own in `request.state.csp_nonce`: write it into the page's
    `<script nonce=...>`. What a handler sets itself stays. Costs 3 µs, with a nonce 4.
    """

    def __init__(
        self,
        *,
        content_security_policy: Mapping[str, Sources] | None = None,
        report_only: bool = False,
        hsts: int | None = None,
        hsts_subdomains: bool = False,
        hsts_preload: bool = False,
        permissions_policy: Mapping[str, Sources] | None = None,
        referrer_policy: str | None = None,
        cross_origin_opener_policy: str | None = None,
        cross_origin_embedder_policy: str | None = None,
        cross_origin_resource_policy: str | None = None,
    ) -> None:
        self._policy_header = "content-security-policy-report-only" if report_only else "content-security-policy"
        self._policy = _write_policy(content_security_policy or {})
        self._hsts = _write_hsts(hsts, hsts_subdomains, hsts_preload)
        plain = {
            "permissions-policy": _write_permissions(permissions_policy or {}),
            "referrer-policy": referrer_policy,
            "cross-origin-opener-policy": cross_origin_opener_policy,
            "cross-origin-embedder-policy": cross_origin_embedder_policy,
            "cross-origin-resource-policy": cross_origin_resource_policy,
        }
        self._plain = [(name, value) for name, value in plain.items() if value]
        _check_headers([*self._plain, (self._policy_header, self._policy)])

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""
        has_nonce = NONCE in self._policy

        async def with_security_headers(request: Request) -> Response:
            nonce = ""
            if has_nonce:
                nonce = request.state.csp_nonce = secrets.token_urlsafe(16)
            response = own_copy(await handler(request))
            for name, value in self._plain:
                set_line(response, name, value)
            if self._policy:
                policy = self._policy.replace(NONCE, f"'nonce-{nonce}'") if has_nonce else self._policy
                default_line(response, self._policy_header, policy)
            if self._hsts and request.scheme == "https":
                # Over plain HTTP anybody could say it: browsers do not listen (RFC 6797 §8.1).
                default_line(response, "strict-transport-security", self._hsts)
            return response

        return with_security_headers


def _write_policy(policy: Mapping[str, Sources]) -> str:
    for name, sources in policy.items():
        for source in [name, *_listed(sources)]:
            if any(character in source for character in ";,\r\n") or (" " in source and not isinstance(sources, str)):
                hint = "Write one source in each text of the list."
                raise SetupError(f"The content security policy has {source!r}.", hint=hint)
    return "; ".join(" ".join([name.replace("_", "-"), *_listed(sources)]).strip() for name, sources in policy.items())


def _write_permissions(policy: Mapping[str, Sources]) -> str:
    # Structured fields (RFC 9651): `geolocation=(self "https://maps.example.org")`.
    parts = []
    for name, sources in policy.items():
        members = [source if source in ("self", "*") else f'"{source}"' for source in _listed(sources)]
        parts.append(f"{name.replace('_', '-')}={members[0] if members == ['*'] else f'({chr(32).join(members)})'}")
    return ", ".join(parts)


def _write_hsts(seconds: int | None, subdomains: bool, preload: bool) -> str:
    if seconds is None:
        if subdomains or preload:
            raise SetupError("HSTS has options, but no time.", hint="Set hsts=31536000, a year in seconds.")
        return ""
    if preload and not (subdomains and seconds >= _ONE_YEAR):
        raise SetupError(
            f"hsts_preload asks for hsts_subdomains=True and a year at least, not hsts={seconds}.",
            hint="Set both, or leave hsts_preload out.",
        )
    return f"max-age={seconds}{'; includeSubDomains' if subdomains else ''}{'; preload' if preload else ''}"


def _listed(sources: Sources) -> list[str]:
    return sources.split() if isinstance(sources, str) else list(sources)


def _check_headers(headers: Sequence[tuple[str, str]]) -> None:
    try:
        MutableHeaders(headers)
    except ValueError as error:
        raise SetupError(str(error), hint="Mend the options of SecurityHeadersMiddleware.") from None
