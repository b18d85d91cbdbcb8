"""The one fact of FastAPI's private compatibility layer that programs read: which Pydantic they run on."""

import pydantic
from pydantic_core import PydanticUndefined as Undefined

PYDANTIC_VERSION_MINOR_TUPLE = tuple(int(part) for part in pydantic.VERSION.split(".")[:2])

__all__ = ["PYDANTIC_VERSION_MINOR_TUPLE", "Undefined"]
