"""`starlette.config`: settings from the environment and an `.env` file. New programs are better off with `trine.settings`."""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, TypeVar, overload

T = TypeVar("T")

_ABSENT: Any = object()
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class EnvironError(Exception):
    """A variable was changed after somebody had read it."""


class Environ(MutableMapping[str, str]):
    """The environment. A variable that was read cannot be changed any more."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._read: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self._read.add(key)
        return self._environ[key]

    def __setitem__(self, key: str, value: str) -> None:
        self._refuse_read(key, "set")
        self._environ[key] = value

    def __delitem__(self, key: str) -> None:
        self._refuse_read(key, "delete")
        del self._environ[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def _refuse_read(self, key: str, act: str) -> None:
        if key in self._read:
            raise EnvironError(f"Attempting to {act} environ['{key}'], but the value has already been read.")


environ = Environ()


class Config:
    """Looks a setting up: in the environment, in the file, in its default."""

    def __init__(
        self,
        env_file: str | Path | None = None,
        environ: Mapping[str, str] = environ,
        env_prefix: str = "",
        encoding: str = "utf-8",
    ) -> None:
        self.environ = environ
        self.env_prefix = env_prefix
        self.file_values: dict[str, str] = {}
        if env_file is None:
            return
        if Path(env_file).is_file():
            self.file_values = _read(Path(env_file).read_text(encoding=encoding))
        else:
            warnings.warn(f"Config file '{env_file}' not found.", stacklevel=2)

    @overload
    def __call__(self, key: str, *, default: None) -> str | None: ...
    @overload
    def __call__(self, key: str, cast: type[T], default: T = ...) -> T: ...
    @overload
    def __call__(self, key: str, cast: type[str] = ..., default: str = ...) -> str: ...
    @overload
    def __call__(self, key: str, cast: Callable[[Any], T], default: Any = ...) -> T: ...
    @overload
    def __call__(self, key: str, cast: type[str] = ..., default: T = ...) -> T | str: ...
    def __call__(self, key: str, cast: Callable[[Any], Any] | None = None, default: Any = _ABSENT) -> Any:
        """Give a setting."""
        return self.get(key, cast, default)

    def get(self, key: str, cast: Callable[[Any], Any] | None = None, default: Any = _ABSENT) -> Any:
        """Give a setting, made by `cast`. Raises KeyError where it is missing, ValueError where it does not fit."""
        name = self.env_prefix + key
        for values in (self.environ, self.file_values):
            if name in values:
                return self._cast(name, values[name], cast)
        if default is _ABSENT:
            raise KeyError(f"Config '{name}' is missing, and has no default.")
        return self._cast(name, default, cast)

    def _cast(self, key: str, value: Any, cast: Callable[[Any], Any] | None) -> Any:
        if cast is None or value is None:
            return value
        if cast is bool and isinstance(value, str):
            if value.lower() not in _BOOLEANS:
                raise ValueError(f"Config '{key}' has value '{value}'. Not a valid bool.")
            return _BOOLEANS[value.lower()]
        try:
            return cast(value)
        except (TypeError, ValueError):
            raise ValueError(f"Config '{key}' has value '{value}'. Not a valid {cast.__name__}.") from None


def _read(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or name.startswith("#"):
            continue
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name] = value
    return found
