"""The application's configuration: a dict that can be filled from files, objects and the environment."""

import errno
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import ModuleType
from typing import IO, Any, Generic, TypeVar, overload

from werkzeug.utils import import_string

T = TypeVar("T")


class ConfigAttribute(Generic[T]):
    """An attribute of the application that is a value of its configuration."""

    def __init__(self, name: str, get_converter: Callable[[Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @overload
    def __get__(self, obj: None, owner: None) -> "ConfigAttribute[T]": ...
    @overload
    def __get__(self, obj: Any, owner: type) -> T: ...
    def __get__(self, obj: Any, owner: type | None = None) -> "T | ConfigAttribute[T]":
        if obj is None:
            return self
        value = obj.config[self.__name__]
        return value if self.get_converter is None else self.get_converter(value)

    def __set__(self, obj: Any, value: Any) -> None:
        obj.config[self.__name__] = value


class Config(dict[str, Any]):
    """Values by name. What comes from a file, an object or a mapping counts where its name is in capitals."""

    def __init__(self, root_path: str | os.PathLike[str], defaults: dict[str, Any] | None = None) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Load the Python file that an environment variable names."""
        path = os.environ.get(variable_name)
        if path:
            return self.from_pyfile(path, silent=silent)
        if silent:
            return False
        raise RuntimeError(f"The environment variable {variable_name!r} is not set. Set it to the path of a configuration file.")

    def from_prefixed_env(self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads) -> bool:
        """Take every environment variable `PREFIX_NAME`. Values are JSON or text; `__` in a name leads into a dict."""
        start = f"{prefix}_"
        for variable in sorted(name for name in os.environ if name.startswith(start)):
            value: Any = os.environ[variable]
            with suppress(ValueError):  # Else it is text.
                value = loads(value)
            self._put(variable.removeprefix(start), value)
        return True

    def _put(self, name: str, value: Any) -> None:
        if "__" not in name or name in self:
            self[name] = value
            return
        *way, last = name.split("__")
        place: dict[str, Any] = self
        for step in way:
            place = place.setdefault(step, {})
        place[last] = value

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file, and take its names in capitals."""
        path = os.path.join(self.root_path, filename)
        module = ModuleType("config")
        module.__file__ = path
        source = self._read(path, "rb", silent, lambda file: file.read())
        if source is None:
            return False
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - a configuration file is a program, as documented
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take the attributes in capitals of an object, or of what an import path leads to: a module or a class."""
        source = import_string(obj) if isinstance(obj, str) else obj
        for name in dir(source):
            if name.isupper():
                self[name] = getattr(source, name)

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: Callable[[IO[Any]], Mapping[str, Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Read a file with a function such as `json.load`, or `tomllib.load` with `text=False`."""
        values = self._read(os.path.join(self.root_path, filename), "r" if text else "rb", silent, load)
        return values is not None and self.from_mapping(values)

    def from_mapping(self, mapping: Mapping[str, Any] | None = None, **kwargs: Any) -> bool:
        """Take the values of a mapping and of the keywords."""
        values = {**(dict(mapping) if mapping is not None else {}), **kwargs}
        self.update({name: value for name, value in values.items() if name.isupper()})
        return True

    def get_namespace(self, namespace: str, lowercase: bool = True, trim_namespace: bool = True) -> dict[str, Any]:
        """The values whose names begin alike, such as `MAIL_`: arguments for what they configure."""
        found = {}
        for name, value in self.items():
            if name.startswith(namespace):
                key = name[len(namespace) :] if trim_namespace else name
                found[key.lower() if lowercase else key] = value
        return found

    @staticmethod
    def _read(path: str, mode: str, silent: bool, read: Callable[[IO[Any]], T]) -> T | None:
        try:
            with open(path, mode, encoding=None if "b" in mode else "utf-8") as file:
                return read(file)
        except OSError as error:
            if silent and error.errno in (errno.ENOENT, errno.EISDIR, errno.ENOTDIR):
                return None
            error.strerror = f"Unable to load configuration file ({error.strerror})"
            raise

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"
