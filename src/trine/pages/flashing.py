"""Messages that a page leaves for the next one: "The article was saved."."""

import json
import logging
from collections.abc import Collection
from typing import Any

from .context import here
from .signals import message_flashed

logger = logging.getLogger("trine.pages")

MOST_BYTES = 1_500
"""What the messages of a session take together, as JSON: a session in a cookie has room for little more."""

_KEY = "_flashes"


def flash(message: str, category: str = "message") -> None:
    """Leave a message for the next page that shows them.

    Messages are short: beyond 1,500 bytes together the oldest are left out, and one that is longer by itself is cut. Both are
    logged, and neither ends the request: visitors may have chosen the words.
    """
    context = here("flash()")
    session = context.session
    session[_KEY] = _fitting([*session.get(_KEY, ()), [category, str(message)]])
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


def _fitting(messages: list[list[str]]) -> list[list[str]]:
    """The newest of the messages, as many as fit."""
    category, text = messages[-1]
    while (size := len(json.dumps([category, text]))) > MOST_BYTES and text:
        text = text[: len(text) * MOST_BYTES // size - 1]
    kept = [[category, text if text == messages[-1][1] else f"{text}…"]]
    room = MOST_BYTES - size
    for older in reversed(messages[:-1]):
        room -= len(json.dumps(older))
        if room < 0:
            break
        kept.insert(0, older)
    if kept != messages:
        logger.warning(
            "Flashed messages take more than %s bytes: the oldest are left out, or the newest is cut.", f"{MOST_BYTES:,}"
        )
    return kept
