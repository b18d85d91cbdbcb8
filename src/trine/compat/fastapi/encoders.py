"""`jsonable_encoder`: any value as what `json.dumps` takes."""

import dataclasses
import datetime
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PurePath
from re import Pattern
from types import GeneratorType
from typing import Any
from uuid import UUID

from pydantic import AnyUrl, BaseModel, NameEmail, SecretBytes, SecretStr
from pydantic_core import PydanticUndefined, Url

from .exceptions import PydanticV1NotSupportedError, is_v1_model

Encoder = Callable[[Any], Any]


def decimal_encoder(value: Decimal) -> int | float:
    """Give a whole number as `int`, so that it survives the way to JSON and back, and everything else as `float`."""
    exponent = value.as_tuple().exponent
    return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)


def isoformat(value: datetime.date | datetime.time) -> str:
    """Write a date or a time as ISO 8601."""
    return value.isoformat()


ENCODERS_BY_TYPE: dict[type[Any], Encoder] = {
    bytes: lambda value: value.decode(),
    datetime.date: isoformat,
    datetime.datetime: isoformat,
    datetime.time: isoformat,
    datetime.timedelta: lambda value: value.total_seconds(),
    Decimal: decimal_encoder,
    Enum: lambda value: value.value,
    frozenset: list,
    deque: list,
    GeneratorType: list,
    IPv4Address: str,
    IPv4Interface: str,
    IPv4Network: str,
    IPv6Address: str,
    IPv6Interface: str,
    IPv6Network: str,
    NameEmail: str,
    PurePath: str,
    Pattern: lambda value: value.pattern,
    SecretBytes: str,
    SecretStr: str,
    set: list,
    UUID: str,
    Url: str,
    AnyUrl: str,
}


def jsonable_encoder(
    obj: Any,
    include: Any = None,
    exclude: Any = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: Mapping[Any, Encoder] | None = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """Turn a value into dicts, lists and scalars.

    `include` and `exclude` name keys of the outermost object. `sqlalchemy_safe` leaves out keys that begin with `_sa`.
    """
    chosen = _Choice(
        None if include is None else _as_set(include),
        _as_set(exclude or ()),
        by_alias=by_alias,
        exclude_unset=exclude_unset,
        exclude_defaults=exclude_defaults,
        exclude_none=exclude_none,
        custom_encoder=custom_encoder or {},
        sqlalchemy_safe=sqlalchemy_safe,
    )
    return chosen.encode(obj)


@dataclasses.dataclass(frozen=True)
class _Choice:
    """What of an object is wanted; below the outermost object nothing is included or excluded by name."""

    include: Any
    exclude: Any
    _: dataclasses.KW_ONLY
    by_alias: bool
    exclude_unset: bool
    exclude_defaults: bool
    exclude_none: bool
    custom_encoder: Mapping[Any, Encoder]
    sqlalchemy_safe: bool

    def encode(self, value: Any) -> Any:
        custom = self._custom(value)
        if custom is not None:
            return custom(value)
        if isinstance(value, BaseModel):
            return self._below().encode(self._dump(value))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return self.encode(fields)
        if isinstance(value, Enum):
            return self._below().encode(value.value)
        if isinstance(value, PurePath):
            return str(value)
        if value is None or isinstance(value, str | int | float):
            return value
        if value is PydanticUndefined:
            return None
        if isinstance(value, dict):
            return self._encode_dict(value)
        if isinstance(value, list | tuple | set | frozenset | deque | GeneratorType):
            return [self._below().encode(item) for item in value]
        return self._encode_other(value)

    def _custom(self, value: Any) -> Encoder | None:
        if type(value) in self.custom_encoder:
            return self.custom_encoder[type(value)]
        return next((encode for kind, encode in self.custom_encoder.items() if isinstance(value, kind)), None)

    def _below(self) -> "_Choice":
        return dataclasses.replace(self, include=None, exclude=frozenset())

    def _dump(self, model: BaseModel) -> Any:
        return model.model_dump(
            mode="json",
            include=self.include,
            exclude=self.exclude or None,
            by_alias=self.by_alias,
            exclude_unset=self.exclude_unset,
            exclude_none=self.exclude_none,
            exclude_defaults=self.exclude_defaults,
        )

    def _encode_dict(self, value: Mapping[Any, Any]) -> dict[Any, Any]:
        below = self._below()
        return {
            below.encode(key): below.encode(item)
            for key, item in value.items()
            if self._is_wanted(key) and not (self.exclude_none and item is None)
        }

    def _is_wanted(self, key: Any) -> bool:
        if self.sqlalchemy_safe and isinstance(key, str) and key.startswith("_sa"):
            return False
        return (self.include is None or key in self.include) and key not in self.exclude

    def _encode_other(self, value: Any) -> Any:
        if is_v1_model(type(value)):
            raise PydanticV1NotSupportedError("pydantic.v1 models cannot be encoded: use a model of Pydantic 2.")
        for kind, encode in ENCODERS_BY_TYPE.items():
            # What an object says that it is counts, also where its class only pretends.
            if isinstance(value, kind):
                return encode(value)
        if type(value).__module__.startswith("pydantic"):
            return str(value)
        return self.encode(_attributes(value))


def _attributes(value: Any) -> dict[Any, Any]:
    """What an object without a JSON form holds: its pairs where it can be read as such, else its attributes."""
    problems: list[Exception] = []
    for read in (dict, vars):
        try:
            return dict(read(value))
        except Exception as problem:  # noqa: BLE001 - a foreign object's own code ran
            problems.append(problem)
    raise ValueError(problems)


def _as_set(names: Any) -> Any:
    return names if isinstance(names, set | frozenset | dict) else set(names)
