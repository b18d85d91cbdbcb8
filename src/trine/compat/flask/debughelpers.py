"""Explanations for the developer: they cost time, and tell things, so they are given while debugging alone."""

from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import RequestRedirect

from .globals import _cv_request

if TYPE_CHECKING:
    from .app import Flask
    from .registrar import Registrar
    from .wrappers import Request


class UnexpectedUnicodeError(AssertionError, UnicodeError):
    """Text where bytes were wanted, or the other way round."""


class DebugFilesKeyError(KeyError, AssertionError):
    """A view asks for a file that a form could not send: its encoding is not multipart/form-data."""

    def __init__(self, request: "Request", key: str) -> None:
        super().__init__(key)
        message = (
            f"request.files has no {key!r}: the form was sent as {request.mimetype!r}, so no file contents were transmitted."
            ' Add enctype="multipart/form-data" to the <form>.'
        )
        names = request.form.getlist(key)
        if names:
            message += f" The browser sent names instead. This was submitted: {', '.join(map(repr, names))}"
        self.message = message

    def __str__(self) -> str:
        return self.message


class FormDataRoutingRedirect(AssertionError):
    """A form was sent to a path that redirects, which would lose its data."""

    def __init__(self, request: "Request") -> None:
        error = request.routing_exception
        target = error.new_url if isinstance(error, RequestRedirect) else ""
        super().__init__(
            f"A {request.method} request was sent to {request.url!r}, which redirects to the canonical URL {target!r}."
            " With this status the browser does not send the form again. Send it to the canonical URL."
        )


class ExplainingFiles(ImmutableMultiDict[str, Any]):
    """The files of a form that has sent none: it says why one is missing."""

    def __init__(self, request: "Request") -> None:
        super().__init__(request.files)
        self._request = request

    def __getitem__(self, key: str) -> Any:
        if key in self or key not in self._request.form:
            return super().__getitem__(key)
        raise DebugFilesKeyError(self._request, key)


def explain_template_loading_attempts(app: "Flask", template: str, attempts: "list[tuple[BaseLoader, Registrar, Any]]") -> None:
    """Log where a template was looked for, and what was found."""
    lines = [f"Locating template {template!r}:"]
    found = 0
    for number, (loader, owner, source) in enumerate(attempts, 1):
        kind = (
            f"application {owner.import_name!r}"
            if owner is app
            else f"blueprint {getattr(owner, 'name', '')!r} ({owner.import_name})"
        )
        lines.append(f"  {number}: trying loader of {kind}")
        lines += [f"       {name}: {value!r}" for name, value in sorted(vars(loader).items()) if not name.startswith("_")]
        if source is None:
            lines.append("       -> no match")
        else:
            found += 1
            lines.append(f"       -> found ({source[1] or '<string>'!r})")
    if not found:
        lines.append("Error: the template could not be found.")
    elif found > 1:
        lines.append("Warning: several templates have this name, and the first one is taken.")
    context = _cv_request.get(None)
    blueprint = None if context is None else context.request.blueprint
    if blueprint is not None and found != 1:
        lines.append(f"  It was looked up from an endpoint that belongs to the blueprint {blueprint!r}.")
        lines.append("  Is it in the folder of that blueprint's templates?")
        lines.append("  See https://flask.palletsprojects.com/blueprints/#templates")
    app.logger.info("\n".join(lines))
