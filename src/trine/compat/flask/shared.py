"""One session for the pages of a Trine application and for a Flask application that is mounted in it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from trine.concurrency import run_on_loop
from trine.http import Request, Response
from trine.middleware import Session, SessionKeeper, SessionMiddleware
from trine.server import ASGIRequest

from .sessions import vary_on_cookie

if TYPE_CHECKING:
    from trine import App


class SharedSessions:
    """Let a Flask application use the sessions of a Trine application: `legacy.session_interface = SharedSessions(app)`.

    It works for Flask itself and for `trine.compat.flask`, with sessions in a cookie and in a store. Values are JSON: both
    sides see what the other has set, flashed messages and the user's id included. `sessions` is the `SessionMiddleware` that
    the application has added; without it the sessions of its pages are meant.
    """

    pickle_based = False

    def __init__(self, app: "App", sessions: SessionMiddleware | None = None) -> None:
        self._app = app
        self._sessions = sessions
        self._keeper: SessionKeeper | None = None

    @property
    def keeper(self) -> SessionKeeper:
        """Reads and writes the sessions: the same one as that of the pages."""
        if self._keeper is None:
            if self._sessions is not None:
                self._keeper = SessionKeeper(self._sessions, self._app)
            else:
                from trine.pages import pages_of

                self._keeper = pages_of(self._app).keeper
        return self._keeper

    def opens_at_once(self, app: Any, request: Any) -> bool:
        """A session is read when somebody asks for it."""
        return False

    def is_null_session(self, obj: object) -> bool:
        """Every session can be stored."""
        return False

    def open_session(self, app: Any, request: Any) -> "SharedSession":
        """Read the visitor's session."""
        connection = _connection(request.environ)
        return SharedSession(self.keeper.load(connection), connection)

    def save_session(self, app: Any, session: Any, response: Any) -> None:
        """Keep the session where somebody has looked at it and it has changed, or must be renewed."""
        if not (session.accessed or session.modified):
            return
        vary_on_cookie(response)
        kept = Response()
        run_on_loop(self.keeper.save, session, kept, session.connection)
        for line in kept.headers.getlist("set-cookie"):
            response.headers.add("Set-Cookie", line)
            response.headers.setdefault("Cache-Control", "private")


class SharedSession(Session):
    """A session that tells Flask what it asks for: whether it is new, and whether somebody has looked at it."""

    def __init__(self, session: Session, connection: Request) -> None:
        super().__init__(dict(session), session.origin, permanent=session.permanent)
        self.connection = connection
        self.new = session.is_new
        self.accessed = False

    def __getitem__(self, name: str) -> Any:
        self.accessed = True
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.accessed = True
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self.accessed = True
        return super().__iter__()

    def get(self, name: str, default: Any = None) -> Any:
        """A value, or the default where there is none."""
        self.accessed = True
        return super().get(name, default)

    def items(self) -> Any:
        """Names and values."""
        self.accessed = True
        return super().items()


def _connection(environ: dict[str, Any]) -> Request:
    """A request with what the session's cookie depends on."""
    headers = [(b"cookie", environ.get("HTTP_COOKIE", "").encode("latin-1"))]
    scope = {"type": "http", "scheme": environ["wsgi.url_scheme"], "method": "GET", "path": "/", "headers": headers}
    return ASGIRequest(scope, _nothing)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}


__all__ = ["SharedSessions"]
