"""Functions of days and times."""

from collections.abc import Hashable
from typing import Any

import sqlalchemy as sa

from ..errors import FieldError
from ..expressions import Built
from ..scope import Scope, Shape
from .base import Func


class Now(Func):
    """The time at which the transaction began."""

    function = "now"

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """As times are kept."""
        from ..types import UTCDateTime

        if scope.dialect.name == "sqlite":
            return sa.func.strftime("%Y-%m-%d %H:%M:%f000", "now", type_=UTCDateTime())
        if scope.dialect.name == "mysql":
            return sa.func.utc_timestamp(6, type_=UTCDateTime())
        return sa.func.now(type_=UTCDateTime())

    def build_default(self) -> Any:
        """The same as the default of a column."""
        return sa.func.now()


class Extract(Func):
    """A part of a time: `Extract("published", "year")`."""

    def __init__(self, expression: Any, part: str) -> None:
        super().__init__(expression, function="extract")
        self.part = part

    def shape(self, into: Shape) -> Hashable:
        """With the part."""
        return (self.part, super().shape(into))

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """The transform of the same name."""
        from ..lookups import TRANSFORMS

        if self.part not in ("year", "month", "day", "hour", "minute", "second", "week", "week_day", "quarter"):
            raise FieldError(f"{self.part!r} is no part of a time.")
        return TRANSFORMS[self.part](arguments[0], scope)


class Trunc(Func):
    """A time down to its year, quarter, month, week, day, hour or minute: `Trunc("published", "month")`, in UTC."""

    def __init__(self, expression: Any, part: str) -> None:
        super().__init__(expression, function="trunc")
        if part not in ("year", "quarter", "month", "week", "day", "hour", "minute"):
            raise FieldError(f"A time cannot be truncated to {part!r}.")
        self.part = part

    def shape(self, into: Shape) -> Hashable:
        """With the part."""
        return (self.part, super().shape(into))

    def call(self, scope: Scope, *arguments: Built) -> Built:
        """Each database has its own way."""
        return scope.dialect.truncated(self.part, arguments[0])
