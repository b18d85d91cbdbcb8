"""Messages that are written once, when the program starts, and said anew for each visitor."""

from html import escape
from typing import Any, Self

from .current import gettext, ngettext, pgettext


class LazyString(str):
    """A message that is translated where it is shown. As a plain text it is the message itself: a catalogue's key."""

    context: str | None
    values: dict[str, Any]

    def __new__(cls, message: str, context: str | None = None, values: dict[str, Any] | None = None) -> Self:
        """Keep a message for later."""
        lazy = super().__new__(cls, message)
        lazy.context, lazy.values = context, values or {}
        return lazy

    def __getnewargs__(self) -> tuple[Any, ...]:
        return str.__str__(self), self.context, self.values

    def __str__(self) -> str:
        message = str.__str__(self)
        if self.context is None:
            return gettext(message, **self.values)
        return pgettext(self.context, message, **self.values)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __html__(self) -> str:
        return escape(str(self))

    def __add__(self, other: str) -> str:
        return str(self) + str(other)

    def __radd__(self, other: str) -> str:
        return str(other) + str(self)


class LazyPlural:
    """A message with a number, which is known already while the language is not."""

    def __init__(self, singular: str, plural: str, number: int, values: dict[str, Any]) -> None:
        self._said = (singular, plural, number)
        self._values = values

    def __str__(self) -> str:
        return ngettext(*self._said, **self._values)

    def __html__(self) -> str:
        return escape(str(self))


def lazy_gettext(message: str, /, **values: Any) -> LazyString:
    """Mark a message at the top of a module: `title=lazy_gettext("Your name")`. It is translated each time it is shown."""
    return LazyString(message, None, values)


def lazy_pgettext(context: str, message: str, /, **values: Any) -> LazyString:
    """Mark a message with a context for later."""
    return LazyString(message, context, values)


def lazy_ngettext(singular: str, plural: str, number: int, /, **values: Any) -> LazyPlural:
    """Keep a message with a number for later."""
    return LazyPlural(singular, plural, number, values)
