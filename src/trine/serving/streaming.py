"""Streams that a model makes each by itself, with a generator."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from trine.concurrency import iterate_in_thread
from trine.errors import HTTPException, TooBusy

from .declaration import ModelDeclaration
from .outputs import make_output_check
from .streams import Sink

logger = logging.getLogger("trine.serving")


class StreamSet:
    """Runs the generators of `stream`: at most `max_batch` at once, the others wait. A plain one is stepped in threads."""

    def __init__(self, declaration: ModelDeclaration, *, max_batch: int, max_queue: int) -> None:
        self.declaration = declaration
        self.max_queue = max_queue
        self.waiting = 0
        self._places = asyncio.Semaphore(max_batch)
        self._check = make_output_check(declaration.token_type, declaration.where)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sinks: dict[str, Sink] = {}

    @property
    def running(self) -> int:
        """How many are made now."""
        return len(self._tasks) - self.waiting

    def add(self, model: Any, value: Any, sink: Sink, *, id: str, priority: int) -> None:
        """Begin a stream, or let it wait for a place. Raises `TooBusy` where too many wait."""
        if not hasattr(model, "stream"):
            raise HTTPException(404, "This version of the model makes no streams.")
        if self.waiting >= self.max_queue:
            raise TooBusy(self.running, self.waiting)
        self._sinks[id] = sink
        self.waiting += 1
        self._tasks[id] = asyncio.create_task(self._make(model, value, sink, id), name=f"stream {id}")

    def cancel(self, id: str) -> bool:
        """Close a stream's generator: after its current step, or where it awaits."""
        task, sink = self._tasks.get(id), self._sinks.get(id)
        if task is None or sink is None or sink.is_cancelled:
            return False
        sink.is_cancelled = True
        task.cancel()
        sink.end()
        return True

    def stop(self) -> None:
        """End every stream."""
        for known in list(self._tasks):
            self.cancel(known)

    async def _make(self, model: Any, value: Any, sink: Sink, id: str) -> None:
        is_waiting = True
        try:
            async with self._places:
                is_waiting = False
                self.waiting -= 1
                source = model.stream(value)
                tokens: AsyncIterator[Any] = source if hasattr(source, "__aiter__") else iterate_in_thread(iter(source))
                try:
                    await self._hand_on(tokens, sink)
                finally:
                    close = getattr(tokens, "aclose", None)
                    if close is not None:
                        await close()
        except asyncio.CancelledError:
            sink.end()
            raise
        except Exception as error:
            if not isinstance(error, HTTPException):
                logger.exception("stream() of the model %s failed.", self.declaration.name)
            sink.end(error)
        else:
            sink.end()
        finally:
            self.waiting -= is_waiting
            self._tasks.pop(id, None)
            self._sinks.pop(id, None)

    async def _hand_on(self, tokens: AsyncIterator[Any], sink: Sink) -> None:
        async for token in tokens:
            sink.push(self._check(token))
            if sink.is_cancelled:
                return
