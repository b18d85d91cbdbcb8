"""`Filters`: what a client may ask of a list, as a model whose field names are lookups."""

from collections.abc import Callable
from typing import Any, ClassVar

from annotated_types import MaxLen, MinLen
from pydantic import BaseModel, field_validator
from pydantic.fields import FieldInfo

from trine.binding.annotations import is_sequence_type, union_members
from trine.errors import SetupError
from trine.types import RowSource

from .lookups import split_lookup
from .ordering import OrderBy, split_commas
from .rows import ListRows
from .search import Search

Rows = RowSource[Any]
Apply = Callable[[Any, Rows, Any], Rows]


class Filters(BaseModel):
    """Filters, order and search of a list: a handler's parameter of such a type is read from the query.

    A field's name is a lookup in Django's words (`price__gte`, `tags__in`, `author__name__icontains`); a field that is None
    asks for nothing. A method `filter_<field>(self, rows, value)` takes the lookup's place.
    """

    reads_query: ClassVar[bool] = True
    max_items: ClassVar[int] = 100
    """So many values a list such as `id__in` may have, where the field does not say otherwise."""
    _applied: ClassVar[list[tuple[str, Apply]]] = []

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Check the fields, and prepare what each of them does."""
        super().__pydantic_init_subclass__(**kwargs)
        for name, field in cls.model_fields.items():
            _check_field(cls.__name__, name, field)
            field.metadata += _limits(name, field, cls.max_items)
        cls.model_rebuild(force=True)
        cls._applied = [(name, _application(cls, name, field)) for name, field in cls.model_fields.items()]

    def apply(self, rows: Any) -> Any:
        """Ask a list, or another source of rows, for what the client asked: the source comes back narrowed and ordered."""
        rows = rows if hasattr(rows, "filter_any") else ListRows(rows)
        for name, apply in self._applied:
            value = getattr(self, name)
            if value is not None:
                rows = apply(self, rows, value)
        return rows

    @field_validator("*", mode="before")
    @classmethod
    def read_text(cls, value: Any) -> Any:
        """Take one text with commas as several values, where a field takes several."""
        return split_commas(value)


def _application(model: type[Filters], name: str, field: FieldInfo) -> Apply:
    """What a field does to rows."""
    own = getattr(model, f"filter_{name}", None)
    if own is not None:
        apply: Apply = own
        return apply
    for item in field.metadata:
        if isinstance(item, OrderBy):
            return lambda _, rows, value: rows.order_by(*dict.fromkeys(value)) if value else rows
        if isinstance(item, Search):
            return _searching(item)
    return lambda _, rows, value: rows.filter(**{name: value})


def _searching(search: Search) -> Apply:
    def search_rows(_: Any, rows: Rows, text: str) -> Rows:
        for alternatives in search.alternatives(text):
            rows = rows.filter_any(*alternatives)
        return rows

    return search_rows


def _limits(name: str, field: FieldInfo, max_items: int) -> list[Any]:
    """How many values a list takes, where the field does not say it itself."""
    if split_lookup(name)[1] == "range":
        return [MinLen(2), MaxLen(2)]
    says_it = any(isinstance(item, MaxLen | OrderBy) for item in field.metadata)
    return [MaxLen(max_items)] if _takes_several(field) and not says_it else []


def _takes_several(field: FieldInfo) -> bool:
    return any(is_sequence_type(member) for member in union_members(field.annotation))


def _check_field(model: str, name: str, field: FieldInfo) -> None:
    """A lookup and its type must go together, and everything may be left out."""
    _, word = split_lookup(name)
    order = next((item for item in field.metadata if isinstance(item, OrderBy)), None)
    wrong = ""
    if field.is_required():
        wrong, hint = "is required, but a filter may be left out", f"Give it a default: {name}: ... | None = None."
    elif (word in ("in", "range") or order is not None) and not _takes_several(field):
        wrong, hint = "takes several values, but its type is no list", f"Write {name}: list[...] | None = None."
    elif word == "isnull" and bool not in union_members(field.annotation):
        wrong, hint = "asks a yes-or-no question, but its type is not bool", f"Write {name}: bool | None = None."
    elif order is not None and (unknown := set(field.get_default(call_default_factory=False) or ()) - set(order.choices)):
        wrong, hint = f"has the default {sorted(unknown)}, which OrderBy does not name", f"Choose from {order.choices}."
    if wrong:
        raise SetupError(f"{model}.{name} {wrong}.", hint=hint)
