"""Settings of one concern, read from variables: every mistake is reported at once, with its variable, value and remedy."""

import difflib
import inspect
import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, PrivateAttr, SecretBytes, SecretStr, ValidationError

from trine.errors import SetupError

from .dotenv import Variable
from .launch import launch
from .source import SERVER_VARIABLES, Source

T = TypeVar("T", bound="SettingsGroup")

# Where a name is that close to one that exists, the one that exists was meant.
_CLOSE = 0.8
_SECRET_NAME = re.compile(r"secret|password|passwd|token|credential|dsn|(^|_)key($|s$|_)|_url$")
_HIDDEN = "(hidden)"
_NOTHING: Any = object()


class SettingsGroup(BaseModel):
    """Settings of one concern. A field `name` reads the variable `<PREFIX>NAME`, with the prefix of the class that declares it.

    Lists are separated by commas or written as JSON, other collections are JSON, `none` is None, and fields of a nested model
    may be set one by one as `<PREFIX>NAME__FIELD`. A battery subclasses this; an application subclasses `Settings`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
    groups: ClassVar[list[type["SettingsGroup"]]] = []
    prefix: ClassVar[str] = ""
    _source: Source = PrivateAttr(default_factory=Source)
    _parts: dict[type["SettingsGroup"], "SettingsGroup"] = PrivateAttr(default_factory=dict)

    def __init_subclass__(cls, prefix: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if prefix is not None:
            cls.prefix = prefix
        SettingsGroup.groups.append(cls)

    @classmethod
    def load(cls: type[T], env: Mapping[str, str] | None = None, dotenv: str | Path | None = "") -> T:
        """Read the settings from the process's environment and `.env`. Raises one `SetupError` for all mistakes.

        A test passes its own variables, `load({"SHOP_CURRENCY": "EUR"}, dotenv=None)`.
        """
        return cls.load_from(Source.read(env, dotenv))

    @classmethod
    def load_from(cls: type[T], source: Source) -> T:
        """Read the settings from variables that were read before."""
        values: dict[str, Any] = {}
        problems = list(cls._misspelled(source))
        unreadable = set()
        for field, variable in cls.variables().items():
            try:
                found = _read_field(cls.model_fields[field].annotation, variable, source)
            except ValueError as error:
                problems.append(_problem(variable, cls._shown(field, source.get(variable)), str(error)))
                unreadable.add(field)
                continue
            if found is not _NOTHING:
                values[field] = found
        if "mode" in cls.model_fields:
            values["mode"] = launch().mode
        try:
            loaded = cls.model_validate(values)
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False)
            problems += [cls._explain(detail, source) for detail in details if not unreadable.intersection(detail["loc"][:1])]
        if problems:
            raise SetupError.together(problems, "the settings")
        loaded._source = source  # noqa: SLF001 - its own class
        return loaded

    @classmethod
    def variables(cls) -> dict[str, str]:
        """The variable that each field reads. `mode` reads none."""
        return {field: cls._prefix_of(field) + field.upper() for field in cls.model_fields if field != "mode"}

    def part(self, group: type[T]) -> T:
        """Settings of another group from the same source, read once: how a battery gets its own."""
        found = self._parts.get(group)
        if found is None:
            found = self._parts[group] = group.load_from(self._source)
        return found  # type: ignore[return-value] # kept under its own class

    def unknown_variables(self) -> list[tuple[str, Variable]]:
        """Variables that begin with a group's prefix, and that no group reads."""
        known = known_variables()
        prefixes = tuple({group.prefix for group in SettingsGroup.groups if group.prefix})
        return [
            (name, variable)
            for name, variable in self._source.items()
            if name.startswith(prefixes) and name.partition("__")[0] not in known
        ]

    @classmethod
    def _prefix_of(cls, field: str) -> str:
        # The class that declared it first: a subclass that changes the default does not change the variable.
        for base in reversed(cls.__mro__):
            if field in inspect.get_annotations(base) and issubclass(base, SettingsGroup):
                return base.prefix
        return cls.prefix

    @classmethod
    def _misspelled(cls, source: Source) -> Iterable[SetupError]:
        prefixes = tuple({cls._prefix_of(field) for field in cls.model_fields} - {""})
        known = known_variables()
        for name, variable in source.items():
            if not prefixes or not name.startswith(prefixes) or name.partition("__")[0] in known:
                continue
            meant = closest(name, known)
            if meant is not None:
                yield SetupError(f"{name} is not a setting.", where=variable.where, hint=f"Did you mean {meant}?")

    @classmethod
    def _explain(cls, detail: Any, source: Source) -> SetupError:
        field, *inside = detail["loc"] or ("",)
        variable = cls.variables().get(str(field), str(field))
        if detail["type"] == "missing" and not inside:
            return SetupError(f"{variable} is not set.", hint=f"Set it in the environment or in {launch().env_file}.")
        given = source.get("__".join([variable, *(str(part).upper() for part in inside)])) or source.get(variable)
        at = f" at {'.'.join(map(str, inside))}" if inside else ""
        message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
        return _problem(variable, cls._shown(str(field), given), message, at=at)

    @classmethod
    def _shown(cls, field: str, variable: Variable | None) -> Variable | None:
        info = cls.model_fields.get(field)
        if variable is None or info is None or not (_SECRET_NAME.search(field) or _is_secret(info.annotation)):
            return variable
        return Variable(_HIDDEN, variable.where)


