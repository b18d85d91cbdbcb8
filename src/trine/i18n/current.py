"""The language that is spoken here, and the words that everybody says in it. Costs nothing where there is only one."""

import logging
from contextvars import ContextVar
from typing import Any, Protocol


class Speaker(Protocol):
    """Who translates: `trine.i18n` has one that asks catalogues."""

    def say(self, message: str, context: str | None = None) -> str:
        """Give a message in the language."""
        ...

    def count(self, singular: str, plural: str, number: int, context: str | None = None) -> str:
        """Give the form of a message that a number asks for."""
        ...


logger = logging.getLogger("trine.i18n")

current_speaker: "ContextVar[Speaker | None]" = ContextVar("trine_speaker", default=None)
"""Who translates here; None where everything is said as it was written."""


def gettext(message: str, /, **values: Any) -> str:
    """Say a message in the language of the visitor. `values` fill its `%(name)s`."""
    speaker = current_speaker.get()
    text = str.__str__(message) if speaker is None else speaker.say(message)
    return _filled(text, message, values) if values else text


def ngettext(singular: str, plural: str, number: int, /, **values: Any) -> str:
    """Say a message that depends on a number, in the form that the language has for it. `%(num)s` is the number."""
    return _counted(None, singular, plural, number, values)


def pgettext(context: str, message: str, /, **values: Any) -> str:
    """Say a message that means something else elsewhere: the context tells translators which one it is."""
    speaker = current_speaker.get()
    text = str.__str__(message) if speaker is None else speaker.say(message, context)
    return _filled(text, message, values) if values else text


def npgettext(context: str, singular: str, plural: str, number: int, /, **values: Any) -> str:
    """Say a message with a number and a context."""
    return _counted(context, singular, plural, number, values)


def _counted(context: str | None, singular: str, plural: str, number: int, values: dict[str, Any]) -> str:
    speaker = current_speaker.get()
    spoken = singular if number == 1 else plural
    text = spoken if speaker is None else speaker.count(singular, plural, number, context)
    return _filled(text, spoken, {"num": number, **values})


def _filled(text: str, message: str, values: dict[str, Any]) -> str:
    try:
        return text % values
    except (KeyError, TypeError, ValueError):
        # A translator's slip must not take the page away from a visitor.
        logger.warning("The translation %r has other placeholders than its message %r.", text, message)
        return message % values
