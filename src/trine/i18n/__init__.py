"""Languages: what a visitor reads, in the visitor's own."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .current import gettext as gettext
from .current import ngettext as ngettext
from .current import npgettext as npgettext
from .current import pgettext as pgettext

if TYPE_CHECKING:
    from .accept import best_language as best_language
    from .formats import format_currency as format_currency
    from .formats import format_date as format_date
    from .formats import format_datetime as format_datetime
    from .formats import format_list as format_list
    from .formats import format_number as format_number
    from .formats import format_percent as format_percent
    from .formats import format_time as format_time
    from .formats import format_timedelta as format_timedelta
    from .formats import get_locale as get_locale
    from .formats import get_timezone as get_timezone
    from .formats import to_user_timezone as to_user_timezone
    from .lazy import LazyString as LazyString
    from .lazy import lazy_gettext as lazy_gettext
    from .lazy import lazy_ngettext as lazy_ngettext
    from .lazy import lazy_pgettext as lazy_pgettext
    from .plugin import I18n as I18n
    from .settings import I18nSettings as I18nSettings

# Loaded on first use: forms say their words through this room also where Babel is not installed.
_HOMES = {
    "accept": ["best_language"],
    "formats": [
        "format_currency",
        "format_date",
        "format_datetime",
        "format_list",
        "format_number",
        "format_percent",
        "format_time",
        "format_timedelta",
        "get_locale",
        "get_timezone",
        "to_user_timezone",
    ],
    "lazy": ["LazyString", "lazy_gettext", "lazy_ngettext", "lazy_pgettext"],
    "plugin": ["I18n"],
    "settings": ["I18nSettings"],
}
_FILES = {name: file for file, names in _HOMES.items() for name in names}

__all__ = sorted([*_FILES, "gettext", "ngettext", "npgettext", "pgettext"])  # noqa: PLE0605 - a list of strings


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module 'trine.i18n' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_FILES[name]}"), name)
    globals()[name] = value
    return value
