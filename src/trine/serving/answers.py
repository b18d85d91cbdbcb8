"""What the route for lists answers: an output for each item, and what failed."""

from typing import Any

import msgspec
from pydantic import BaseModel, Field, create_model

from trine.binding.validate import adapter_for, is_struct_type
from trine.errors import HTTPException


class ItemError(BaseModel):
    """Why one item of a list has no output."""

    index: int = Field(description="The item's place in the list, from 0")
    status: int = Field(description="The status that the item alone would have had")
    detail: Any = Field(description="What went wrong")


class ItemErrorStruct(msgspec.Struct):
    """Why one item of a list has no output."""

    index: int
    """The item's place in the list, from 0"""
    status: int
    """The status that the item alone would have had"""
    detail: Any
    """What went wrong"""


def batch_answer(name: str, output: Any) -> Any:
    """Make the type of the answer to a list: `outputs`, None where an item failed, and `errors`."""
    title = f"{''.join(word.capitalize() for word in name.replace('.', '-').split('-'))}Outputs"
    if is_struct_type(output):
        fields = [("outputs", list[output | None]), ("errors", list[ItemErrorStruct])]
        return msgspec.defstruct(title, fields, module=__name__)
    adapter_for(output)
    outputs: Any = list[Any] if output is Any else list[output | None]
    return create_model(
        title,
        __doc__="An output for each item in order, null for those that failed.",
        outputs=(outputs, ...),
        errors=(list[ItemError], Field(description="The items that failed; empty when all went well")),
    )


def item_error(index: int, error: BaseException) -> dict[str, Any]:
    """What a client may know of an exception."""
    if isinstance(error, HTTPException):
        return {"index": index, "status": error.status_code, "detail": error.detail}
    return {"index": index, "status": 500, "detail": "The model could not answer this item."}
