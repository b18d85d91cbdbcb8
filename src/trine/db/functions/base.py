"""A function of the database, called with fields and values."""

from collections.abc import Hashable
from typing import Any, ClassVar

import sqlalchemy as sa

from ..errors import FieldError
from ..expressions import Built, Expression, as_expression
from ..scope import Scope, Shape


class Func(Expression):
    """A function of fields and values: `Func("title", function="REVERSE", output=sa.Text())`. A text is a field's name."""

    function: ClassVar[str] = ""
    output_type: ClassVar[Any] = None

    def __init__(self, *arguments: Any, function: str = "", output: Any = None) -> None:
        self.arguments = [as_expression(argument) for argument in arguments]
        self.name = function or self.function
        if not self.name.replace("_", "").isalnum():
            raise FieldError(f"{self.name!r} is no name of a function.")
        self.output = self.output_type if output is None else output
        self.has_aggregate = any(argument.has_aggregate for argument in self.arguments)

    def shape(self, into: Shape) -> Hashable:
        """Its name and arguments."""
        return (type(self).__name__, self.name, repr(self.output), tuple(item.shape(into) for item in self.arguments))

    def build(self, scope: Scope, at: int) -> Built:
        """A call."""
        return self.call(scope, *self.built(scope, at))

    def built(self, scope: Scope, at: int) -> list[Built]:
        """The arguments."""
        made = []
        for argument in self.arguments:
            made.append(argument.build(scope, at))
            at += argument.size(scope)
        return made

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """The call with its arguments."""
        kind = self.output if self.output is not None else arguments[0].type if arguments else None
        return getattr(sa.func, self.name.lower())(*arguments, type_=kind)
