"""Show values without trusting them: a repr may be huge, slow, broken, or full of secrets."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import Any

from .masking import MASK, is_secret_name, mask_text

MAX_LENGTH = 600
_MAX_ITEMS = 12
_MAX_DEPTH = 3
_PLAIN = (bool, int, float, complex, type(None))


@dataclass
class Shown:
    """A variable as the page shows it."""

    name: str
    kind: str
    text: str = "… not shown in time"


@dataclass
class ValueReader:
    """Shows the values of a page within a time for all of them together.

    The work is done in a thread of its own: a repr that never ends costs its text and the time, not the page.
    """

    seconds: float = 1.0
    _jobs: list[tuple[Shown, Any]] = field(default_factory=list)

    def add(self, name: str, value: Any) -> Shown:
        """Note a value; its text is there after `run`."""
        shown = Shown(name, _kind(value))
        if is_secret_name(name) and not callable(value):
            shown.text = MASK
        else:
            self._jobs.append((shown, value))
        return shown

    def run(self) -> None:
        """Show what was noted, as far as the time goes."""
        jobs, self._jobs = self._jobs, []
        worker = threading.Thread(target=_show_all, args=(jobs, monotonic() + self.seconds), name="trine-repr", daemon=True)
        worker.start()
        worker.join(self.seconds)


def show(value: Any, limit: int = MAX_LENGTH) -> str:
    """Show a value in at most `limit` characters. Never raises an exception."""
    try:
        text = _show(value, 0)
    except Exception as error:  # noqa: BLE001 - a repr may raise anything
        return f"<{_kind(value)}: its repr() raised {type(error).__name__}>"
    return shorten(mask_text(text[: limit * 2]), limit)


def shorten(text: str, limit: int) -> str:
    """Cut a text, saying how much is gone."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… {len(text) - limit:,} more characters"


def _show_all(jobs: Sequence[tuple[Shown, Any]], deadline: float) -> None:
    for shown, value in jobs:
        if monotonic() > deadline:
            return
        try:
            shown.text = show(value)
        except BaseException as error:  # noqa: BLE001 - SystemExit in a repr ends nothing but this text
            shown.text = f"<{shown.kind}: its repr() raised {type(error).__name__}>"


def _show(value: Any, depth: int) -> str:
    kind = type(value)
    if kind in _PLAIN:
        return _number(value)
    if kind is str or kind is bytes or kind is bytearray:
        return _text(value)
    if kind in (dict, list, tuple, set, frozenset):
        if depth >= _MAX_DEPTH:
            return f"<{kind.__name__} of {len(value)}>"
        return _mapping(value, depth) if kind is dict else _collection(value, depth)
    text = repr(value)
    return text if type(text) is str else f"<{kind.__name__}>"


def _number(value: Any) -> str:
    if type(value) is int and value.bit_length() > 4096:
        # More digits than Python is willing to write.
        return f"<int of {value.bit_length():,} bits>"
    return repr(value)


def _text(value: Any) -> str:
    text = repr(value[: MAX_LENGTH * 2])
    hidden = len(value) - MAX_LENGTH * 2
    return text if hidden <= 0 else f"{text}… {hidden:,} more"


def _mapping(value: dict[Any, Any], depth: int) -> str:
    items = []
    for key, item in islice(value.items(), _MAX_ITEMS):
        secret = isinstance(key, str | bytes) and is_secret_name(key if isinstance(key, str) else key.decode("latin-1"))
        items.append(f"{_show(key, depth + 1)}: {MASK if secret else _show(item, depth + 1)}")
    return f"{{{', '.join([*items, *_rest(len(value))])}}}"


def _collection(value: Any, depth: int) -> str:
    opening, closing = _BRACKETS[type(value)]
    items = [_show(item, depth + 1) for item in islice(value, _MAX_ITEMS)]
    if type(value) is tuple and len(value) == 1:
        closing = ",)"
    return f"{opening}{', '.join([*items, *_rest(len(value))])}{closing}"


_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), frozenset: ("frozenset({", "})")}


def _rest(length: int) -> list[str]:
    return [f"… {length - _MAX_ITEMS:,} more"] if length > _MAX_ITEMS else []


def _kind(value: Any) -> str:
    try:
        return str(type(value).__qualname__)
    except Exception:  # noqa: BLE001 - metaclasses may do anything
        return "object"
