"""Pages of msgspec's Structs: the same page as a Struct, because Pydantic knows none."""

from functools import cache, partial
from typing import Any, TypeVar, get_args

import msgspec
from pydantic import BaseModel

from trine.binding.validate import is_struct_type


class PageModel(BaseModel):
    """What pages have in common: `Page[Item]` is a Pydantic model, or a Struct where `Item` is one."""

    def __class_getitem__(cls, item: Any) -> Any:
        """The page of a type."""
        return _struct_page(cls, item) if is_struct_type(item) else super().__class_getitem__(item)


@cache
def _struct_page(page: Any, item: Any) -> Any:
    fields = [(name, list[item] if name == "items" else field.annotation) for name, field in page.model_fields.items()]
    passed_on = {name: getattr(page, name) for name in ("__complete__", "response_headers", "params") if hasattr(page, name)}
    if "__complete__" in passed_on:
        passed_on["__complete__"] = partial(passed_on["__complete__"], item)
    namespace = {name: staticmethod(value) if callable(value) else value for name, value in passed_on.items()}
    return msgspec.defstruct(f"{page.__name__}_{getattr(item, '__name__', item)}_", fields, namespace=namespace)


def item_of(page: Any) -> Any:
    """The type of a page's items; None where it is not known."""
    (item,) = get_args(page.model_fields["items"].annotation) or (None,)
    return None if isinstance(item, TypeVar) else item
