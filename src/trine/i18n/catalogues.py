"""Translations as translators write them (`.po`) and as they are compiled (`.mo`), of every part of an application."""

import io
from collections.abc import Iterable
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from trine.errors import SetupError

try:
    from babel import Locale, UnknownLocaleError
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations
except ImportError as error:
    raise SetupError("Languages need Babel.", hint='Install it with: pip install "trine[i18n]"') from error

DOMAIN = "messages"


def parse_locale(name: str) -> Locale:
    """Read the name of a locale, such as `de`, `de-AT` or `zh_Hans_CN`. Raises `SetupError` for one that nobody knows."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        raise SetupError(f"'{name}' is no language.", hint="Write it as 'de' or 'de_AT'.") from None


def load_catalogue(locale: Locale, folders: Iterable[Path]) -> Any:
    """Load the messages of a language, from every folder that has some. Where one is in several, the first folder counts.

    What `de_AT` does not say is asked of `de`.
    """
    found: Any = NullTranslations()
    for name in reversed(_chain(locale)):
        together = None
        for folder in reversed(list(folders)):
            one = _load(folder / name / "LC_MESSAGES")
            if one is not None:
                together = one if together is None else together.merge(one)
        if together is not None:
            together.add_fallback(found)
            found = together
    return found


def _chain(locale: Locale) -> list[str]:
    """The locale and what is more general: `zh_Hans_CN`, `zh_Hans`, `zh`."""
    parts = [locale.language, locale.script, locale.territory]
    names = ["_".join(part for part in parts if part), "_".join(part for part in parts[:2] if part), locale.language]
    return list(dict.fromkeys(names))


def _load(folder: Path) -> Translations | None:
    compiled, written = folder / f"{DOMAIN}.mo", folder / f"{DOMAIN}.po"
    # What was compiled counts, unless it was written anew since: so that `trine dev` shows each change.
    if compiled.is_file() and not (written.is_file() and written.stat().st_mtime > compiled.stat().st_mtime):
        with compiled.open("rb") as file:
            return Translations(file)
    if not written.is_file():
        return None
    with written.open("rb") as file:
        catalogue = read_po(file)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    buffer.seek(0)
    return Translations(buffer)
