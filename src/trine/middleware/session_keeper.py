"""Who reads the session of a request, and keeps it with the answer."""

import json
import logging
import re
import time
from collections.abc import Coroutine
from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from trine.concurrency import run_on_loop
from trine.errors import BadSignature, SignatureExpired
from trine.http import Connection, Request, Response, render_cookie
from trine.security import TimedSigner

from .header_lines import add_vary
from .session_values import Origin, Session, too_large

if TYPE_CHECKING:
    from .session import SessionMiddleware

logger = logging.getLogger("trine.sessions")

# RFC 6265 §6.1: browsers keep at least 4096 bytes of name, value and attributes, and most no more.
MAX_COOKIE = 4096
_is_id = re.compile(r"[A-Za-z0-9_-]{43}").fullmatch
_RENEWED_AFTER = 10
"""A session is renewed when this part of its time is over: not at each request, and long before its end."""


class SessionKeeper:
    """Reads and writes the sessions of one application, as a `SessionMiddleware` says."""

    def __init__(self, options: "SessionMiddleware", app: Any) -> None:
        settings = app.settings
        key = options.secret_key or settings.secret_key
        # Without a key, which production refuses to start with, sessions last as long as the process.
        key = key if key and _revealed(key) else token_urlsafe(32)
        self.options = options
        self.store = options.store
        self.signer = TimedSigner(key, salt=f"session.{options.cookie}", fallbacks=settings.secret_key_fallbacks)
        self._frame_size = len(self._line("", self._secure_name, options.max_age, is_secure=True))
        self.is_development: bool = settings.is_development
        self.must_wait = self.store is not None and not self.store.is_local
        """Whether a session can only be read by somebody who waits for it."""
        if self.must_wait and self.store is not None and hasattr(app, "on_event"):
            app.on_event("shutdown")(self.store.aclose)

    def load(self, connection: Connection) -> Session:
        """Read the session of a request. A cookie that was changed, is too old, or that nobody here gave out counts as none."""
        sent = connection.cookies.get(self._name(connection))
        if sent is None:
            return self._session({}, Origin(None, 0, had_cookie=False))
        if self.store is None:
            return self._unsigned(sent)
        if not self.must_wait:
            return _at_once(self._fetch(sent))
        try:
            return run_on_loop(self._fetch, sent)
        except RuntimeError as error:
            raise RuntimeError(
                "The session is in a store that must be waited for, and was not loaded before. Write: await load_session()."
            ) from error

    async def preload(self, connection: Connection) -> None:
        """Read the session now, for those who cannot wait for it later."""
        if "session" in vars(connection):
            return
        sent = connection.cookies.get(self._name(connection))
        if sent is None or self.store is None:
            # There is nothing to wait for; it is read when somebody asks.
            return
        connection.session = await self._fetch(sent)

    async def save(self, session: Any, response: Response, request: Request) -> Response:
        """Keep the session where it has changed or must be renewed. Raises where no browser would keep the cookie."""
        if not isinstance(session, Session):
            # Somebody has put a dict in the session's place: it is what the visitor has from now on.
            session = self._session(session, self.load(request).origin)
            session.modified = True
        origin = session.origin
        # The answer depends on the cookie: no cache may give it to somebody else.
        add_vary(response, "Cookie")
        if not session:
            if origin.id is not None and self.store is not None:
                await self.store.delete(_key(origin.id))
            if origin.had_cookie:
                self._send(response, request, session, "", 0)
        elif session.is_changed() or origin.age > self.options.max_age / _RENEWED_AFTER:
            value = self.signer.sign(session) if self.store is None else await self._put(session)
            if value is not None:
                self._send(response, request, session, value, self.options.max_age if session.permanent else None)
        return response

    # The two places -----------------------------------------------------------------------------------------------

    def _unsigned(self, sent: str) -> Session:
        values = None
        try:
            text, age = self.signer.unsign_bytes_with_age(sent, self.options.max_age)
            values = json.loads(text)
        except SignatureExpired:
            logger.info("A session cookie is too old: its visitor begins anew.")
        except (BadSignature, ValueError, RecursionError) as error:
            logger.warning("A session cookie does not count, and its visitor begins anew: %s", error)
        if not isinstance(values, dict):
            return self._session({}, Origin(None, 0, had_cookie=True))
        return self._session(values, Origin(text.decode(), age, had_cookie=True))

    async def _fetch(self, sent: str) -> Session:
        found = await self.store.get(_key(sent)) if self.store is not None and _is_id(sent) else None
        if found is None:
            # An id that nobody here gave out, or no more: whoever planted it shall not know the next one.
            logger.info("A session cookie has an id that is not in the store: its visitor begins anew.")
            return self._session({}, Origin(None, 0, had_cookie=True))
        saved_at, _, text = found.decode().partition(" ")
        return self._session(json.loads(text), Origin(text, max(time.time() - float(saved_at), 0), had_cookie=True, id=sent))

    async def _put(self, session: Session) -> str | None:
        """Put a session into the store. None where it has ended meanwhile, in another request: it must not come back."""
        store, known = self.store, session.origin.id
        if store is None:
            raise RuntimeError("There is no store.")
        value = f"{time.time():.0f} {session.to_text()}".encode()
        if known is not None and not session.is_regenerated:
            is_kept = await store.set(_key(known), value, expires_in=self.options.max_age, only_existing=True)
            return known if is_kept else None
        fresh = token_urlsafe(32)
        await store.set(_key(fresh), value, expires_in=self.options.max_age)
        if known is not None:
            await store.delete(_key(known))
        return fresh

    # The cookie ---------------------------------------------------------------------------------------------------

    def _session(self, values: dict[str, Any], origin: Origin) -> Session:
        session = Session(values, origin, permanent=self.options.permanent)
        session.guard = self._check_size if self.store is None else None
        return session

    def _check_size(self, session: Session) -> None:
        """Refuse what no cookie has place for. Signing tells exactly, and is left out where there is plenty of place."""
        try:
            text = session.to_text()
        except TypeError:
            return  # Said with the answer, when everything is in its place.
        if len(text) < MAX_COOKIE // 3:
            return
        size = len(self.signer.sign(session)) + self._frame_size
        if size > MAX_COOKIE:
            raise too_large(session, size, MAX_COOKIE)

    def _send(self, response: Response, request: Request, session: Session, value: str, max_age: int | None) -> None:
        line = self._line(value, self._name(request), max_age, is_secure=self._is_secure(request))
        if len(line) > MAX_COOKIE:
            raise too_large(session, len(line), MAX_COOKIE)
        response.headers.append("set-cookie", line)
        response.headers.setdefault("cache-control", "private")

    def _line(self, value: str, name: str, max_age: int | None, *, is_secure: bool) -> str:
        return render_cookie(
            name,
            value,
            max_age=max_age,
            expires=max_age,
            path=self.options.path,
            domain=self.options.domain,
            secure=is_secure,
            httponly=True,
            samesite=self.options.same_site,
        )

    def _is_secure(self, connection: Connection) -> bool:
        if self.options.secure is None:
            return not self.is_development or connection.scheme in ("https", "wss")
        return self.options.secure

    def _name(self, connection: Connection) -> str:
        return self._secure_name if self._is_secure(connection) else self.options.cookie

    @property
    def _secure_name(self) -> str:
        options = self.options
        return f"__Host-{options.cookie}" if options.domain is None and options.path == "/" else options.cookie


def _key(id: str) -> str:
    """What the store sees of an id: who can read the store cannot take over its sessions."""
    return f"session:{sha256(id.encode()).hexdigest()}"


def _at_once(coroutine: Coroutine[Any, Any, Session]) -> Session:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        found: Session = done.value
        return found
    coroutine.close()
    raise RuntimeError("A store that calls itself local has waited.")


def _revealed(key: str | SecretStr) -> str:
    return key.get_secret_value() if isinstance(key, SecretStr) else key
