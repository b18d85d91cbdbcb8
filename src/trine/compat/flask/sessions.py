"""Sessions: what a visitor carries along, in a signed cookie unless the application has another interface."""

import hashlib
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import CallbackDict

from .json.tag import TaggedJSONSerializer

if TYPE_CHECKING:
    from .app import Flask
    from .wrappers import Request, Response


class SessionMixin(MutableMapping[str, Any]):
    """What a session tells of itself, besides being a mapping."""

    new = False
    """Whether the visitor came without one."""
    modified = True
    """Whether it must be stored."""
    accessed = True
    """Whether somebody looked at it: then the answer depends on the cookie."""

    @property
    def permanent(self) -> bool:
        """Whether it outlives the browser's window, for `PERMANENT_SESSION_LIFETIME`."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


class SecureCookieSession(CallbackDict[str, Any], SessionMixin):
    """A dict that notices its changes. Those inside its values it does not see: say `session.modified = True`."""

    modified = False
    accessed = False

    def __init__(self, initial: Any = None) -> None:
        super().__init__(initial, _note_change)


def _note_change(session: Any) -> None:
    session.modified = True


class NullSession(SecureCookieSession):
    """A session that can be read, and is empty: the application has no secret key."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "The session is unavailable because no secret key was set. Set the secret_key on the application to something"
            " unique and secret, such as secrets.token_urlsafe(48)."
        )

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = __ior__ = _refuse


class SessionInterface:
    """Where sessions come from and go to. A subclass gives `open_session` and `save_session`."""

    null_session_class: type[NullSession] = NullSession
    pickle_based = False
    """Whether sessions are stored in a form that only Python reads."""

    def make_null_session(self, app: "Flask") -> NullSession:
        """The session of an application that cannot have one."""
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Whether a session is one that cannot be stored."""
        return isinstance(obj, self.null_session_class)

    def open_session(self, app: "Flask", request: "Request") -> SessionMixin | None:
        """The session of a request; None where there can be none."""
        raise NotImplementedError(f"{type(self).__name__} has no open_session().")

    def save_session(self, app: "Flask", session: SessionMixin, response: "Response") -> None:
        """Store a session when the answer is ready."""
        raise NotImplementedError(f"{type(self).__name__} has no save_session().")

    def opens_at_once(self, app: "Flask", request: "Request") -> bool:
        """Whether a session is opened as soon as there is a request, or only when somebody asks for it."""
        return True

    def get_cookie_name(self, app: "Flask") -> str:
        """`SESSION_COOKIE_NAME`."""
        return app.config["SESSION_COOKIE_NAME"]  # type: ignore[no-any-return] # as configured

    def get_cookie_domain(self, app: "Flask") -> str | None:
        """`SESSION_COOKIE_DOMAIN`; None for the exact host alone."""
        return app.config["SESSION_COOKIE_DOMAIN"]  # type: ignore[no-any-return] # as configured

    def get_cookie_path(self, app: "Flask") -> str:
        """`SESSION_COOKIE_PATH`, else `APPLICATION_ROOT`."""
        return app.config["SESSION_COOKIE_PATH"] or app.config["APPLICATION_ROOT"]  # type: ignore[no-any-return] # as configured

    def get_cookie_httponly(self, app: "Flask") -> bool:
        """`SESSION_COOKIE_HTTPONLY`: out of reach for scripts."""
        return app.config["SESSION_COOKIE_HTTPONLY"]  # type: ignore[no-any-return] # as configured

    def get_cookie_secure(self, app: "Flask") -> bool:
        """`SESSION_COOKIE_SECURE`: over HTTPS alone."""
        return app.config["SESSION_COOKIE_SECURE"]  # type: ignore[no-any-return] # as configured

    def get_cookie_samesite(self, app: "Flask") -> str | None:
        """`SESSION_COOKIE_SAMESITE`."""
        return app.config["SESSION_COOKIE_SAMESITE"]  # type: ignore[no-any-return] # as configured

    def get_cookie_partitioned(self, app: "Flask") -> bool:
        """`SESSION_COOKIE_PARTITIONED`."""
        return app.config["SESSION_COOKIE_PARTITIONED"]  # type: ignore[no-any-return] # as configured

    def get_expiration_time(self, app: "Flask", session: SessionMixin) -> datetime | None:
        """When the cookie expires; None for the end of the browser's session."""
        return datetime.now(UTC) + app.permanent_session_lifetime if session.permanent else None

    def should_set_cookie(self, app: "Flask", session: SessionMixin) -> bool:
        """Whether a cookie is due: for a change, and for a permanent session that is renewed with each answer."""
        return session.modified or (session.permanent and bool(app.config["SESSION_REFRESH_EACH_REQUEST"]))


