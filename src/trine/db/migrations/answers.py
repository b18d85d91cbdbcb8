"""What two states do not tell: names that changed, and values for rows that are there. Flags, models or a person do."""

import ast
import datetime
import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from trine.errors import SetupError

from ..fields import MISSING

Ask = Callable[[str], str]


class Answers:
    """The answers to the autodetector's questions.

    `renames` are pairs such as `old_table=new_table` and `table.old=table.new`; `fills` such as `table.column=value`. `ask` puts
    a question to a person and gives the answer; without it, a question that nobody has answered stops the command.
    """

    def __init__(
        self,
        *,
        renames: Iterable[str] = (),
        fills: Iterable[str] = (),
        defaults: Mapping[str, Any] | None = None,
        ask: Ask | None = None,
        never_rename: bool = False,
    ) -> None:
        self._renames = [_pair(rename, "--rename") for rename in renames]
        self._used: set[tuple[str, str]] = set()
        self._fills = dict(_pair(fill, "--fill") for fill in fills)
        self._defaults = dict(defaults or {})
        self._ask = ask
        self._never_rename = never_rename

    def is_said(self, old: str, new: str) -> bool:
        """Whether a flag says so."""
        return (old, new) in self._renames

    def refuse_unused(self) -> None:
        """Raise for renames that were said and never asked for: a misspelled one would drop what it should keep."""
        for old, new in self._renames:
            if (old, new) not in self._used:
                raise SetupError(
                    f"--rename {old}={new} fits no change.", hint="See what has changed: trine makemigrations --dry-run."
                )

    def was_table_renamed(self, old: str, new: str) -> bool:
        """Whether a table has a new name."""
        return self._was_renamed(old, new, f"Was the table '{old}' renamed to '{new}'?")

    def was_column_renamed(self, table: str, old: str, new: str) -> bool:
        """Whether a column has a new name."""
        question = f"Was the column '{old}' of the table '{table}' renamed to '{new}'?"
        return self._was_renamed(f"{table}.{old}", f"{table}.{new}", question)

    def fill(self, table: str, column: str) -> Any:
        """What rows that are there get in a column that may not be NULL."""
        name = f"{table}.{column}"
        if name in self._fills:
            return read_value(self._fills[name])
        if name in self._defaults:
            return self._defaults[name]
        if self._ask is not None:
            said = self._ask(
                f"The column '{name}' may not be NULL. Which value do the rows get that are there? (0, 'text', sql:now())"
            )
            return read_value(said)
        raise SetupError(
            f"The column '{name}' may not be NULL, and nothing says what the rows get that are there.",
            hint=f"Give it a default, let it be None, or say --fill {name}=0 (or =sql:now()).",
        )

    def _was_renamed(self, old: str, new: str, question: str) -> bool:
        if (old, new) in self._renames:
            self._used.add((old, new))
            return True
        if self._never_rename or any(old == known or new == other for known, other in self._renames):
            return False
        if self._ask is not None:
            return self._ask(f"{question} (y/n)").strip().lower() in ("y", "yes")
        raise SetupError(
            question, hint=f"Say --rename {old}={new}, or --no-renames: then the old one is dropped with what is in it."
        )


def read_value(text: str) -> Any:
    """A value as one writes it: a literal of Python, SQL behind `sql:`, or else text."""
    if text.startswith("sql:"):
        return sa.text(text[4:])
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def defaults_of(models: Iterable[Any]) -> dict[str, Any]:
    """The defaults that models have in Python, by `table.column`, as far as a migration can write them down."""
    found = {}
    for model in models:
        for made in model.__fields__.values():
            if made.column is None:
                continue
            value = _default_of(made)
            if value is not MISSING:
                found[f"{model.__table__.name}.{made.column.name}"] = value
    return found


def _default_of(made: Any) -> Any:
    value = made.options.default
    if value is MISSING and made.options.default_factory is not None:
        value = made.options.default_factory()
        if type(value) not in (list, dict, datetime.datetime) or value:
            # What is new for each row, such as a UUID, is no value for all of them.
            return sa.func.now() if isinstance(value, datetime.datetime) else MISSING
    if value is MISSING and made.options.on_update is not None and isinstance(made.options.on_update(), datetime.datetime):
        return sa.func.now()
    if isinstance(value, enum.Enum):
        value = value.value
    return value if isinstance(value, str | int | float | bool | list | dict) and value is not None else MISSING


def _pair(text: str, option: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left or not right:
        raise SetupError(f"{option} has '{text}'.", hint=f"Write {option} old=new, with the table before a column: table.column.")
    return left, right
