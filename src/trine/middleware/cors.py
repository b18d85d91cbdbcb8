"""Cross-origin requests: which other sites may call this one (the CORS protocol of the Fetch standard)."""

import re
from collections.abc import Collection, Sequence

from trine.errors import SetupError
from trine.http import Handler, PlainTextResponse, Request, Response
from trine.settings import Problem, Settings

from .header_lines import add_vary, own_copy, set_line
from .tokens import checked_names, is_token, split_list

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
# What a page may always send (Fetch, CORS-safelisted request-header).
SAFE_HEADERS = ("Accept", "Accept-Language", "Content-Language", "Content-Type")

_is_origin = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s*@,]+|null|\*").fullmatch
# An origin is a scheme, a host of at most 253 characters and a port.
_MAX_ORIGIN = 300
_MAX_HEADERS = 64


class CORSMiddleware:
    """Answer preflight requests and mark answers that other origins may read.

    It limits who may read, not who may send: what changes something needs a protection of its own. Costs 3 µs, and
    5 for a request from another origin.
    """

    def __init__(
        self,
        *,
        allow_origins: Collection[str] = (),
        allow_origin_regex: str | re.Pattern[str] | None = None,
        allow_methods: Collection[str] = ("GET",),
        allow_headers: Collection[str] = (),
        allow_credentials: bool = False,
        expose_headers: Collection[str] = (),
        max_age: int = 600,
        allow_private_network: bool = False,
    ) -> None:
        self.allow_origins = frozenset(_checked_origins(allow_origins))
        self.allow_origin_regex = _checked_regex(allow_origin_regex)
        methods = checked_names("allow_methods", allow_methods)
        self.allow_methods = ALL_METHODS if "*" in methods else tuple(method.upper() for method in methods)
        headers = checked_names("allow_headers", allow_headers)
        self.allow_all_headers = "*" in headers
        self.allow_headers = tuple(sorted({*SAFE_HEADERS, *headers} - {"*"}, key=str.lower))
        self.allow_credentials = allow_credentials
        self.expose_headers = tuple(checked_names("expose_headers", expose_headers))
        self.max_age = max_age
        self.allow_private_network = allow_private_network
        self._known_headers = frozenset(name.lower() for name in self.allow_headers)
        # The answer is the same for all origins, so that caches may give it to all of them.
        self._is_public = "*" in self.allow_origins and not allow_credentials
        self._marks = self._make_marks()

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""

        async def with_cors(request: Request) -> Response:
            origin = request.headers.get("origin")
            if origin is None:
                response = await handler(request)
                return response if self._is_public else _vary(own_copy(response))
            if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
                return self._preflight(request, origin)
            return self._mark(own_copy(await handler(request)), origin)

        return with_cors

    def check(self, _settings: Settings) -> Sequence[Problem]:
        """Refuse a production start in which any site may act in the name of a signed-in user."""
        regex = self.allow_origin_regex
        if not self.allow_credentials:
            return []
        hint = "List the origins that may send credentials: allow_origins=['https://app.example.org']."
        if "*" in self.allow_origins or (regex is not None and regex.fullmatch("https://any.site.invalid")):
            message = "CORSMiddleware allows credentials from every origin: any site can act in the name of a signed-in user."
            return [Problem("any-origin", message, hint, acceptable=False)]
        if "null" in self.allow_origins:
            message = "CORSMiddleware allows credentials from the origin 'null', which any site gets by a sandboxed frame."
            return [Problem("null-origin", message, hint, acceptable=False)]
        return []

    def is_allowed(self, origin: str) -> bool:
        """Whether pages of an origin may read answers."""
        if "*" in self.allow_origins or origin in self.allow_origins:
            return True
        regex = self.allow_origin_regex
        return regex is not None and len(origin) <= _MAX_ORIGIN and regex.fullmatch(origin) is not None

    def _mark(self, response: Response, origin: str) -> Response:
        if self.is_allowed(origin):
            set_line(response, "access-control-allow-origin", "*" if self._is_public else origin)
            for name, value in self._marks:
                set_line(response, name, value)
        return response if self._is_public else _vary(response)

    def _make_marks(self) -> list[tuple[str, str]]:
        marks = [("access-control-allow-credentials", "true")] if self.allow_credentials else []
        if self.expose_headers:
            marks.append(("access-control-expose-headers", ", ".join(self.expose_headers)))
        return marks

    def _preflight(self, request: Request, origin: str) -> Response:
        wanted = request.headers.get("access-control-request-headers", "")
        refused = self._refusals(request, origin, split_list(wanted))
        response = PlainTextResponse(f"Disallowed CORS {', '.join(refused)}" if refused else "OK", 400 if refused else 200)
        headers = response.headers
        if "origin" not in refused:
            headers["access-control-allow-origin"] = "*" if self._is_public else origin
            if self.allow_credentials:
                headers["access-control-allow-credentials"] = "true"
        if self.allow_private_network and "access-control-request-private-network" in request.headers and not refused:
            headers["access-control-allow-private-network"] = "true"
        headers["access-control-allow-methods"] = ", ".join(self.allow_methods)
        mirrored = self.allow_all_headers and "headers" not in refused
        headers["access-control-allow-headers"] = wanted if mirrored and wanted else ", ".join(self.allow_headers)
        headers["access-control-max-age"] = str(self.max_age)
        if mirrored:
            headers.add_vary_header("Access-Control-Request-Headers")
        return response if self._is_public else _vary(response)

    def _refusals(self, request: Request, origin: str, wanted: list[str]) -> list[str]:
        refused = [] if self.is_allowed(origin) else ["origin"]
        if request.headers["access-control-request-method"] not in self.allow_methods:
            refused.append("method")
        known = self.allow_all_headers or all(name.lower() in self._known_headers for name in wanted)
        # What is mirrored must be a list of names, nothing else.
        if not known or len(wanted) > _MAX_HEADERS or not all(map(is_token, wanted)):
            refused.append("headers")
        private = request.headers.get("access-control-request-private-network")
        if private is not None and not self.allow_private_network:
            refused.append("private-network")
        return refused


def _vary(response: Response) -> Response:
    add_vary(response, "Origin")
    return response


def _checked_origins(origins: Collection[str]) -> Collection[str]:
    if isinstance(origins, str):
        raise SetupError(f"allow_origins={origins!r} is a text, not a list.", hint=f"Write allow_origins=[{origins!r}].")
    for origin in origins:
        if _is_origin(origin):
            continue
        if "*" in origin:
            hint = r"Use allow_origin_regex=r'https://[a-z0-9-]+\.example\.org' for a pattern."
        else:
            hint = "Write it as browsers send it: 'https://example.org', lower case, without path or slash."
        raise SetupError(f"allow_origins has {origin!r}, which is no origin.", hint=hint)
    return origins


def _checked_regex(regex: str | re.Pattern[str] | None) -> re.Pattern[str] | None:
    if regex is None:
        return None
    try:
        return re.compile(regex)
    except re.error as error:
        raise SetupError(f"allow_origin_regex={regex!r} is no regular expression: {error}.", hint="Mend it.") from None
