"""The language of one request, chosen when the first word is said."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from .current import current_speaker

if TYPE_CHECKING:
    from babel import Locale

    from .plugin import I18n

logger = logging.getLogger("trine.i18n")


class RequestSpeaker:
    """Speaks the language of a visitor. Nothing is chosen, nor paid, before somebody speaks."""

    def __init__(self, i18n: "I18n", choose: Callable[[], str], choose_zone: Callable[[], str]) -> None:
        self.i18n = i18n
        self._choose = choose
        self._choose_zone = choose_zone

    @cached_property
    def name(self) -> str:
        """The name of the language, such as `de`."""
        return self._choose()

    @cached_property
    def locale(self) -> "Locale":
        """The language with its formats."""
        return self.i18n.locale(self.name)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return self.i18n.zone(self._choose_zone())

    @property
    def has_spoken(self) -> bool:
        """Whether anything of the answer depends on the language."""
        return "name" in vars(self)

    @cached_property
    def _catalogue(self) -> Any:
        return self.i18n.catalogue(self.name)

    def say(self, message: str, context: str | None = None) -> str:
        """Give a message in the language."""
        if not message:
            return message  # a catalogue keeps its own head under the empty message
        said = self._catalogue.gettext(message) if context is None else self._catalogue.pgettext(context, message)
        return str(said)

    def count(self, singular: str, plural: str, number: int, context: str | None = None) -> str:
        """Give the form of a message that a number asks for."""
        if context is None:
            return str(self._catalogue.ngettext(singular, plural, number))
        return str(self._catalogue.npgettext(context, singular, plural, number))


def speaker() -> RequestSpeaker | None:
    """Who speaks here, None outside of an application with languages."""
    found = current_speaker.get()
    return found if isinstance(found, RequestSpeaker) else None


@contextmanager
def speaking(found: RequestSpeaker) -> Iterator[None]:
    """Speak a language while inside."""
    token = current_speaker.set(found)
    try:
        yield
    finally:
        current_speaker.reset(token)
