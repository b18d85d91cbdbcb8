"""`fastapi.datastructures`: what requests are made of, and the mark of an argument that was not given."""

from typing import Any, TypeVar

from trine.http import URL, Address, FormData, Headers, QueryParams, UploadFile
from trine.types import State

DefaultType = TypeVar("DefaultType")

__all__ = ["URL", "Address", "Default", "DefaultPlaceholder", "FormData", "Headers", "QueryParams", "State", "UploadFile"]


class DefaultPlaceholder:
    """A default value that can be told from the same value given by somebody."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DefaultPlaceholder) and other.value == self.value

    def __hash__(self) -> int:
        return hash((DefaultPlaceholder, id(self.value)))


def Default(value: DefaultType) -> DefaultType:
    """Mark a value as the default of an argument."""
    return DefaultPlaceholder(value)  # type: ignore[return-value] # a stand-in: signatures show the value's type
