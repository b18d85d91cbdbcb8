"""Types that Pydantic takes only in another spelling."""

import sys
from typing import Annotated, Any, get_args, get_origin, get_type_hints, is_typeddict

import typing_extensions


def portable(annotation: Any) -> Any:
    """Give a type in the form that Pydantic accepts: before Python 3.12 it refuses `typing.TypedDict`."""
    if sys.version_info >= (3, 12):
        return annotation
    if is_typeddict(annotation) and type(annotation).__module__ == "typing":
        return _typed_dict(annotation)
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is None or not arguments or origin is typing_extensions.Literal:
        return annotation
    if origin is Annotated:
        inner = portable(arguments[0])
        return annotation if inner is arguments[0] else Annotated[(inner, *arguments[1:])]
    translated = tuple(portable(argument) for argument in arguments)
    if all(new is old for new, old in zip(translated, arguments, strict=True)):
        return annotation
    return annotation.copy_with(translated) if hasattr(annotation, "copy_with") else origin[translated]


def _typed_dict(kind: Any) -> Any:
    hints = get_type_hints(kind, include_extras=True)
    required = kind.__required_keys__
    members = {
        name: portable(hint) if name in required else typing_extensions.NotRequired[portable(hint)]
        for name, hint in hints.items()
    }
    translated = typing_extensions.TypedDict(kind.__name__, members)  # type: ignore[misc] # made from a type, not written down
    translated.__doc__ = kind.__doc__
    translated.__module__ = kind.__module__
    return translated
