"""`starlette.templating`: pages from Jinja2 templates."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any

from trine.types import Receive, Scope, Send

from .background import BackgroundTask
from .requests import Request
from .responses import HTMLResponse


class _TemplateResponse(HTMLResponse):
    """A page that remembers its template and context, for tests."""

    def __init__(self, template: Any, context: dict[str, Any], **options: Any) -> None:
        self.template = template
        self.context = context
        super().__init__(template.render(context), **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the page; a test's client is told its template and context."""
        if "http.response.debug" in scope.get("extensions", {}):
            await send({"type": "http.response.debug", "info": {"template": self.template, "context": self.context}})
        await super().__call__(scope, receive, send)


class Jinja2Templates:
    """Templates of a directory, or of an own Jinja2 environment. `url_for` is known in every template."""

    def __init__(
        self,
        directory: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        context_processors: Sequence[Callable[[Request], Mapping[str, Any]]] | None = None,
        env: Any = None,
    ) -> None:
        if (directory is None) == (env is None):
            raise AssertionError("either 'directory' or 'env' arguments must be passed")
        try:
            import jinja2
        except ImportError as error:
            raise AssertionError('jinja2 must be installed to use Jinja2Templates: pip install "trine[pages]"') from error
        self.context_processors = list(context_processors or ())
        self.env = env or jinja2.Environment(loader=jinja2.FileSystemLoader(directory), autoescape=True)  # type: ignore[arg-type] # None only beside env

        @jinja2.pass_context
        def url_for(context: Any, name: str, /, **path_params: Any) -> Any:
            return context["request"].url_for(name, **path_params)

        self.env.globals.setdefault("url_for", url_for)

    def get_template(self, name: str) -> Any:
        """Load a template."""
        return self.env.get_template(name)

    def TemplateResponse(
        self,
        request: Request,
        name: str,
        context: dict[str, Any] | None = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        background: BackgroundTask | None = None,
    ) -> _TemplateResponse:
        """Render a template into a response. The context gets the request."""
        values = dict(context or {})
        values.setdefault("request", request)
        for add_context in self.context_processors:
            values.update(add_context(request))
        template = self.get_template(name)
        return _TemplateResponse(
            template, values, status_code=status_code, headers=headers, media_type=media_type, background=background
        )
