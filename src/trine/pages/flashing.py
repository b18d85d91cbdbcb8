"""Messages that a page leaves for the next one: "The article was saved."."""

from collections.abc import Collection
from typing import Any

from .context import here
from .signals import message_flashed

_KEY = "_flashes"


def flash(message: str, category: str = "message") -> None:
    """Leave a message for the next page that shows them."""
    context = here("flash()")
    session = context.session
    session[_KEY] = [*session.get(_KEY, ()), [category, str(message)]]
    if message_flashed.receivers:
        message_flashed.sync.send(context.app, message=message, category=category)


def get_flashed_messages(with_categories: bool = False, category_filter: Collection[str] = ()) -> list[Any]:
    """Take the messages that are left, as texts or as pairs (category, text). The same page gets them as often as it asks."""
    context = here("get_flashed_messages()")
    if context.flashed is None:
        session = context.session
        context.flashed = [(str(category), str(text)) for category, text in session.pop(_KEY)] if _KEY in session else []
    found = [pair for pair in context.flashed if not category_filter or pair[0] in category_filter]
    return found if with_categories else [text for _, text in found]
