"""Sessions in a signed cookie: what a visitor carries from one request to the next."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Literal

from pydantic import SecretStr

from trine.errors import BadSignature, SetupError
from trine.http import Connection, Handler, Request, Response, render_cookie
from trine.security import TimedSigner
from trine.settings import Problem, Settings, check_secret_key

from .header_lines import add_vary, own_copy

# RFC 6265 §6.1: browsers keep at least 4096 bytes of name, value and attributes, and most no more.
MAX_COOKIE = 4096
_WEEKS = 14 * 24 * 60 * 60


class SessionMiddleware:
    """Keep `request.session`, a dict of JSON values, in a cookie that is signed, not encrypted: the visitor can read it.

    The cookie goes over HTTPS alone, is out of reach for scripts and is not sent from other sites. It is named with the prefix
    `__Host-`, so that no sibling domain can plant one. A session counts for `max_age` seconds since its last change, and is
    renewed after a tenth of that time. There is no list of sessions on the server: a copied cookie stays good until it is
    too old. Costs 0.5 µs for requests that do not look at it, 30 µs for those that do.
    """

    def __init__(
        self,
        *,
        secret_key: str | SecretStr | None = None,
        cookie: str = "session",
        max_age: int = _WEEKS,
        secure: bool | None = None,
        same_site: Literal["lax", "strict", "none"] = "lax",
        domain: str | None = None,
        path: str = "/",
    ) -> None:
        if max_age <= 0:
            raise SetupError(f"SessionMiddleware has max_age={max_age}.", hint="Say for how many seconds a session counts.")
        if same_site == "none" and secure is False:
            raise SetupError(
                "SessionMiddleware has same_site='none' and secure=False, which browsers refuse.", hint="Remove secure=False."
            )
        _check_cookie(cookie, domain, path)
        self.secret_key = secret_key
        self.cookie = cookie
        self.max_age = max_age
        self.secure = secure
        self.same_site = same_site
        self.domain = domain
        self.path = path

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""
        keeper: _Keeper | None = None

        async def with_session(request: Request) -> Response:
            nonlocal keeper
            if keeper is None:
                keeper = _Keeper(self, request.app)
            request.session_loader = keeper.load
            response = await handler(request)
            session = vars(request).get("session")
            return response if session is None else keeper.save(session, own_copy(response), request)

        return with_session

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Ask for a secret key, and for a cookie that does not travel in the clear."""
        problems = [] if self.secret_key else check_secret_key(settings, "SessionMiddleware")
        if self.secure is False:
            message = "SessionMiddleware has secure=False: the session cookie travels in the clear."
            problems.append(Problem("insecure-session", message, "Remove secure=False, and serve over HTTPS."))
        return problems


class Session(dict[str, Any]):
    """What a visitor carries along: JSON values by name. Changes are kept when the answer begins."""

    def __init__(self, values: dict[str, Any], origin: "_Origin") -> None:
        super().__init__(values)
        self.origin = origin

    @property
    def is_new(self) -> bool:
        """Whether the visitor came without a session."""
        return self.origin.text is None


@dataclass(frozen=True)
class _Origin:
    """Where a session came from: its text, None without a good cookie, and its age in seconds."""

    text: str | None
    age: float
    had_cookie: bool


class _Keeper:
    """Reads and writes the session cookie of one application."""

    def __init__(self, options: SessionMiddleware, app: Any) -> None:
        settings = app.settings
        key = options.secret_key or settings.secret_key
        # Without a key, which production refuses to start with, sessions last as long as the process.
        key = key if key and _revealed(key) else token_urlsafe(32)
        self.options = options
        self.signer = TimedSigner(key, salt=f"session.{options.cookie}", fallbacks=settings.secret_key_fallbacks)
        self.is_development: bool = settings.is_development

    def load(self, connection: Connection) -> Session:
        """Read the session of a request. A cookie that was changed, or is too old, counts as none."""
        sent = connection.cookies.get(self._name(connection))
        if sent is None:
            return Session({}, _Origin(None, 0, had_cookie=False))
        try:
            values, age = self.signer.unsign_with_age(sent, self.options.max_age)
        except BadSignature:
            values, age = None, 0.0
        if not isinstance(values, dict):
            return Session({}, _Origin(None, 0, had_cookie=True))
        return Session(values, _Origin(_to_text(values), age, had_cookie=True))

    def save(self, session: Any, response: Response, request: Request) -> Response:
        """Send the session where it has changed or must be renewed. Raises where no browser would keep it."""
        origin = session.origin if isinstance(session, Session) else _Origin(None, 0, had_cookie=True)
        # The answer depends on the cookie: no cache may give it to somebody else.
        add_vary(response, "Cookie")
        if not session:
            if origin.had_cookie:
                self._send(response, request, "", 0)
            return response
        if _to_text(session) != origin.text or origin.age > self.options.max_age / 10:
            self._send(response, request, self.signer.sign(session), self.options.max_age)
        return response

    def _send(self, response: Response, request: Request, value: str, max_age: int) -> None:
        options = self.options
        line = render_cookie(
            self._name(request),
            value,
            max_age=max_age,
            expires=max_age,
            path=options.path,
            domain=options.domain,
            secure=self._is_secure(request),
            httponly=True,
            samesite=options.same_site,
        )
        if len(line) > MAX_COOKIE:
            raise ValueError(
                f"The session takes {len(line):,} bytes as a cookie, and browsers keep {MAX_COOKIE:,}. "
                "Keep the data on the server, and only its key in the session."
            )
        response.headers.append("set-cookie", line)
        response.headers.setdefault("cache-control", "private")

    def _is_secure(self, connection: Connection) -> bool:
        if self.options.secure is None:
            return not self.is_development or connection.scheme in ("https", "wss")
        return self.options.secure

    def _name(self, connection: Connection) -> str:
        options = self.options
        if options.domain is None and options.path == "/" and self._is_secure(connection):
            return f"__Host-{options.cookie}"
        return options.cookie


def _to_text(values: dict[str, Any]) -> str:
    try:
        return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"The session holds a value that JSON cannot say: {error}.") from error


def _revealed(key: str | SecretStr) -> str:
    return key.get_secret_value() if isinstance(key, SecretStr) else key


def _check_cookie(cookie: str, domain: str | None, path: str) -> None:
    try:
        render_cookie(cookie, "", domain=domain, path=path, secure=True)
    except ValueError as error:
        raise SetupError(str(error), hint="Choose another cookie=, domain= or path= for SessionMiddleware.") from None
    if cookie.lower().startswith("__host-"):
        raise SetupError(
            f"SessionMiddleware has cookie={cookie!r}.", hint="Leave out the prefix: it is added where the cookie is secure."
        )
