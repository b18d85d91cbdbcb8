"""The log: events go in under a stream's name, and come out again from any position that a client names."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol

from trine.errors import SetupError
from trine.http import ServerSentEvent
from trine.types import Decorator

from .entry import END, FAILED, Record, make_record
from .position import NOWHERE, Bounds, Position
from .tail import Tail

logger = logging.getLogger("trine.replay")

LEASE = 15.0
"""Seconds after which a recorder that gives no sign of life counts as dead."""


class Host(Protocol):
    """What a log needs of an application."""

    def on_event(self, event: Literal["startup", "shutdown"]) -> Decorator:
        """Run a function when the application starts or stops."""
        ...


class EventLog(ABC):
    """Numbered events in named streams, each kept for `max_age` seconds and while it is among the newest `max_events`.

    A client that comes back names the last event that it has, and gets every later one. Where some of them are no longer
    kept it gets an event named `reset` first, and then everything that is: what it knows may be out of date.
    Subclasses say where events are kept.
    """

    def __init__(self, *, max_events: int = 10_000, max_age: float = 3600.0) -> None:
        if max_events < 1 or max_age <= 0:
            raise SetupError(
                f"{type(self).__name__} has max_events={max_events} and max_age={max_age}.", hint="Both must be positive."
            )
        self.max_events = max_events
        self.max_age = max_age
        self._tails: dict[str, Tail] = {}
        self._recorders: set[asyncio.Task[None]] = set()

    def setup(self, app: Host) -> None:
        """Close with the application: `app.install(log)`."""
        app.on_event("shutdown")(self.close)

    async def append(self, stream: str, event: Any) -> str:
        """Add an event: a `ServerSentEvent`, or a value that is the data of one. Gives its id."""
        return str(await self._append(stream, make_record(event)))

    async def follow(
        self, stream: str, *, after: str | None = None, start: Literal["new", "oldest"] = "new"
    ) -> AsyncIterator[ServerSentEvent[Any]]:
        """Give the events of a stream after the one with the id `after`, and every new one as it comes.

        Without an id it begins with the next new event, or with the oldest that is kept. An id that the log does not know,
        whatever it is, counts as one whose events are gone.
        """
        async for event in self._follow(stream, after, start, is_recorded=False):
            yield event

    async def _follow(
        self, stream: str, after: str | None, start: str, *, is_recorded: bool
    ) -> AsyncIterator[ServerSentEvent[Any]]:
        async with self._open(stream) as tail:
            position, is_reset = self._begin(await self._bounds(stream), after, start)
            if is_reset:
                yield _reset(position)
            while True:
                changes = tail.changes
                records = tail.after(position)
                if records is None:
                    position, records, is_reset = await self._catch_up(stream, position)
                    if is_reset:
                        yield _reset(position)
                for record in records:
                    position = Position(position.life, position.number + 1)
                    if record.is_end:
                        return
                    yield record.at(position)
                if not records and is_recorded:
                    await self._wait_for_recorder(stream, tail, changes)
                elif not records:
                    await tail.changed(changes)

    async def resume(
        self, stream: str, source: AsyncIterable[Any], *, after: str | None = None
    ) -> AsyncIterator[ServerSentEvent[Any]]:
        """Give what a source makes, from the event after the one with the id `after`.

        The first who asks starts the source, in whatever process; it then runs to its end by itself, into the log, whether
        anybody listens or not. Everybody else gets its events from there, and their own `source` is closed unused. A source
        that fails ends with an event named `failed`, and the log has its exception. When a recorder's process dies, the next
        client's source begins anew, after a `reset`.
        """
        if await self._claim(stream):
            recorder = asyncio.create_task(self._record(stream, source), name=f"record {stream}")
            self._recorders.add(recorder)
            recorder.add_done_callback(self._recorders.discard)
        else:
            await _close(source)
        async for event in self._follow(stream, after, "oldest", is_recorded=True):
            yield event

    async def newest(self, stream: str) -> str | None:
        """The id of the newest event, None where nothing is kept: the place at which a new client begins.

        Asked for in a dependency, before the answer begins, it leaves no gap: `follow(stream, after=place, start="oldest")` gives
        everything that comes once the client has its answer. `follow` alone takes its place when the stream's first step runs.
        """
        bounds = await self._bounds(stream)
        return None if bounds is None else str(bounds.end)

    async def knows(self, stream: str) -> bool:
        """Whether anything of a stream is kept, or was just begun."""
        return await self._bounds(stream) is not None

    async def close(self) -> None:
        """End what is still being recorded."""
        for recorder in self._recorders:
            recorder.cancel()
        await asyncio.gather(*self._recorders, return_exceptions=True)

    # Recording --------------------------------------------------------------------------------------------------

    async def _record(self, stream: str, source: AsyncIterable[Any]) -> None:
        holding = asyncio.create_task(self._hold_on(stream))
        try:
            async for event in source:
                await self._append(stream, make_record(event))
            await self._append(stream, END)
        except Exception:
            logger.exception("The source of the stream '%s' failed.", stream)
            await self._append(stream, FAILED)
            await self._append(stream, END)
        finally:
            holding.cancel()
            await _close(source)
            await self._release(stream)

    async def _wait_for_recorder(self, stream: str, tail: Tail, changes: int) -> None:
        try:
            async with asyncio.timeout(LEASE):
                await tail.changed(changes)
        except TimeoutError:
            if not await self._is_recorded(stream) and tail.changes == changes:
                raise RuntimeError(f"The recorder of '{stream}' has died in the middle of it.") from None

    async def _hold_on(self, stream: str) -> None:
        while True:
            await asyncio.sleep(LEASE / 3)
            await self._renew(stream)

    # Following --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _open(self, stream: str) -> AsyncIterator[Tail]:
        tail = self._tails.get(stream)
        if tail is None:
            tail = self._tails[stream] = self._new_tail(stream)
        tail.followers += 1
        try:
            await self._listen(stream)
            yield tail
        finally:
            tail.followers -= 1
            if not tail.followers:
                await self._leave(stream)

    def _begin(self, bounds: Bounds | None, after: str | None, start: str) -> tuple[Position, bool]:
        if bounds is None:
            return NOWHERE, after is not None
        if after is None:
            return bounds.start if start == "oldest" else bounds.end, False
        position = Position.parse(after)
        if position is not None and bounds.reaches(position):
            return position, False
        return bounds.start, True

    async def _catch_up(self, stream: str, position: Position) -> tuple[Position, list[Record], bool]:
        bounds = await self._bounds(stream)
        if bounds is None:
            # Forgotten while somebody follows it, and nobody knows whether there was more.
            return NOWHERE, [], position != NOWHERE
        is_reset = not bounds.reaches(position) and position != NOWHERE
        start = position if bounds.reaches(position) else bounds.start
        records = await self._read(stream, start)
        if not records and start.number < bounds.last:
            # Forgotten between two questions.
            return NOWHERE, [], True
        return start, records, is_reset

    # Where events are kept --------------------------------------------------------------------------------------

    @abstractmethod
    def _new_tail(self, stream: str) -> Tail:
        """Make the tail of a stream that this process has not looked at."""

    @abstractmethod
    async def _append(self, stream: str, record: Record) -> Position:
        """Add an event, drop those that are too many or too old, and tell every process."""

    @abstractmethod
    async def _bounds(self, stream: str) -> Bounds | None:
        """Say what is kept of a stream, None for nothing."""

    @abstractmethod
    async def _read(self, stream: str, position: Position) -> list[Record]:
        """Give events after a position, as many as are good to have at once."""

    @abstractmethod
    async def _listen(self, stream: str) -> None:
        """Return once new events of a stream reach its tail."""

    @abstractmethod
    async def _leave(self, stream: str) -> None:
        """Nobody follows a stream here any more."""

    @abstractmethod
    async def _claim(self, stream: str) -> bool:
        """Take over a stream that nobody records and that has no end, empty; False where somebody else has."""

    @abstractmethod
    async def _renew(self, stream: str) -> None:
        """Say that the recorder of a stream lives."""

    @abstractmethod
    async def _is_recorded(self, stream: str) -> bool:
        """Whether the recorder of a stream lives."""

    @abstractmethod
    async def _release(self, stream: str) -> None:
        """Nobody records a stream any more."""


def _reset(position: Position) -> ServerSentEvent[Any]:
    return ServerSentEvent(event="reset", raw_data="", id=str(position))


async def _close(source: Any) -> None:
    close = getattr(source, "aclose", None)
    if close is not None:
        await close()
