"""Build an application: bind its declarations, compile them for a wire, and put its middleware around."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from trine.concurrency import Deadlines
from trine.http import problems
from trine.routing import APIRouter
from trine.server import AllowedHosts
from trine.server.foreign import run_asgi
from trine.server.proxy import proxies_of, trust_proxies_asgi, trust_proxies_rsgi
from trine.server.watched import watch_asgi, watch_rsgi
from trine.types import Receive, Scope, Send

from .choose import asgi_host, asgi_line, choose_by_host, choose_by_version, refuse_version, rsgi_host, rsgi_line
from .context import BindContext
from .dispatch import Declarations, Table, in_time, read_declarations, request_handler, serve_handler, wrap
from .entry import asgi_entry, rsgi_entry
from .recover import Recover, ServerErrorPage, make_recover
from .wires import ASGI, REQUEST, RSGI, Wire

MakeRecover = Callable[[Mapping[Any, Any]], Recover]


class PageRoom(Protocol):
    """What pages bring besides their routes."""

    def answers_elsewhere(self, recover: MakeRecover) -> Mapping[Any, Callable[..., Any]]:
        """What answers exceptions where no route was found."""
        ...

    def file_routes(self) -> APIRouter:
        """The routes of files, such as style sheets."""
        ...


def build(app: Any, deadlines: Deadlines, *, built_in: APIRouter, pages: PageRoom | None = None) -> Declarations:
    """Bind every declaration of an application. Raises one `SetupError` for all mistakes.

    The `built_in` routes, such as the documentation's, stand back where the application has the same path. `pages` is what
    makes pages of routes, where there are any.
    """
    settings = app.settings
    shape = problems.problem_errors if settings.problem_details else problems.plain_errors
    server_error = choose_server_error(debug=app.debug, problem_details=settings.problem_details)

    def recover(handlers: Mapping[Any, Any]) -> Recover:
        return make_recover({**app.layer.exception_handlers, **handlers}, server_error, shape)

    context = BindContext(
        app=app,
        recover=recover,
        default_headers=tuple(settings.security_headers.items()),
        overrides=dict(app.dependency_overrides),
        deadlines=deadlines,
        max_body_size=settings.max_body_size,
        max_json_depth=settings.max_json_depth,
        timeout=settings.timeout,
        on_disconnect=None,
        body_timeout=settings.body_timeout,
        websocket_options={
            "allow_origins": settings.websocket_origins,
            "max_message_size": settings.websocket_max_message_size,
            "max_messages_per_second": settings.websocket_max_messages_per_second,
            "idle_timeout": settings.websocket_idle_timeout,
            "send_timeout": settings.websocket_send_timeout,
        },
        events=app.events,
        bind_page=app.bind_page,
        unrouted={} if pages is None else pages.answers_elsewhere(recover),
    )
    versions = app.versions
    files = None if pages is None else pages.file_routes()
    if versions is None or versions.is_in_path:
        return read_declarations(app, context, built_in=built_in, files=files, versions=versions)
    found = {
        name: read_declarations(
            app,
            replace(context, default_headers=(*context.default_headers, *versions.headers(name))),
            built_in=built_in,
            files=files,
            versions=versions,
            version=name,
        )
        for name in versions.names
    }
    return replace(found[versions.default], versions=found)


def build_rsgi(app: Any) -> Callable[[Any, Any], Awaitable[None]]:
    """Compile an application for RSGI."""
    answer = _build(app, app.declarations, RSGI, _hosts(app))
    if (watch := app.events.exchange_watcher) is not None:
        answer = watch_rsgi(answer, watch)
    proxies = proxies_of(app.settings)
    return answer if proxies is None else trust_proxies_rsgi(answer, proxies)


def build_asgi(app: Any) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Compile an application for ASGI."""
    answer = _build(app, app.declarations, ASGI, _hosts(app))
    if (watch := app.events.exchange_watcher) is not None:
        answer = watch_asgi(answer, watch)
    proxies = proxies_of(app.settings)
    return answer if proxies is None else trust_proxies_asgi(answer, proxies)


def _hosts(app: Any) -> AllowedHosts:
    return AllowedHosts(app.settings.allowed_hosts)


def _build(app: Any, found: Declarations, wire: Wire, hosts: AllowedHosts) -> Callable[..., Awaitable[None]]:
    table = Table(found, wire, redirect_slashes=app.redirect_slashes)
    handler = None
    middleware = app.outer_middleware
    if middleware:
        # Below middleware, requests find their way in a table of handlers.
        inner = Table(found, REQUEST, redirect_slashes=app.redirect_slashes)
        handler = in_time(wrap(request_handler(inner), middleware), found.context)
    entry = rsgi_entry if wire is RSGI else asgi_entry
    answer: Callable[..., Awaitable[None]] = entry(table, hosts, handler, middleware)
    if found.versions:
        others = [(name, one) for name, one in found.versions.items() if name != app.versions.default]
        answers = {name: _build(app, replace(one, hosts=[]), wire, hosts) for name, one in others}
        answers[app.versions.default] = answer
        refuse = serve_handler(refuse_version(app.versions), wire, found.context)
        read_line = rsgi_line if wire is RSGI else asgi_line
        answer = choose_by_version(app.versions, answers, answer, refuse, read_line)
    if not found.hosts:
        return answer
    targets = [(names, _host_target(app, target, wire, hosts)) for names, target in found.hosts]
    return choose_by_host(targets, answer, rsgi_host if wire is RSGI else asgi_host)


def _host_target(app: Any, target: Any, wire: Wire, hosts: AllowedHosts) -> Any:
    if isinstance(target, Declarations):
        return _build(app, target, wire, hosts)
    if wire is ASGI:
        return target
    return serve_handler(lambda request: run_asgi(target, request, ""), wire, app.declarations.context)


def choose_server_error(*, debug: bool, problem_details: bool) -> ServerErrorPage:
    """What a client sees of an error that nobody expected: in development everything, else nothing of it."""
    if debug:
        from trine.http.debug import error_page

        return error_page
    return problems.problem_server_error if problem_details else problems.plain_server_error
