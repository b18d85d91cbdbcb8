"""Clients for tests: requests and commands without a server."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click.testing
import werkzeug.test
from werkzeug.test import Client
from werkzeug.wrappers import Request as BaseRequest

from .cli import ScriptInfo
from .sessions import SessionMixin

if TYPE_CHECKING:
    from .app import Flask


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """A WSGI environment for an application: host, root and scheme come from its configuration."""

    def __init__(
        self,
        app: "Flask",
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if base_url is not None and (subdomain or url_scheme):
            raise AssertionError("base_url says the host and the scheme: leave subdomain and url_scheme out.")
        if base_url is None:
            url = urlsplit(path)
            host = app.config["SERVER_NAME"] or "localhost"
            scheme = url.scheme or url_scheme or app.config["PREFERRED_URL_SCHEME"]
            place = url.netloc or (f"{subdomain}.{host}" if subdomain else host)
            base_url = f"{scheme}://{place}/{app.config['APPLICATION_ROOT'].lstrip('/')}"
            path = url.path + (f"?{url.query}" if url.query else "")
        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write JSON as the application does."""
        return self.app.json.dumps(obj, **kwargs)


class FlaskClient(Client):
    """Werkzeug's client, for an application. Inside `with client:` the context of the last request stays."""

    application: "Flask"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preserve_context = False
        self._finished: list[Any] = []
        """Contexts of the request that was just answered."""
        self._kept = ExitStack()
        """Contexts that were entered anew."""
        from importlib.metadata import version

        self.environ_base = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": f"Werkzeug/{version('werkzeug')}"}

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """Read and change the visitor's session between two requests."""
        if self._cookies is None:
            raise TypeError("Cookies are disabled. Make the client with use_cookies=True to have a session.")
        app = self.application
        context = app.test_request_context(*args, **kwargs)
        self._add_cookies_to_wsgi(context.request.environ)
        with context:
            opened = app.session_interface.open_session(app, context.request)
        if opened is None:
            raise RuntimeError("Session backend did not open a session: mostly the application has no secret key.")
        yield opened
        response = app.response_class()
        if app.session_interface.is_null_session(opened):
            return
        with context:
            app.session_interface.save_session(app, opened, response)
        self._update_cookies_from_response(
            context.request.host.partition(":")[0], context.request.path, response.headers.getlist("Set-Cookie")
        )

    def open(self, *args: Any, buffered: bool = False, follow_redirects: bool = False, **kwargs: Any) -> Any:
        """Send a request: a path and what Werkzeug's `EnvironBuilder` takes, or a request that is ready."""
        request = self._request(args, kwargs)
        # The contexts of the request before are left when the next one comes.
        self._kept.close()
        response = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        response.json_module = self.application.json  # type: ignore[assignment] # it reads as the application writes
        # The last one is the current one: after redirects there are several.
        for context in self._finished:
            self._kept.enter_context(context)
        self._finished.clear()
        return response

    def _request(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> BaseRequest:
        ready = args[0] if args and not kwargs and len(args) == 1 else None
        if isinstance(ready, werkzeug.test.EnvironBuilder):
            builder = ready
            return self._with_base(builder.get_request())
        if isinstance(ready, dict):
            return self._with_base(werkzeug.test.EnvironBuilder.from_environ(ready).get_request())
        if isinstance(ready, BaseRequest):
            return self._with_base(ready)
        base = {**self.environ_base, **kwargs.pop("environ_base", {})}
        builder = EnvironBuilder(self.application, *args, environ_base=self._preserving(base), **kwargs)
        try:
            return builder.get_request()
        finally:
            builder.close()

    def _with_base(self, request: BaseRequest) -> BaseRequest:
        request.environ.update(self._preserving(self.environ_base))
        return request

    def _preserving(self, environ: dict[str, Any]) -> dict[str, Any]:
        return {**environ, **({"werkzeug.debug.preserve_context": self._finished.append} if self.preserve_context else {})}

    def __enter__(self) -> "FlaskClient":
        if self.preserve_context:
            raise RuntimeError("The client is entered already: 'with client' cannot be nested.")
        self.preserve_context = True
        return self

    def __exit__(self, *exc: object) -> None:
        self.preserve_context = False
        self._kept.close()


class FlaskCliRunner(click.testing.CliRunner):
    """Click's runner, for the commands of an application."""

    def __init__(self, app: "Flask", **kwargs: Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(self, cli: Any = None, args: Any = None, **kwargs: Any) -> Any:  # type: ignore[override] # a command may be left out
        """Run a command: of `app.cli` where none is given."""
        kwargs.setdefault("obj", ScriptInfo(create_app=lambda: self.app))
        return super().invoke(self.app.cli if cli is None else cli, args, **kwargs)
