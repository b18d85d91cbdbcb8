"""Contexts: what `current_app`, `g`, `request` and `session` lead to while a request is answered or a command runs."""

import sys
from collections.abc import Callable, Iterator, Sized
from contextlib import suppress
from contextvars import ContextVar, Token
from functools import update_wrapper
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from werkzeug.exceptions import HTTPException

from .globals import _cv_app, _cv_request
from .signals import appcontext_popped, appcontext_pushed

if TYPE_CHECKING:
    from werkzeug.routing import MapAdapter

    from .app import Flask
    from .sessions import SessionMixin
    from .typing import AfterRequestCallable
    from .wrappers import Request

F = TypeVar("F", bound=Callable[..., Any])
_NOT_SAID: Any = object()


class _AppCtxGlobals:
    """The bag behind `g`: attributes for as long as a context lasts."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"g has no '{name}'. Set it first: g.{name} = ...", name=name, obj=self)

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, or the default where there is none."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: Any = _NOT_SAID) -> Any:
        """Take an attribute out. Raises KeyError where there is none and no default."""
        return self.__dict__.pop(name) if default is _NOT_SAID else self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """An attribute, set to the default where there was none."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        context = _cv_app.get(None)
        return object.__repr__(self) if context is None else f"<flask.g of '{context.app.name}'>"


class AppContext:
    """An application at work: `current_app` and `g`. It may be entered again while it is current; the last one out cleans up."""

    def __init__(self, app: "Flask") -> None:
        self.app = app
        self.url_adapter: MapAdapter | None = app.create_url_adapter(None)
        self.g: _AppCtxGlobals = app.app_ctx_globals_class()
        self._tokens: list[Token[AppContext]] = []

    def push(self) -> None:
        """Make it the current one."""
        self._tokens.append(_cv_app.set(self))
        if appcontext_pushed.receivers:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)

    def pop(self, exc: BaseException | None = _NOT_SAID) -> None:
        """Leave it. The functions of `teardown_appcontext` are told of the exception that ended it."""
        _check_innermost(_cv_app, self, self._tokens)
        try:
            if len(self._tokens) == 1:
                self.app.do_teardown_appcontext(sys.exc_info()[1] if exc is _NOT_SAID else exc)
        finally:
            _leave(_cv_app, self._tokens.pop())
        if appcontext_popped.receivers:
            appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)

    def __enter__(self) -> Self:
        self.push()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.pop(error)


class RequestContext:
    """A request that is being answered: `request` and `session`, and an application context where none is there yet."""

    def __init__(
        self, app: "Flask", environ: dict[str, Any], request: "Request | None" = None, session: "SessionMixin | None" = None
    ) -> None:
        self.app = app
        if request is None:
            request = app.request_class(environ)
            request.json_module = app.json
        self.request: Request = request
        self.url_adapter: MapAdapter | None = None
        try:
            self.url_adapter = app.create_url_adapter(request)
        except HTTPException as error:
            request.routing_exception = error
        self.flashes: list[tuple[str, str]] | None = None
        self._opened = session
        self._after_request_functions: list[AfterRequestCallable[Any]] = []
        self._entered: list[tuple[Token[RequestContext], AppContext | None]] = []

    @property
    def session(self) -> "SessionMixin":
        """The visitor's session. Whoever asks for it makes the answer depend on the cookie."""
        session = self._session
        session.accessed = True
        return session

    @property
    def _session(self) -> "SessionMixin":
        """The session, opened when it is first wanted."""
        if self._opened is None:
            interface = self.app.session_interface
            opened = interface.open_session(self.app, self.request)
            # An empty session is one too.
            self._opened = interface.make_null_session(self.app) if opened is None else opened
        return self._opened

    @property
    def has_session(self) -> bool:
        """Whether the session was opened: where it was not, nothing is to be saved."""
        return self._opened is not None

    @property
    def is_entered(self) -> bool:
        """Whether somebody has pushed it who has not popped it yet."""
        return bool(self._entered)

    def copy(self) -> "RequestContext":
        """A second context for the same request and session, for another thread or greenlet."""
        twin = RequestContext(self.app, self.request.environ, self.request, self._session)
        twin.flashes = self.flashes
        return twin

    def match_request(self) -> None:
        """Find the rule that answers. What is wrong with the path is raised when the request is dispatched."""
        if self.url_adapter is None:
            return
        request = self.request
        try:
            request.url_rule, values = self.url_adapter.match(return_rule=True)
            request.view_args = dict(values)
        except HTTPException as error:
            request.routing_exception = error

    def push(self) -> None:
        """Make it the current one, open the session, find the route."""
        current = _cv_app.get(None)
        own = None
        if current is None or current.app is not self.app:
            own = self.app.app_context()
            own.push()
        self._entered.append((_cv_request.set(self), own))
        if self._opened is None and self.app.session_interface.opens_at_once(self.app, self.request):
            _ = self._session
        if self.request.url_rule is None:
            self.match_request()

    def pop(self, exc: BaseException | None = _NOT_SAID) -> None:
        """Leave it. The last one out runs the functions of `teardown_request`, and closes what the request has open."""
        _check_innermost(_cv_request, self, self._entered)
        error = sys.exc_info()[1] if exc is _NOT_SAID else exc
        try:
            if len(self._entered) == 1:
                self._tear_down(error)
        finally:
            token, own = self._entered.pop()
            _leave(_cv_request, token)
            if own is not None:
                own.pop(error)

    def _tear_down(self, error: BaseException | None) -> None:
        try:
            self.app.do_teardown_request(error)
        finally:
            close = getattr(self.request, "close", None)
            if close is not None:
                close()
            # Each holds the other: without this the collector has to find them.
            self.request.environ["werkzeug.request"] = None

    def __enter__(self) -> Self:
        self.push()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.pop(error)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.request.url!r} [{self.request.method}] of {self.app.name}>"


def _check_innermost(variable: ContextVar[Any], context: Any, entered: Sized) -> None:
    """Contexts are left in the opposite order in which they were entered."""
    current = variable.get(None)
    if current is not context or not entered:
        raise AssertionError(f"{context!r} is left while {current!r} is the current one: leave the inner context first.")


def _leave(variable: ContextVar[Any], token: Token[Any]) -> None:
    """Put back what was current before."""
    # Entered by an async view, it was set in a copy of the variable, which has gone with the view.
    with suppress(ValueError):
        variable.reset(token)


def after_this_request(f: "AfterRequestCallable[Any]") -> "AfterRequestCallable[Any]":
    """Call a function with the answer to this request, before it is sent. It gives the answer back, or another one."""
    _current_request("after_this_request")._after_request_functions.append(f)  # noqa: SLF001 - one file
    return f


def copy_current_request_context(f: F) -> F:
    """Let a function that runs later, in another thread or greenlet, work for the request that is answered now."""
    kept = _current_request("copy_current_request_context").copy()

    def with_request(*args: Any, **kwargs: Any) -> Any:
        with kept:
            return kept.app.ensure_sync(f)(*args, **kwargs)

    return update_wrapper(with_request, f)  # type: ignore[return-value] # it takes and gives the same


def has_request_context() -> bool:
    """Whether a request is being answered here."""
    return _cv_request.get(None) is not None


def has_app_context() -> bool:
    """Whether an application is at work here."""
    return _cv_app.get(None) is not None


def _current_request(asked_by: str) -> RequestContext:
    context = _cv_request.get(None)
    if context is None:
        raise RuntimeError(f"'{asked_by}' belongs to a request, and none is answered here. Call it in a view function.")
    return context