session_json_serializer = TaggedJSONSerializer()


@lru_cache(16)
def _signing_serializer(
    keys: tuple[Any, ...], salt: str, serializer: Any, key_derivation: str, digest_method: Callable[..., Any]
) -> URLSafeTimedSerializer:
    options = {"key_derivation": key_derivation, "digest_method": digest_method}
    return URLSafeTimedSerializer(list(keys), salt=salt, serializer=serializer, signer_kwargs=options)


class SecureCookieSessionInterface(SessionInterface):
    """Sessions in a cookie that is signed with the secret key, and not encrypted: the visitor can read it.

    The signature is Flask's own, so that visitors of an application stay signed in when it moves to Trine, and back.
    """

    salt = "cookie-session"
    digest_method: Callable[..., Any] = staticmethod(hashlib.sha1)
    key_derivation = "hmac"
    serializer: Any = session_json_serializer
    session_class = SecureCookieSession

    def get_signing_serializer(self, app: "Flask") -> URLSafeTimedSerializer | None:
        """What signs and reads cookies; None without a secret key. Former keys still read what they signed."""
        if not app.secret_key:
            return None
        # itsdangerous wants the newest key last.
        keys = (*(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key)
        return _signing_serializer(keys, self.salt, self.serializer, self.key_derivation, self.digest_method)

    def opens_at_once(self, app: "Flask", request: "Request") -> bool:
        """Not where the visitor sends no such cookie: then there is nothing to read, and nothing to renew."""
        if type(self) is not SecureCookieSessionInterface:
            return True
        return app.config["SESSION_COOKIE_NAME"] in request.environ.get("HTTP_COOKIE", "")

    def open_session(self, app: "Flask", request: "Request") -> SecureCookieSession | None:
        """Read the cookie. One that was changed, or is too old, counts as none."""
        signing = self.get_signing_serializer(app)
        if signing is None:
            return None
        text = request.cookies.get(self.get_cookie_name(app))
        if text:
            try:
                return self.session_class(signing.loads(text, max_age=int(app.permanent_session_lifetime.total_seconds())))
            except BadSignature:
                pass  # As if it had not come.
        return self.session_class()

    def save_session(self, app: "Flask", session: SessionMixin, response: "Response") -> None:
        """Send the cookie where it is due, or take it back where the session was emptied."""
        is_due = self.should_set_cookie(app, session) if session else session.modified
        if session.accessed or is_due:
            vary_on_cookie(response)
        if not is_due:
            return
        name = self.get_cookie_name(app)
        attributes: dict[str, Any] = {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
            "partitioned": self.get_cookie_partitioned(app),
        }
        if not session:
            response.delete_cookie(name, **attributes)
            return
        signing = self.get_signing_serializer(app)
        if signing is None:
            raise RuntimeError("The secret key was removed while a request was answered: its session cannot be signed.")
        expires = self.get_expiration_time(app, session)
        response.set_cookie(name, signing.dumps(dict(session)), expires=expires, **attributes)


def vary_on_cookie(response: Any) -> None:
    """Say that an answer depends on the cookie, so that no cache gives it to somebody else."""
    if response.headers.getlist("Vary"):
        response.vary.add("Cookie")
    else:
        # Mostly there is none yet: no set has to be parsed and written.
        response.headers["Vary"] = "Cookie"
