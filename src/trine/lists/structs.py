"""Pages of msgspec's Structs: the same page as a Struct, because Pydantic knows none."""

from functools import cache
from typing import Any

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
    namespace = {name: staticmethod(value) if callable(value) else value for name, value in passed_on.items()}
    return msgspec.defstruct(f"{page.__name__}_{getattr(item, '__name__', item)}_", fields, namespace=namespace)
