"""How bodies are read: their size, the limits of forms, and whether JSON must say that it is JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from trine.http import FormLimits as TrineFormLimits

BODY_LIMIT = "trine.max_body_size"
"""Where the limit that holds for a request lies in its scope."""

READING = "trine.reading"
"""Where a scope says how the applications above read bodies."""


class FormLimits(TypedDict, total=False):
    """Limits of a form; each that is missing is the one of the router above."""

    max_files: int
    max_fields: int
    max_part_size: int


@dataclass(frozen=True)
class Reading:
    """What a router or route says about reading bodies."""

    form_limits: Mapping[str, int] = field(default_factory=dict)
    strict_content_type: bool | None = None

    def join(self, inner: "Reading") -> "Reading":
        """What holds below both: the inner one's word, where it has one."""
        strict = self.strict_content_type if inner.strict_content_type is None else inner.strict_content_type
        return Reading({**self.form_limits, **inner.form_limits}, strict)

    @property
    def is_strict(self) -> bool:
        """Whether a body without content type is refused as JSON."""
        return self.strict_content_type is not False

    def trine_limits(self) -> TrineFormLimits:
        """The limits as Trine's parser takes them."""
        return TrineFormLimits(**self.form_limits)


def checked_body_size(size: Any) -> int | None:
    """Give a limit in bytes. Raises ValueError for what is none."""
    if size is not None and (type(size) is not int or size < 0):
        raise ValueError(f"max_body_size must be a non-negative integer or None, not {size!r}.")
    return size


def checked_form_limits(limits: Mapping[str, Any] | None) -> dict[str, int]:
    """Copy the limits of a form. Raises ValueError for an unknown name or a value that is no limit."""
    for name, value in (limits or {}).items():
        if name not in FormLimits.__annotations__:
            raise ValueError(f"form_limits has no {name!r}: its names are {', '.join(FormLimits.__annotations__)}.")
        if type(value) is not int or value < 0:
            raise ValueError(f"form_limits: {name} must be a non-negative integer, not {value!r}.")
    return dict(limits or {})
