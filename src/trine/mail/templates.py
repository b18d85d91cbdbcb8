"""Messages from templates: a text, an HTML page, or both under one name."""

from collections.abc import Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trine.errors import SetupError

if TYPE_CHECKING:
    from jinja2 import Environment


class Composer:
    """Renders the templates of messages with Jinja2: those of the application's pages, or those of a folder of their own."""

    def __init__(self, folder: str | PathLike[str] | None = None) -> None:
        self.folder = folder
        self.app: Any = None

    def render(self, name: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """Give the text and the HTML of a template, of which one may be empty."""
        found = [self._render(f"{name}{ending}", values) for ending in (".txt", ".html")]
        if found == [None, None]:
            raise LookupError(f"There is neither a template '{name}.txt' nor '{name}.html'.")
        return found[0] or "", found[1] or ""

    def _render(self, name: str, values: Mapping[str, Any]) -> str | None:
        environment = self._environment()
        from jinja2 import TemplateNotFound

        try:
            template = environment.get_template(name)
        except TemplateNotFound as missing:
            if missing.name != name:
                raise
            return None
        return template.render(**values)

    def _environment(self) -> "Environment":
        pages = getattr(self.app, "extensions", {}).get("pages")
        if self.folder is None and pages is not None:
            # Asked anew each time: a filter or a folder that comes makes another one.
            found: Environment = pages.templates.environment
            return found
        return self._own_environment

    @cached_property
    def _own_environment(self) -> "Environment":
        try:
            from jinja2 import Environment, FileSystemLoader, select_autoescape
        except ImportError as error:
            hint = 'Install it with: pip install "trine[pages]"'
            raise SetupError("Messages from templates need jinja2.", hint=hint) from error
        folder = Path(self.folder or "templates")
        return Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape())
