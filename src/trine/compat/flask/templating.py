"""Templates: Jinja with the application's folders, and those of its blueprints, and what every template knows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import BaseLoader, Template, TemplateNotFound

from .globals import _cv_app, _cv_request, current_app, session
from .helpers import stream_with_context
from .signals import before_render_template, template_rendered

if TYPE_CHECKING:
    from .app import Flask
    from .registrar import Registrar


class Environment(jinja2.Environment):
    """Jinja's environment of one application."""

    def __init__(self, app: "Flask", **options: Any) -> None:
        options.setdefault("loader", app.create_global_jinja_loader())
        super().__init__(**options)
        self.app = app


class DispatchingJinjaLoader(BaseLoader):
    """Look for a template in the application's folder, then in those of its blueprints, in the order of their registration."""

    def __init__(self, app: "Flask") -> None:
        self.app = app

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        """Find a template. With `EXPLAIN_TEMPLATE_LOADING` the log tells where it was looked for."""
        attempts: list[tuple[BaseLoader, Registrar, Any]] = []
        explains = self.app.config["EXPLAIN_TEMPLATE_LOADING"]
        for owner, loader in self._loaders():
            try:
                found = loader.get_source(environment, template)
            except TemplateNotFound:
                found = None
            if found is not None and not explains:
                return found
            attempts.append((loader, owner, found))
        if explains:
            from .debughelpers import explain_template_loading_attempts

            explain_template_loading_attempts(self.app, template, attempts)
        for _, _, found in attempts:
            if found is not None:
                return found
        raise TemplateNotFound(template)

    def list_templates(self) -> list[str]:
        """The names of all templates."""
        return list({name for _, loader in self._loaders() for name in loader.list_templates()})

    def _loaders(self) -> "Iterator[tuple[Registrar, BaseLoader]]":
        for owner in (self.app, *self.app.iter_blueprints()):
            if owner.jinja_loader is not None:
                yield owner, owner.jinja_loader


def _default_template_ctx_processor() -> dict[str, Any]:
    """What every template knows: `g`, and during a request `request` and `session`."""
    context, answered = _cv_app.get(None), _cv_request.get(None)
    known: dict[str, Any] = {} if context is None else {"g": context.g}
    if answered is not None:
        known["request"] = answered.request
        # A template that does not look at the session must not make the answer depend on it.
        known["session"] = session
    return known


def render_template(template_name_or_list: str | Template | list[str | Template], **context: Any) -> str:
    """Render the template of this name, or the first of several that there is."""
    app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - Werkzeug's way from a proxy to its object
    return _render(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def render_template_string(source: str, **context: Any) -> str:
    """Render a template that is given as text. Values are escaped as in HTML."""
    app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - as above
    return _render(app, app.jinja_env.from_string(source), context)


def stream_template(template_name_or_list: str | Template | list[str | Template], **context: Any) -> Iterator[str]:
    """Render a template piece by piece, while it is sent."""
    app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - as above
    return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """Render a template that is given as text, piece by piece, while it is sent."""
    app = current_app._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - as above
    return _stream(app, app.jinja_env.from_string(source), context)


def _render(app: "Flask", template: Template, context: dict[str, Any]) -> str:
    app.update_template_context(context)
    if before_render_template.receivers:
        before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)
    text = template.render(context)
    if template_rendered.receivers:
        template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)
    return text


def _stream(app: "Flask", template: Template, context: dict[str, Any]) -> Iterator[str]:
    app.update_template_context(context)
    before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)

    def pieces() -> Iterator[str]:
        yield from template.generate(context)
        template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)

    return stream_with_context(pieces()) if _cv_request.get(None) is not None else pieces()
