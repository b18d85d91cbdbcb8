"""Functions of texts."""

from typing import Any

import sqlalchemy as sa

from ..expressions import Built, Value
from ..scope import Scope
from .base import Func


class Lower(Func):
    """Lower case."""

    function = "lower"


class Upper(Func):
    """Upper case."""

    function = "upper"


class Trim(Func):
    """Without spaces at both ends."""

    function = "trim"


class Length(Func):
    """How many characters."""

    function, output_type = "length", sa.Integer()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """Each database has a word of its own."""
        return scope.dialect.text_length(arguments[0])


class Replace(Func):
    """A text with another instead: `Replace("title", Value("a"), Value("b"))`."""

    function = "replace"


class Left(Func):
    """The first characters: `Left("title", 3)`."""

    function = "substr"

    def __init__(self, expression: Any, length: int) -> None:
        super().__init__(expression, Value(1), Value(length))


class Substr(Func):
    """A part of a text, counted from 1: `Substr("title", 2, 3)`."""

    function = "substr"

    def __init__(self, expression: Any, position: int, length: int | None = None) -> None:
        super().__init__(expression, Value(position), *([] if length is None else [Value(length)]))


class Concat(Func):
    """Texts one after the other; None is an empty one."""

    function, output_type = "concat", sa.Text()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """None adds nothing."""
        made: Any = sa.literal("", sa.Text())
        for argument in arguments:
            made = made + sa.func.coalesce(
                sa.cast(argument, sa.Text()) if not _is_text(argument) else argument, "", type_=sa.Text()
            )
        return made


def _is_text(element: Built) -> bool:
    return isinstance(element.type, sa.String)
