"""`OrderBy`: by which fields a client may order a list."""

from typing import Any, get_origin

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from trine.errors import SetupError


class OrderBy:
    """Declares a list of texts among `Filters` as the order: `?order_by=-published,title` is newest first, then by title.

    Only the named fields may be asked for. The name may be repeated instead of writing commas.
    """

    def __init__(self, *fields: str) -> None:
        if not fields or any(field.startswith("-") for field in fields):
            raise SetupError(
                f"OrderBy{fields!r} must name at least one field, without '-'.",
                hint="Clients add the '-' to turn the order round.",
            )
        self.fields = fields

    @property
    def choices(self) -> list[str]:
        """What a client may write."""
        return [sign + field for field in self.fields for sign in ("", "-")]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choice = core_schema.literal_schema(self.choices)
        make = core_schema.tuple_variable_schema if get_origin(source) is tuple else core_schema.list_schema
        several = make(choice, max_length=len(self.choices))
        return core_schema.no_info_before_validator_function(split_commas, several)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "description": "The order; a `-` turns it round. Several fields, the first decides first."}


def split_commas(value: Any) -> Any:
    """Take `["a,b"]` as `["a", "b"]`: clients write lists both ways."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return [part.strip() for part in value[0].split(",") if part.strip()]
    return value
