"""`Search`: in which fields the words of a search are looked for."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from trine.errors import SetupError

MAX_WORDS = 8


class Search:
    """Declares a text of `Filters` as a search: each of its words must occur in one of the fields, in either case."""

    def __init__(self, *fields: str, max_length: int = 200) -> None:
        if not fields:
            raise SetupError("Search() names no field.", hint="Write the fields to look in: Search('title', 'body').")
        self.fields = fields
        self.max_length = max_length

    def alternatives(self, text: str) -> Iterator[list[dict[str, str]]]:
        """For each word, the lookups of which one must fit."""
        for word in words_of(text):
            yield [{f"{field}__icontains": word} for field in self.fields]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(max_length=self.max_length)
        return core_schema.no_info_after_validator_function(_check_words, text)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        description = f"Words that must all occur, each in one of: {', '.join(self.fields)}."
        pattern = f"^[{_SPACE}]*([^{_SPACE}]+[{_SPACE}]+){{0,{MAX_WORDS - 1}}}[^{_SPACE}]*$"
        return {**handler(schema), "description": description, "pattern": pattern}


def words_of(text: str) -> list[str]:
    """The words of a search, as the documented pattern tells them apart."""
    return [word for word in _split(text) if word]


# Spelled out, because regular expressions do not agree on what a space is.
_SPACE = r" \t\n\r\f\v"
_split = re.compile(f"[{_SPACE}]+").split


def _check_words(text: str) -> str:
    if len(words_of(text)) > MAX_WORDS:
        raise PydanticCustomError("too_many_words", "Search for at most {limit} words", {"limit": MAX_WORDS})
    return text
