"""Functions of values of any kind, and of numbers."""

from typing import Any

import sqlalchemy as sa

from ..expressions import Built
from ..scope import Scope
from .base import Func


class Coalesce(Func):
    """The first that is not None."""

    function = "coalesce"


class NullIf(Func):
    """None where two are equal."""

    function = "nullif"


class Greatest(Func):
    """The greatest of several."""

    function = "greatest"

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """SQLite says max."""
        word = "max" if scope.dialect.name == "sqlite" else "greatest"
        return getattr(sa.func, word)(*arguments, type_=arguments[0].type)


class Least(Func):
    """The least of several."""

    function = "least"

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """SQLite says min."""
        word = "min" if scope.dialect.name == "sqlite" else "least"
        return getattr(sa.func, word)(*arguments, type_=arguments[0].type)


class Cast(Func):
    """Another type: `Cast("number", sa.Text())`."""

    def __init__(self, expression: Any, output: Any) -> None:
        super().__init__(expression, function="cast", output=output)

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """A CAST."""
        return sa.cast(arguments[0], self.output)


class Abs(Func):
    """Without its sign."""

    function = "abs"


class Ceil(Func):
    """The next whole number above."""

    function = "ceil"


class Floor(Func):
    """The next whole number below."""

    function = "floor"


class Round(Func):
    """Rounded: `Round("price", Value(1))`."""

    function = "round"


class Random(Func):
    """A random number for each row."""

    function, output_type = "random", sa.Double()

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """MariaDB says rand."""
        return sa.func.rand() if scope.dialect.name == "mysql" else sa.func.random()
