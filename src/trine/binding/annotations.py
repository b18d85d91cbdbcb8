"""Questions about a type that was declared: what it is without its marks, what its marks say, and what can carry it."""

import inspect
import typing
from collections.abc import Hashable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, is_typeddict

from typing_extensions import TypeAliasType

from trine.http import UploadFile


def bare_type(annotation: Any) -> Any:
    """The type without `Annotated` and, where it is the only other member of a union, without `None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    members = [member for member in union_members(annotation) if member is not NoneType]
    return members[0] if len(members) == 1 else annotation


def resolved(annotation: Any) -> Any:
    """The type that a `type` statement (PEP 695) stands for; any other type as it is."""
    while isinstance(annotation, TypeAliasType | _TYPE_ALIAS):
        annotation = annotation.__value__
    return annotation


# typing's own class exists since Python 3.12, and is not the one of typing_extensions everywhere.
_TYPE_ALIAS: Any = getattr(typing, "TypeAliasType", TypeAliasType)


def metadata_of(annotation: Any) -> tuple[Any, ...]:
    """What stands beside a type in `Annotated`, also behind `| None`."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return (*metadata_of(inner), *metadata)
    if get_origin(annotation) in (Union, UnionType):
        return tuple(item for member in get_args(annotation) for item in metadata_of(member))
    return ()


def says(annotation: Any, word: str) -> bool:
    """Whether something beside a type in `Annotated` says a word about how it is read, such as `reads_body`."""
    return any(getattr(item, word, False) is True for item in metadata_of(annotation))


def holds(annotation: Any, word: str, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether a type, or one inside it, says a word about how it is read: an item of a list, a field of a model."""
    if says(annotation, word):
        return True
    kind = bare_type(annotation)
    if kind in seen:
        return False
    parts = [*get_args(annotation), *get_args(kind)]
    if inspect.isclass(kind) and hasattr(kind, "model_fields"):
        fields = kind.model_fields.values()
        if any(getattr(mark, word, False) is True for field in fields for mark in field.metadata):
            return True
        parts += [field.annotation for field in fields]
    inner = seen | {kind}
    return any(holds(part, word, inner) for part in parts if isinstance(part, Hashable))


def union_members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, each without `Annotated`; a type that is no union is its own only member."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        return tuple(inner for member in get_args(annotation) for inner in union_members(member))
    return (annotation,)


def is_sequence_type(annotation: Any) -> bool:
    """Whether the type takes several values: list, tuple, set and their kin, but not text."""
    origin = get_origin(annotation) or annotation
    return (
        inspect.isclass(origin)
        and issubclass(origin, list | tuple | set | frozenset | Sequence)
        and not issubclass(origin, str | bytes)
    )


def is_fields_model(annotation: Any) -> bool:
    """Whether the type is a model or record with named fields."""
    return inspect.isclass(annotation) and (
        hasattr(annotation, "model_fields")
        or hasattr(annotation, "__struct_fields__")
        or hasattr(annotation, "__dataclass_fields__")
        or is_typeddict(annotation)
    )


def is_scalar(annotation: Any) -> bool:
    """Whether one piece of text can carry the type."""
    if says(annotation, "reads_body"):
        return False
    for member in union_members(annotation):
        origin = get_origin(member) or member
        if is_fields_model(origin) or is_sequence_type(member):
            return False
        if inspect.isclass(origin) and (issubclass(origin, Mapping) or origin is UploadFile):
            return False
    return True


def is_upload(annotation: Any) -> bool:
    """Whether the type is an uploaded file, or several."""
    for member in union_members(annotation):
        candidates = [bare_type(argument) for argument in get_args(member)] if is_sequence_type(member) else [member]
        if any(inspect.isclass(candidate) and issubclass(candidate, UploadFile) for candidate in candidates):
            return True
    return False
