"""The token stream's source: a model that gives 200 words, and gives up the loop before each, as one that waits does."""

from asyncio import sleep
from collections.abc import AsyncIterator

import msgspec
from pydantic import BaseModel

COUNT = 200


class Token(BaseModel):
    """One event's data, for those who speak Pydantic."""

    index: int
    text: str


class TokenStruct(msgspec.Struct):
    """The same for those who speak msgspec alone."""

    index: int
    text: str


async def words() -> AsyncIterator[tuple[int, str]]:
    """Give numbered words."""
    for index in range(COUNT):
        await sleep(0)
        yield index, "token"
