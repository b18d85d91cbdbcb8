"""Sessions: what a visitor carries from one request to the next, in a signed cookie or in a store."""

from collections.abc import Sequence
from typing import Literal

from pydantic import SecretStr

from trine.errors import SetupError
from trine.http import Handler, Request, Response, render_cookie
from trine.settings import Problem, Settings, check_secret_key
from trine.types import Store

from .header_lines import own_copy
from .session_keeper import SessionKeeper

_WEEKS = 14 * 24 * 60 * 60


class SessionMiddleware:
    """Keep `request.session`, a dict of JSON values, in a cookie that is signed, not encrypted: the visitor can read it.

    The cookie goes over HTTPS alone, is out of reach for scripts and is not sent from other sites. It is named with the prefix
    `__Host-`, so that no sibling domain can plant one. A session counts for `max_age` seconds since its last change, and is
    renewed after a tenth of that time. There is no list of sessions on the server: a copied cookie stays good until it is
    too old. Costs 0.5 µs for requests that do not look at it, 30 µs for those that do.

    With a `store` the cookie holds a random id, and the store the values: nobody can read them, they may be larger, and one that
    is cleared is over, whoever has copied the cookie. With `permanent=False` browsers forget the cookie when they are closed.
    """

    def __init__(
        self,
        *,
        secret_key: str | SecretStr | None = None,
        store: Store | None = None,
        cookie: str = "session",
        max_age: int = _WEEKS,
        permanent: bool = True,
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
        self.store = store
        self.cookie = cookie
        self.max_age = max_age
        self.permanent = permanent
        self.secure = secure
        self.same_site = same_site
        self.domain = domain
        self.path = path

    def __call__(self, handler: Handler) -> Handler:
        """Wrap a handler."""
        keeper: SessionKeeper | None = None

        async def with_session(request: Request) -> Response:
            nonlocal keeper
            if keeper is None:
                keeper = SessionKeeper(self, request.app)
            request.session_loader = keeper.load
            if keeper.must_wait:
                await keeper.preload(request)
            response = await handler(request)
            session = vars(request).get("session")
            return response if session is None else await keeper.save(session, own_copy(response), request)

        return with_session

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Ask for a secret key, and for a cookie that does not travel in the clear."""
        problems = [] if self.secret_key or self.store is not None else check_secret_key(settings, "SessionMiddleware")
        if self.secure is False:
            message = "SessionMiddleware has secure=False: the session cookie travels in the clear."
            problems.append(Problem("insecure-session", message, "Remove secure=False, and serve over HTTPS."))
        return problems


def _check_cookie(cookie: str, domain: str | None, path: str) -> None:
    try:
        render_cookie(cookie, "", domain=domain, path=path, secure=True)
    except ValueError as error:
        raise SetupError(str(error), hint="Choose another cookie=, domain= or path= for SessionMiddleware.") from None
    if cookie.lower().startswith("__host-"):
        raise SetupError(
            f"SessionMiddleware has cookie={cookie!r}.", hint="Leave out the prefix: it is added where the cookie is secure."
        )
