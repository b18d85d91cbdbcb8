"""A stream of tokens on its way from a model to whoever reads it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Protocol

from trine.errors import HTTPException

MAX_PENDING = 10_000
"""Tokens that may wait for a reader that does not take them; then the stream is ended."""


class Sink(Protocol):
    """Where a model's tokens go."""

    is_cancelled: bool
    """Whether nobody wants more: the model makes no further step for it."""

    def push(self, token: Any) -> None:
        """Hand one token on."""
        ...

    def end(self, error: Exception | None = None) -> None:
        """Say that there are no more, and why if that was not meant."""
        ...


class TokenStream(AsyncIterator[Any]):
    """Tokens between a model and a reader on the same event loop."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.is_cancelled = False
        self._tokens: deque[Any] = deque()
        self._error: Exception | None = None
        self._is_ended = False
        self._waiting: asyncio.Future[None] | None = None

    def push(self, token: Any) -> None:
        """Hand one token on."""
        if len(self._tokens) >= MAX_PENDING:
            self.cancel()
            self.end(HTTPException(503, f"{MAX_PENDING} tokens wait for a client that does not take them."))
            return
        self._tokens.append(token)
        self._wake()

    def end(self, error: Exception | None = None) -> None:
        """Say that there are no more, and why if that was not meant."""
        if not self._is_ended:
            self._is_ended = True
            self._error = error
            self._wake()

    def cancel(self) -> None:
        """Ask the model to stop: it makes no further step for this stream."""
        self.is_cancelled = True

    async def __anext__(self) -> Any:
        while not self._tokens:
            if self._is_ended:
                error, self._error = self._error, None
                raise StopAsyncIteration if error is None else error
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._tokens.popleft()

    async def ready(self) -> None:
        """Wait until there is a token or the end. Raises what kept the stream from beginning."""
        while not self._tokens and not self._is_ended:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        if self._error is not None and not self._tokens:
            error, self._error = self._error, None
            raise error

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