def known_variables() -> set[str]:
    """Every variable that some group reads, or the server's command line."""
    return set(SERVER_VARIABLES).union(*(group.variables().values() for group in SettingsGroup.groups))


def closest(name: str, names: Collection[str]) -> str | None:
    """The name that was probably meant."""
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=_CLOSE)), None)


def _problem(variable: str, given: Variable | None, message: str, *, at: str = "") -> SetupError:
    if given is None:
        return SetupError(f"{variable} {message}{at}.")
    value = given.value if given.value == _HIDDEN else repr(given.value)
    return SetupError(f"{variable} is {value}, but it {message}{at}.", where=given.where)


def _read_field(annotation: Any, variable: str, source: Source) -> Any:
    given = source.get(variable)
    if given is not None:
        return _parse(annotation, given.value.strip())
    model = next((kind for kind in _members(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    if model is None:
        return _NOTHING
    found = {}
    for field, info in model.model_fields.items():
        value = _read_field(info.annotation, f"{variable}__{field.upper()}", source)
        if value is not _NOTHING:
            found[field] = value
    return found or _NOTHING


def _parse(annotation: Any, text: str) -> Any:
    """Turn a variable's text into what Pydantic can validate: JSON and lists are opened, the rest stays text."""
    kinds = _members(annotation)
    if NoneType in kinds and text.lower() in {"", "none", "null"}:
        return None
    origins = {get_origin(kind) or kind for kind in kinds}
    if origins & {list, tuple, set, frozenset}:
        return _parse_list(text)
    if dict in origins or any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in origins):
        return _parse_json(text, "a JSON object")
    return text


def _parse_list(text: str) -> Any:
    # `[::1]` is an address, and no JSON.
    if text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            if text.startswith('["') or text == "[":
                raise ValueError("should be a list, separated by commas or as JSON") from None
    return [item for item in (part.strip() for part in text.split(",")) if item]


def _parse_json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"should be {what}") from None


def _members(annotation: Any) -> list[Any]:
    """The alternatives of a type, without `Annotated`."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [member for part in get_args(annotation) for member in _members(part)]
    return [annotation]


def _is_secret(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return False
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_SECRET_NAME.search(name) or _is_secret(field.annotation) for name, field in annotation.model_fields.items())
    return annotation in (SecretStr, SecretBytes) or any(_is_secret(part) for part in get_args(annotation))
