"""A name in a module that stands for another object in each request."""

from collections.abc import Callable, Iterator
from typing import Any


class Proxy:
    """Passes on whatever is done with it to the object that a function gives at that moment."""

    __slots__ = ("_find", "_name")

    def __init__(self, name: str, find: Callable[[], Any]) -> None:
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_find", find)

    @property  # type: ignore[misc] # the class that isinstance() sees is the object's
    def __class__(self) -> Any:
        try:
            return type(self._find())
        except RuntimeError:
            return Proxy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._find(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._find(), name)

    def __getitem__(self, key: Any) -> Any:
        return self._find()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._find()[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._find()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._find()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._find())

    def __len__(self) -> int:
        return len(self._find())

    def __bool__(self) -> bool:
        try:
            return bool(self._find())
        except RuntimeError:
            return False

    def __eq__(self, other: object) -> bool:
        return bool(self._find() == other)

    def __hash__(self) -> int:
        return hash(self._find())

    def __repr__(self) -> str:
        try:
            return repr(self._find())
        except RuntimeError:
            return f"<{self._name}, which is there while a page is answered>"
