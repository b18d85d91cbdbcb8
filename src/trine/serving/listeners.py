"""Who reads a stream that a log keeps, in whatever web process: when nobody has for a while, the model is stopped."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from trine.http import ServerSentEvent

if TYPE_CHECKING:
    from trine.replay import EventLog

    from .served import ServedModel

_OFTEN = 3
"""Signs of life that a reader elsewhere gives in the time after which a stream without one is stopped."""


class StreamListeners:
    """Streams of one model whose events are kept in a log.

    The process that began a stream writes its events into the log, and counts its own readers. Readers of other processes
    give signs of life, in a stream of the log that stands beside it.
    """

    def __init__(self, served: "ServedModel", log: "EventLog") -> None:
        self.served = served
        self.log = log
        self.linger = served.declaration.options.get("linger", 30.0)
        self._counts: dict[str, int] = {}
        """Readers here of the streams that are written here."""
        self._watching: dict[str, asyncio.Task[None]] = {}

    async def know(self, id: str) -> bool:
        """Whether anything of a stream is kept."""
        return await self.log.knows(self._name(id))

    async def record(self, id: str, events: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Write a stream that begins here, and give its events. It goes on for `linger` seconds without a reader."""
        self._counts[id] = 0
        async for event in self._listen(id, self.log.resume(self._name(id), self._written(id, events))):
            yield event

    async def resume(self, id: str, *, after: str | None) -> AsyncIterator[Any]:
        """Give the events of a stream after the one with the id `after`."""
        events = self._listen(id, self.log.resume(self._name(id), _lost(), after=after))
        if id in self._counts:
            async for event in events:
                yield event
            return
        living = asyncio.create_task(self._give_signs(id), name=f"reader of {id}")
        try:
            async for event in events:
                yield event
        finally:
            living.cancel()

    def _name(self, id: str) -> str:
        return f"models/{self.served.name}/{id}"

    async def _written(self, id: str, events: AsyncIterator[Any]) -> AsyncIterator[Any]:
        try:
            async for event in events:
                yield event
        finally:
            self._counts.pop(id, None)
            watching = self._watching.pop(id, None)
            if watching is not None:
                watching.cancel()
            # Left alone by its reader's leaving, or by the log's end: the model makes no further step.
            await events.aclose()  # type: ignore[attr-defined] # an asynchronous generator

    async def _listen(self, id: str, events: AsyncIterator[Any]) -> AsyncIterator[Any]:
        if id in self._counts:
            self._counts[id] += 1
            watching = self._watching.pop(id, None)
            if watching is not None:
                watching.cancel()
        try:
            async for event in events:
                yield event
        finally:
            if id in self._counts:
                self._counts[id] -= 1
                if not self._counts[id]:
                    self._watching[id] = asyncio.create_task(self._watch(id), name=f"readers of {id}")

    async def _watch(self, id: str) -> None:
        """Wait for a sign of a reader elsewhere, again and again; stop the model when none comes in time."""
        signs = self.log.follow(f"{self._name(id)}/readers")
        try:
            while True:
                try:
                    async with asyncio.timeout(self.linger):
                        await anext(signs)
                except TimeoutError:
                    break
        finally:
            await signs.aclose()  # type: ignore[attr-defined] # an asynchronous generator
        if not self._counts.get(id):
            self.served.runner.cancel(id)

    async def _give_signs(self, id: str) -> None:
        while True:
            await self.log.append(f"{self._name(id)}/readers", {})
            await asyncio.sleep(max(self.linger / _OFTEN, 0.01))


async def _lost() -> AsyncIterator[Any]:
    """Stands where a stream's own source has died with its process."""
    yield ServerSentEvent(event="error", data={"status": 503, "detail": "The stream was lost: begin a new one."})
