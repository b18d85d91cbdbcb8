"""Templates: one Jinja2 environment for an application, its blueprints and its batteries."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trine.errors import SetupError
from trine.types import Decorator

from .context import here
from .signals import template_rendered

try:
    from jinja2 import (
        BaseLoader,
        ChoiceLoader,
        Environment,
        FileSystemLoader,
        Template,
        TemplateNotFound,
        TemplateSyntaxError,
        select_autoescape,
    )
except ImportError as error:
    raise SetupError("render_template() needs jinja2.", hint='Install it with: pip install "trine[pages]"') from error

if TYPE_CHECKING:
    from .plugin import Pages

Names = str | Sequence[str]
_ESCAPED = ("html", "htm", "xml", "xhtml", "svg", "html.j2", "jinja", "jinja2")


class SiteEnvironment(Environment):
    """Jinja2's environment, which finds the keys of dicts at once."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The attribute of an object, or its item. A dict has no attributes but its methods: no need to fail at them first."""
        if type(obj) is dict and attribute in obj and attribute not in _METHODS:
            return obj[attribute]
        return super().getattr(obj, attribute)


_METHODS = frozenset(dir(dict))


class Templates:
    """Loads, compiles and renders templates. Folders are asked in order: the application's, its blueprints', its batteries'."""

    def __init__(self, pages: "Pages") -> None:
        self.pages = pages
        self.filters: dict[str, Callable[..., Any]] = {}
        self.tests: dict[str, Callable[..., Any]] = {}
        self.globals: dict[str, Any] = {}
        self.extensions: list[str] = []
        self.loaders: list[BaseLoader] = []
        """Where templates are looked for last, such as those of batteries."""

    @cached_property
    def environment(self) -> Environment:
        """Jinja2's environment, made on first use. What is said to it later holds for templates that are loaded later."""
        debug = self.pages.app.debug
        made = SiteEnvironment(
            loader=ChoiceLoader([FileSystemLoader([str(folder) for folder in self.folders()]), *self.loaders]),
            autoescape=select_autoescape(_ESCAPED, default_for_string=True),
            auto_reload=debug,
            # Files are few, and forgetting one means compiling it again. Texts have a cache of their own.
            cache_size=-1,
            extensions=self.extensions,
        )
        made.globals.update(self.pages.template_names())
        for blueprint in self.pages.blueprints():
            made.globals.update(blueprint.template_globals)
            made.filters.update(blueprint.template_filters)
            made.tests.update(blueprint.template_tests)
        made.globals.update(self.globals)
        made.filters.update(self.filters)
        made.tests.update(self.tests)
        for extension in self.pages.app.extensions.values():
            prepare = getattr(extension, "prepare_templates", None)
            if prepare is not None:
                prepare(made)
        return made

    @cached_property
    def async_environment(self) -> Environment:
        """The environment of templates that wait for what they call."""
        return self.environment.overlay(enable_async=True)

    def folders(self) -> list[Path]:
        """The folders of the application and its blueprints."""
        own = [blueprint.template_folder for blueprint in self.pages.blueprints()]
        found = [self.pages.template_folder, *(folder for folder in own if folder is not None)]
        return list(dict.fromkeys(found))

    def forget(self) -> None:
        """Make the environments anew at the next use: a folder, a filter or an extension came."""
        for name in ("environment", "async_environment", "_from_text"):
            vars(self).pop(name, None)

    def check(self) -> None:
        """Compile every template of the application and its blueprints. Raises `SetupError` for all that cannot be."""
        problems: dict[str, SetupError] = {}
        for folder, path in self._files():
            name = path.relative_to(folder).as_posix()
            try:
                self.environment.get_template(name)
            except TemplateSyntaxError as error:
                place = f"{error.filename}:{error.lineno}"
                problems[place] = SetupError(f"The template '{name}' cannot be read: {error.message}", where=place)
        if problems:
            raise SetupError.together(list(problems.values()), "the templates")

    def mention(self, *names: str) -> bool:
        """Whether a template of the application or its blueprints has one of these words in it."""
        return any(name in path.read_text("utf-8", "replace") for _, path in self._files() for name in names)

    def _files(self) -> Iterator[tuple[Path, Path]]:
        for folder in self.folders():
            for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
                if path.is_file() and path.suffix.lstrip(".") in _ESCAPED:
                    yield folder, path

    # What an application adds ------------------------------------------------------------------------------------

    def filter(self, name: str | None = None) -> Decorator:
        """Make a function a filter."""
        return self._adder(self.filters, name)

    def test(self, name: str | None = None) -> Decorator:
        """Make a function a test."""
        return self._adder(self.tests, name)

    def add_global(self, name: str | None = None) -> Decorator:
        """Let templates call a function."""
        return self._adder(self.globals, name)

    def add_extension(self, name: str) -> None:
        """Use an extension of Jinja2, such as `jinja2.ext.i18n`."""
        if name not in self.extensions:
            self.extensions.append(name)
            self.forget()

    def add_folder(self, folder: str | PathLike[str]) -> None:
        """Look for templates in another folder too, after those of the application: for batteries."""
        self.loaders.append(FileSystemLoader(folder))
        self.forget()

    def _adder(self, known: dict[str, Any], name: str | None) -> Decorator:
        def register(function: Any) -> Any:
            known[name or function.__name__] = function
            self.forget()
            return function

        return register

    # Rendering ---------------------------------------------------------------------------------------------------

    def render(self, name: Names | Template, values: dict[str, Any]) -> str:
        """Render a template; of several names the first that there is."""
        template = self.find(name)
        # What Template.render() does, less the slow copy of its globals: a third of what a small page costs.
        context = template.new_context(self.environment.globals | self.completed(values, template), shared=True)
        try:
            return "".join(template.root_render_func(context))
        except Exception:  # noqa: BLE001 - raised again, with the lines of the template in its traceback
            self.environment.handle_exception()

    async def render_async(self, name: Names | Template, values: dict[str, Any]) -> str:
        """Render a template that may wait for what it calls."""
        template = self.find(name, self.async_environment)
        return await template.render_async(self.completed(values, template))

    def render_block(self, name: Names | Template, block: str, values: dict[str, Any]) -> str:
        """Render one block of a template, without what is around it."""
        template = self.find(name)
        function = template.blocks.get(block)
        if function is None:
            known = ", ".join(template.blocks) or "none"
            raise LookupError(f"The template '{template.name}' has no block '{block}'. It has: {known}.")
        context = template.new_context(self.environment.globals | self.completed(values, template), shared=True)
        try:
            return "".join(function(context))
        except Exception:  # noqa: BLE001 - raised again, with the lines of the template in its traceback
            self.environment.handle_exception()

    def stream(self, name: Names | Template, values: dict[str, Any]) -> Iterator[str]:
        """Render a template piece by piece."""
        template = self.find(name)
        pieces = template.stream(self.completed(values, template))
        pieces.enable_buffering(20)
        return iter(pieces)

    def stream_async(self, name: Names | Template, values: dict[str, Any]) -> AsyncIterator[str]:
        """Render a template that may wait, piece by piece."""
        template = self.find(name, self.async_environment)
        return template.generate_async(self.completed(values, template))

    def find(self, name: Names | Template, environment: Environment | None = None) -> Template:
        """Load a template, compiled once. Raises `TemplateNotFound`, which names the folders."""
        environment = environment or self.environment
        try:
            if isinstance(name, str):
                return environment.get_template(name)
            return name if isinstance(name, Template) else environment.select_template(list(name))
        except TemplateNotFound as missing:
            missing.add_note("Looked in: " + ", ".join(str(folder) for folder in self.folders()))
            raise

    def from_text(self, source: str) -> Template:
        """Compile a text, once as long as it is among the last 200."""
        return self._from_text(source)

    @cached_property
    def _from_text(self) -> Callable[[str], Template]:
        return lru_cache(maxsize=200)(self.environment.from_string)

    def completed(self, values: dict[str, Any], template: Template) -> dict[str, Any]:
        """The values with those of the context processors, which give way."""
        context = here("render_template()")
        processors = context.processors
        if processors:
            found: dict[str, Any] = {}
            for processor in processors:
                found.update(processor())
            values = found | values
        if template_rendered.receivers:
            template_rendered.sync.send(context.app, template=template, context=values)
        return values
