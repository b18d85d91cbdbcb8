"""Regular expressions that Python itself runs, for SQLite: nothing can interrupt one, so those that may never end are refused."""

import re
import warnings
from collections.abc import Iterator
from re import _constants as codes  # type: ignore[attr-defined] # the standard library's own reader of patterns
from re import _parser as reader  # type: ignore[attr-defined] # the same
from typing import Any

from ..errors import InvalidValue

_LONGEST = 500
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
_MANY = 20
"""From how many times on a repetition counts as one without an end."""


def checked_pattern(value: Any) -> str:
    """A pattern that Python can read, and whose time does not double with every character of a text."""
    pattern = str(value)
    if len(pattern) > _LONGEST:
        raise InvalidValue(f"A regular expression of {len(pattern)} characters is longer than {_LONGEST}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = reader.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidValue(f"The regular expression {pattern!r} cannot be read: {error}.") from None
    if any(_is_ambiguous(repeated) for repeated in _repeated(parsed)):
        raise InvalidValue(
            f"The regular expression {pattern!r} repeats what is itself repeated, or has two ways to fit, and might never end. "
            "Write it without repetitions inside of repetitions."
        )
    return pattern


def _repeated(parsed: Any) -> Iterator[Any]:
    """What is repeated without an end, wherever it stands."""
    for code, argument in parsed:
        if code in _REPEATS and argument[1] >= _MANY:
            yield argument[2]
        for inner in _parts(argument):
            yield from _repeated(inner)


def _is_ambiguous(parsed: Any) -> bool:
    """Whether a text may fit in several ways: by repetitions of several lengths, or by several choices."""
    for code, argument in parsed:
        if code in _REPEATS and argument[0] != argument[1]:
            return True
        if code is codes.BRANCH and not _are_apart(argument[1]):
            return True
        if any(_is_ambiguous(inner) for inner in _parts(argument)):
            return True
    return False


def _are_apart(choices: Any) -> bool:
    """Whether the first character decides between choices: then there is one way at most."""
    first = [choice[0] if len(choice) else None for choice in choices]
    literals = [item[1] for item in first if item is not None and item[0] is codes.LITERAL]
    return len(literals) == len(choices) == len({chr(code).casefold() for code in literals})


def _parts(argument: Any) -> Iterator[Any]:
    """The patterns inside of an item of a pattern."""
    if isinstance(argument, reader.SubPattern):
        yield argument
    elif isinstance(argument, list | tuple):
        for item in argument:
            yield from _parts(item)
