"""What a model's fields are in a form: read once from their types and constraints."""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from trine.binding.annotations import is_sequence_type, is_upload, metadata_of, union_members
from trine.errors import SetupError

from .messages import N_
from .widget import Kind, Widget

MOST_ROWS = 100
_DEEPEST = 6

_SIMPLE: tuple[tuple[tuple[type, ...], Kind], ...] = (
    ((bool,), "checkbox"),
    ((SecretStr, SecretBytes), "password"),
    ((datetime,), "datetime-local"),
    ((date,), "date"),
    ((time,), "time"),
    ((int, float, Decimal), "number"),
)
# Patterns that browsers read otherwise, or not at all; the server checks them all the same.
_ONLY_HERE = ("(?", r"\A", r"\z", r"\Z", "[[", "&&", r"\p", r"\P")


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen: the value of the form, what people read, and what it means to the model."""

    value: str
    label: str
    meaning: Any


@dataclass(frozen=True, slots=True)
class FormField:
    """One field, as its model declares it."""

    name: str
    """The attribute of the model."""
    key: str
    """The name in the form, and in what is validated: the alias, where there is one."""
    kind: Kind | Literal["fieldset", "rows"]
    label: str
    help: str
    required: bool
    nullable: bool
    default: Any
    attributes: Mapping[str, str | int | bool]
    widget: Widget
    fields: "tuple[FormField, ...]" = ()
    choices: tuple[Choice, ...] = ()
    least: int = 0
    most: int = MOST_ROWS
    is_demanded: bool = False
    """Whether the browser insists on it. It does not inside a part that may be left empty as a whole."""

    @property
    def is_multiple(self) -> bool:
        """Whether several values of the name count."""
        return self.kind in ("multiselect", "checkboxes", "files")

    def current_choices(self) -> tuple[Choice, ...]:
        """What can be chosen now: a function is asked anew."""
        given = self.widget.choices
        return self.choices if given is None else _given_choices(given() if callable(given) else given)


@dataclass
class _Constraints:
    found: dict[str, Any] = field(default_factory=dict)

    def take(self, metadata: Iterable[Any]) -> None:
        for item in metadata:
            for name in ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern"):
                value = getattr(item, name, None)
                if value is not None:
                    self.found[name] = value


def read_fields(model: type[BaseModel], chain: tuple[type[BaseModel], ...] = ()) -> tuple[FormField, ...]:
    """Read the fields of a model. Raises `SetupError` for what no form can show."""
    if model in chain or len(chain) >= _DEEPEST:
        raise SetupError(
            f"{model.__name__} holds itself, or is nested more than {_DEEPEST} models deep: no form ends there.",
            hint="Give the form a model of its own, without that field.",
        )
    return tuple(_read(model, name, info, (*chain, model)) for name, info in model.model_fields.items())


def _read(model: type[BaseModel], name: str, info: FieldInfo, chain: tuple[type[BaseModel], ...]) -> FormField:
    annotation, metadata = info.annotation, [*info.metadata, *metadata_of(info.annotation)]
    widget = next((item for item in reversed(metadata) if isinstance(item, Widget)), Widget())
    members = [member for member in union_members(annotation) if member is not type(None)]
    nullable = len(members) < len(union_members(annotation))
    kind, fields, choices = _shape(members, widget, f"{model.__name__}.{name}", chain)
    constraints = _Constraints()
    constraints.take(metadata)
    limits = constraints.found
    if members == [bool] and nullable and widget.kind is None:
        kind, choices = "select", (Choice("true", N_("Yes"), True), Choice("false", N_("No"), False))  # noqa: FBT003 - what they mean
    if kind == "fieldset" and nullable:
        fields = tuple(_at_ease(one) for one in fields)
    required = info.is_required() and not nullable
    many = kind in ("rows", "lines", "multiselect", "checkboxes", "files")
    said = info.validation_alias or info.alias
    return FormField(
        name=name,
        key=said if isinstance(said, str) else name,
        kind=kind,
        label=info.title or name.replace("_", " ").strip().capitalize(),
        help=info.description or "",
        required=required,
        is_demanded=required,
        nullable=nullable,
        default=None if info.is_required() else info.get_default(call_default_factory=False),
        attributes={**({} if many else _attributes(kind, members, limits)), **widget.attributes},
        widget=widget,
        fields=fields,
        choices=choices,
        least=limits.get("min_length", 0) if many else 0,
        most=_most(kind, limits, choices) if many else MOST_ROWS,
    )


def _most(kind: str, limits: Mapping[str, Any], choices: tuple[Choice, ...]) -> int:
    """How many values a list takes: as many as it says, and no more than can be meant where it says nothing."""
    if kind == "rows":
        return int(min(limits.get("max_length", MOST_ROWS), MOST_ROWS))
    return int(limits.get("max_length", max(MOST_ROWS, len(choices))))


def _shape(
    members: list[Any], widget: Widget, where: str, chain: tuple[type[BaseModel], ...]
) -> tuple[Any, tuple[FormField, ...], tuple[Choice, ...]]:
    """The widget of a type, and what is inside it."""
    if len(members) != 1:
        if widget.kind is None and any(_is_model(member) or is_sequence_type(member) for member in members):
            raise SetupError(
                f"The field {where} may be one of several models, and a form shows one.",
                hint="Give the form a model of its own, with the fields of both, or say how it looks: Widget('textarea').",
            )
        return widget.kind or "text", (), ()
    member = members[0]
    if _is_model(member):
        return "fieldset", read_fields(member, chain), ()
    if is_upload(member):
        return ("files" if is_sequence_type(member) else "file"), (), ()
    if is_sequence_type(member):
        return _shape_of_many(member, widget, where, chain)
    choices = _choices(member)
    if choices or widget.choices is not None:
        kind = widget.kind or ("checkbox" if choices and [choice.meaning for choice in choices] == [True] else "select")
        return kind, (), choices
    return widget.kind or _simple_kind(member, where), (), ()


def _shape_of_many(
    member: Any, widget: Widget, where: str, chain: tuple[type[BaseModel], ...]
) -> tuple[Any, tuple[FormField, ...], tuple[Choice, ...]]:
    inner: Any = next((union_members(argument)[0] for argument in get_args(member) if argument is not Ellipsis), str)
    if _is_model(inner):
        return "rows", read_fields(inner, chain), ()
    choices = _choices(inner)
    if choices or widget.choices is not None:
        return widget.kind or "multiselect", (), choices
    _simple_kind(inner, where)
    return widget.kind or "lines", (), ()


def _at_ease(field: FormField) -> FormField:
    return replace(field, is_demanded=False, fields=tuple(_at_ease(one) for one in field.fields))


def _simple_kind(member: Any, where: str) -> Kind:
    base = get_origin(member) or member
    if not inspect.isclass(base) or issubclass(base, dict | bytes):
        raise SetupError(
            f"The field {where} has the type {member!r}, which no form can show.",
            hint="Say how it looks, as in Annotated[..., Widget('textarea')], or give the form a model of its own.",
        )
    for kinds, widget in _SIMPLE:
        if issubclass(base, kinds):
            return widget
    name = base.__name__
    if name == "EmailStr":
        return "email"
    return "url" if name.endswith(("Url", "Uri")) else "text"


def _is_model(member: Any) -> bool:
    return inspect.isclass(member) and issubclass(member, BaseModel)


def _choices(member: Any) -> tuple[Choice, ...]:
    if get_origin(member) is Literal:
        return tuple(Choice(_text(value), _readable(value), value) for value in get_args(member))
    if inspect.isclass(member) and issubclass(member, Enum):
        return tuple(
            Choice(_text(one.value), str(getattr(one, "label", "") or _readable(one.name.lower())), one.value) for one in member
        )
    return ()


def _given_choices(given: Iterable[Any]) -> tuple[Choice, ...]:
    pairs = [(one, _readable(one)) if isinstance(one, str) else (str(one[0]), str(one[1])) for one in given]
    return tuple(Choice(value, label, value) for value, label in pairs)


def _text(value: Any) -> str:
    return "true" if value is True else str(value)


def _readable(value: Any) -> str:
    return str(value).replace("_", " ").capitalize()


def _attributes(kind: str, members: list[Any], limits: Mapping[str, Any]) -> dict[str, str | int | bool]:
    """The constraints in HTML's words, where HTML has words for them."""
    found: dict[str, Any] = {}
    if kind in ("number", "range"):
        whole = all(inspect.isclass(member) and issubclass(member, int) for member in members)
        step = 1 if whole else "any"
        found["step"] = limits.get("multiple_of", step)
        found["min"] = limits.get("ge", limits["gt"] + 1 if whole and "gt" in limits else limits.get("gt"))
        found["max"] = limits.get("le", limits["lt"] - 1 if whole and "lt" in limits else limits.get("lt"))
        found["inputmode"] = "numeric" if whole else "decimal"
    elif kind in ("date", "datetime-local", "time"):
        found["min"] = _iso(limits.get("ge", limits.get("gt")))
        found["max"] = _iso(limits.get("le", limits.get("lt")))
    elif kind in ("text", "email", "url", "tel", "search", "password", "textarea"):
        found["minlength"] = limits.get("min_length") or None
        found["maxlength"] = limits.get("max_length")
        if kind not in ("textarea", "email") and isinstance(limits.get("pattern"), str):
            found["pattern"] = _pattern(limits["pattern"])
    return {name: value if isinstance(value, int) else str(value) for name, value in found.items() if value is not None}


def _pattern(pattern: str) -> str | None:
    """A pattern as browsers take it: they match the whole text."""
    if any(word in pattern.replace("(?:", "(") for word in _ONLY_HERE):
        return None
    start, end = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith(r"\$")
    inner = pattern[start : len(pattern) - end]
    if start and end:
        return inner
    return f"{'' if start else '.*'}(?:{inner}){'' if end else '.*'}"


def _iso(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, date | time) else None
