"""How an application answers: hooks around the view, the response of what it returns, and what becomes of errors."""

import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import cached_property
from inspect import iscoroutinefunction
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from werkzeug.exceptions import BadRequest, BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RequestRedirect, RoutingException

from . import answers
from .globals import _cv_app, _cv_request
from .registrar import Registrar
from .sessions import SessionInterface
from .signals import appcontext_tearing_down, got_request_exception, request_finished, request_started, request_tearing_down
from .wrappers import Request, Response

if TYPE_CHECKING:
    import logging

    from .app import Flask
    from .config import Config
    from .ctx import RequestContext

F = TypeVar("F", bound=Callable[..., Any])
_NOT_SAID: Any = object()


class Dispatcher(Registrar):
    """What answers a WSGI request, of an application that says how it is configured."""

    if TYPE_CHECKING:
        config: Config
        testing: Any
        debug: bool
        response_class: type[Response]
        session_interface: SessionInterface
        teardown_appcontext_funcs: list[Callable[..., Any]]
        _got_first_request: bool

        @cached_property
        def logger(self) -> logging.Logger:
            """A logger with the application's name."""

        def request_context(self, environ: dict[str, Any]) -> RequestContext:
            """The context of a WSGI request."""

    # The way of a request.

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI server. Middleware belongs around `wsgi_app`, so that the application stays itself."""
        return self.wsgi_app(environ, start_response)

    def wsgi_app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request. Whatever happens, the context is left at the end."""
        context = self.request_context(environ)
        failure: BaseException | None = None
        try:
            try:
                context.push()
                response = self.full_dispatch_request()
            except Exception as error:
                failure = error
                if not context.is_entered:
                    raise
                response = self.handle_exception(error)
            return response(environ, start_response)
        except BaseException as error:
            failure = error
            raise
        finally:
            if context.is_entered:
                keep = environ.get("werkzeug.debug.preserve_context")
                if keep is not None:
                    keep(_cv_app.get())
                    keep(_cv_request.get())
                context.pop(None if failure is not None and self.should_ignore_error(failure) else failure)

    def full_dispatch_request(self) -> Response:
        """Run the hooks and the view, and answer what they raise."""
        self._got_first_request = True
        try:
            if request_started.receivers:
                request_started.send(self, _async_wrapper=self.ensure_sync)
            value = self.preprocess_request()
            if value is None:
                value = self.dispatch_request()
        except Exception as error:  # noqa: BLE001 - handlers decide what it is
            value = self.handle_user_exception(error)
        return self.finalize_request(value)

    def preprocess_request(self) -> Any:
        """Run the functions before the view: those of the application first. What one returns is the answer."""
        answered = _cv_request.get().request
        names = (None, *reversed(answered.blueprints))
        if self.url_value_preprocessors:
            for function in in_order(self.url_value_preprocessors, names):
                function(answered.endpoint, answered.view_args)
        if self.before_request_funcs:
            for function in in_order(self.before_request_funcs, names):
                value = self.ensure_sync(function)()
                if value is not None:
                    return value
        return None

    def dispatch_request(self) -> Any:
        """Call the view."""
        answered = _cv_request.get().request
        rule = answered.url_rule
        if answered.routing_exception is not None or rule is None:
            self.raise_routing_exception(answered)
        if answered.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
            return self.make_default_options_response()
        view = self.view_functions[rule.endpoint]
        return self.ensure_sync(view)(**answered.view_args or {})

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise why no rule matched. While debugging, a redirect that would lose a form's data is an error."""
        error = request.routing_exception
        if error is None:
            raise RuntimeError("The request was not matched: RequestContext.push() does it.")
        loses_form = isinstance(error, RequestRedirect) and error.code not in (307, 308)
        if loses_form and self.debug and request.method not in ("GET", "HEAD", "OPTIONS"):
            from .debughelpers import FormDataRoutingRedirect

            raise FormDataRoutingRedirect(request)
        raise error

    def make_default_options_response(self) -> Response:
        """Answer OPTIONS with the methods that the path takes."""
        response = self.response_class()
        adapter = _cv_request.get().url_adapter
        if adapter is not None:
            response.allow.update(adapter.allowed_methods())
        return response

    def make_response(self, rv: Any) -> Response:
        """Make a response of what a view returned."""
        return answers.make_response(cast("Flask", self), rv)

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Response:
        """Make a response of what was returned, and run the functions after the view."""
        response = self.make_response(rv)
        try:
            response = self.process_response(response)
            if request_finished.receivers:
                request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("The answer to an error could not be finished: a function after the request failed.")
        return response

    def process_response(self, response: Response) -> Response:
        """Run the functions after the view, the innermost blueprint's first, then store the session."""
        context = _cv_request.get()
        for function in context._after_request_functions:  # noqa: SLF001 - of this room
            response = self.ensure_sync(function)(response)
        if self.after_request_funcs:
            for name in (*context.request.blueprints, None):
                for function in reversed(self.after_request_funcs.get(name, ())):
                    response = self.ensure_sync(function)(response)
        if context.has_session:
            stored = context._session  # noqa: SLF001 - of this room; looking at it here is not the view's doing
            if not self.session_interface.is_null_session(stored):
                self.session_interface.save_session(cast("Flask", self), stored, response)
        return response

    def do_teardown_request(self, exc: BaseException | None = _NOT_SAID) -> None:
        """Run the functions at the end of a request."""
        error = sys.exc_info()[1] if exc is _NOT_SAID else exc
        if self.teardown_request_funcs:
            for name in (*_cv_request.get().request.blueprints, None):
                for function in reversed(self.teardown_request_funcs.get(name, ())):
                    self.ensure_sync(function)(error)
        if request_tearing_down.receivers:
            request_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=error)

    def do_teardown_appcontext(self, exc: BaseException | None = _NOT_SAID) -> None:
        """Run the functions at the end of an application context."""
        error = sys.exc_info()[1] if exc is _NOT_SAID else exc
        for function in reversed(self.teardown_appcontext_funcs):
            self.ensure_sync(function)(error)
        if appcontext_tearing_down.receivers:
            appcontext_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=error)

    # Errors.

    def handle_user_exception(self, e: Exception) -> Any:
        """Answer what a view raised, by its handler. Raises it again where there is none."""
        if isinstance(e, BadRequestKeyError) and (self.debug or self.config["TRAP_BAD_REQUEST_ERRORS"]):
            e.show_exception = True
        if isinstance(e, HTTPException) and not self.trap_http_exception(e):
            return self.handle_http_exception(e)
        handler = self._find_error_handler(e, _cv_request.get().request.blueprints)
        if handler is None:
            raise e
        return self.ensure_sync(handler)(e)

    def handle_http_exception(self, e: HTTPException) -> Any:
        """Answer an HTTP error, by its handler, else as it says itself."""
        if e.code is None or isinstance(e, RoutingException):
            return e
        handler = self._find_error_handler(e, _cv_request.get().request.blueprints)
        return e if handler is None else self.ensure_sync(handler)(e)

    def handle_exception(self, e: Exception) -> Response:
        """Answer an exception that no handler took: 500, and its traceback in the log. Raises it while testing or debugging."""
        got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=e)
        propagate = self.config["PROPAGATE_EXCEPTIONS"]
        if propagate or (propagate is None and (self.testing or self.debug)):
            raise e
        self.log_exception((type(e), e, e.__traceback__))
        answer: Any = InternalServerError(original_exception=e)
        context = _cv_request.get(None)
        handler = self._find_error_handler(answer, [] if context is None else context.request.blueprints)
        if handler is not None:
            answer = self.ensure_sync(handler)(answer)
        return self.finalize_request(answer, from_error_handler=True)

    def trap_http_exception(self, e: Exception) -> bool:
        """Whether an HTTP error is treated like any other exception, so that it can be seen."""
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap is None:
            return self.debug and isinstance(e, BadRequestKeyError)
        return bool(trap) and isinstance(e, BadRequest)

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> None:
        """Log an exception that no handler took."""
        answered = _cv_request.get().request
        self.logger.error("Exception on %s [%s]", answered.path, answered.method, exc_info=exc_info)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Whether the functions at the end of a request are not told of an exception."""
        return False

    def _find_error_handler(self, error: Exception, blueprints: list[str]) -> Callable[..., Any] | None:
        """The handler of the nearest class: those for the status first, and a blueprint's before the application's."""
        code = error.code if isinstance(error, HTTPException) else None
        for status in (None,) if code is None else (code, None):
            for name in (*blueprints, None):
                handlers = self.error_handler_spec[name][status] if name in self.error_handler_spec else None
                for kind in type(error).__mro__ if handlers else ():
                    if kind in handlers:  # type: ignore[operator] # the loop is empty where there are none
                        return handlers[kind]  # type: ignore[index] # as above
        return None

    # Async functions.

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """A function that can be called here, whether it is `async` or not."""
        return self.async_to_sync(func) if iscoroutinefunction(func) else func

    def async_to_sync(self, func: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        """A plain function that runs an `async` one: on the server's loop under Trine, on a loop of its own elsewhere."""
        from .asynchronous import run_here

        def waited_for(*args: Any, **kwargs: Any) -> Any:
            return run_here(func, *args, **kwargs)

        return waited_for


def in_order(hooks: dict[str | None, list[F]], names: Iterable[str | None]) -> Iterator[F]:
    """Give the functions of an application and its blueprints, in the order of the names."""
    return chain.from_iterable(hooks[name] for name in names if name in hooks)
