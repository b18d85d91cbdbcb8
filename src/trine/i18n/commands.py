"""`trine i18n`: from the words of a program to catalogues that translators fill, and back."""

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trine.errors import SetupError

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

    from trine.app import App

    from .plugin import I18n

_KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.jinja", "jinja2"), ("**.j2", "jinja2")]
_OPTIONS = {pattern: {"newstyle_gettext": "true", "trimmed": "true"} for pattern, method in _METHODS if method == "jinja2"}
_LEFT_OUT = frozenset({"node_modules", "__pycache__", "tests", "build", "dist", "site-packages", "migrations"})


def add_commands(i18n: "I18n", app: "App") -> None:
    """Add `trine i18n extract`, `init`, `update` and `compile`."""
    group = app.commands.group("i18n", help="Translations: find words, and compile what translators wrote.")
    work = Work(i18n, app)
    group.command("extract", lifespan=False)(work.extract)
    group.command("init", lifespan=False)(work.init)
    group.command("update", lifespan=False)(work.update)
    group.command("compile", lifespan=False)(work.compile)


class Work:
    """What the commands do."""

    def __init__(self, i18n: "I18n", app: "App") -> None:
        self.i18n = i18n
        self.app = app

    def extract(self) -> None:
        """Write every message of the program and its templates into translations/messages.pot."""
        template = self._template()
        path = self.i18n.folder / "messages.pot"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, template)
        _say(f"{path}: {len(template)} messages")

    def init(self, language: str) -> None:
        """Begin a translation into a LANGUAGE, such as de or pt_BR."""
        from .catalogues import parse_locale

        locale = parse_locale(language)
        path = self._place(str(locale))
        if path.exists():
            raise SetupError(f"{path} is there already.", hint="trine i18n update adds what is new.")
        catalogue = self._template()
        catalogue.locale = locale
        catalogue.fuzzy = False
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, catalogue)
        _say(f"{path}: {len(catalogue)} messages to translate")

    def update(self) -> None:
        """Add to every translation what is new in the program, and set aside what is gone."""
        template = self._template()
        for path in self._all():
            catalogue = _read(path)
            catalogue.update(template)
            _write(path, catalogue)
            _say(f"{path}: {_progress(catalogue)}")

    def compile(self) -> None:
        """Compile every translation, and refuse those whose placeholders are not those of the message."""
        from babel.messages.mofile import write_mo

        problems = []
        for path in self._all():
            catalogue = _read(path)
            broken = [f"{path}:{message.lineno}: {error}" for message, errors in catalogue.check() for error in errors]
            problems += broken
            if not broken:
                with path.with_suffix(".mo").open("wb") as file:
                    write_mo(file, catalogue)
                _say(f"{path.with_suffix('.mo')}: {_progress(catalogue)}")
        if problems:
            listed = "\n".join(f"  {problem}" for problem in problems)
            raise SetupError(f"{len(problems)} translations have other placeholders than their messages:\n{listed}")

    def _template(self) -> "Catalog":
        from babel.messages.catalog import Catalog
        from babel.messages.extract import extract_from_dir

        template = Catalog(project=self.app.title, version=self.app.version, creation_date=datetime.now(timezone.utc))  # noqa: UP017
        for folder in self._sources():
            found = extract_from_dir(
                folder,
                method_map=_METHODS,
                options_map=_OPTIONS,
                keywords=_KEYWORDS,
                comment_tags=("Translators:",),
                strip_comment_tags=True,
                directory_filter=_is_searched,
            )
            for name, line, message, comments, context in found:
                place = (str(Path(name)), line)
                template.add(message, None, [place], auto_comments=comments, context=context)
        return template

    def _sources(self) -> Iterator[Path]:
        yield self.app.origin
        pages = self.app.extensions.get("pages")
        for blueprint in pages.blueprints() if pages is not None else ():
            # A part with translations of its own is translated there.
            if not blueprint.origin.is_relative_to(self.app.origin) and not (blueprint.origin / self.i18n.folder.name).is_dir():
                yield blueprint.origin

    def _place(self, language: str) -> Path:
        return self.i18n.folder / language / "LC_MESSAGES" / "messages.po"

    def _all(self) -> list[Path]:
        found = sorted(self.i18n.folder.glob("*/LC_MESSAGES/messages.po"))
        if not found:
            raise SetupError(f"There are no translations in {self.i18n.folder}.", hint="Begin one: trine i18n init de")
        return found


def _is_searched(folder: str) -> bool:
    name = Path(folder).name
    return name not in _LEFT_OUT and not name.startswith(".")


def _read(path: Path) -> "Catalog":
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            return read_po(file, locale=path.parent.parent.name, abort_invalid=True)
    except PoFileError as error:
        raise SetupError(f"{path} cannot be read: {error}", hint="Mend the line, or take an older version.") from error


def _write(path: Path, catalogue: Any) -> None:
    from babel.messages.pofile import write_po

    with path.open("wb") as file:
        write_po(file, catalogue, width=120)


def _progress(catalogue: "Catalog") -> str:
    messages = [message for message in catalogue if message.id]
    done = sum(1 for message in messages if not message.fuzzy and all(_strings(message.string)))
    return f"{done} of {len(messages)} messages translated"


def _strings(string: Any) -> list[str]:
    return list(string) if isinstance(string, tuple | list) else [string]


def _say(line: str) -> None:
    import click

    click.echo(line)
