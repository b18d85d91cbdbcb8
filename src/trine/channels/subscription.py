"""One listener's view of a group: what was said before, then everything that is said."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

from trine.http.sse import ServerSentEvent

from .delivery import UNREADABLE, Delivery, Sent, SlowConsumer

T = TypeVar("T")
WhenFull = Literal["disconnect", "drop_oldest"]


class Subscription(Generic[T]):
    """Gives a group's messages, in their order, until it is closed: `async for message in subscription`.

    It begins when it is entered (`async with`), or at the first message that is asked for. At most `max_pending` messages
    wait for a listener that does not take them; beyond that it ends with `SlowConsumer`, or loses the oldest ones.
    """

    dropped = 0
    """How many messages this listener was too slow for."""
    last_id: str | None = None
    """The id of the last message that was taken: where to go on from with `after=`."""

    def __init__(
        self,
        group: str,
        decode: Callable[[str], Any],
        attach: "Callable[[Subscription[T]], Awaitable[Sequence[Sent]]]",
        detach: "Callable[[Subscription[T]], None]",
        *,
        max_pending: int,
        when_full: WhenFull,
    ) -> None:
        self.group = group
        self.max_pending = max_pending
        self.when_full = when_full
        self._decode = decode
        self._attach = attach
        self._detach = detach
        self._before: deque[Sent] = deque()
        self._waiting: deque[Sent] = deque()
        self._last = (0, 0)
        self._state: Literal["new", "open", "full", "ended"] = "new"
        self._wakener: asyncio.Future[None] | None = None

    # What listeners use -----------------------------------------------------------------------------------------

    async def deliveries(self) -> AsyncIterator[Delivery[T]]:
        """Give messages with their ids and their JSON."""
        try:
            while (delivery := await self._take()) is not None:
                yield delivery
        finally:
            await self.aclose()

    async def events(self, event: str | None = None) -> AsyncIterator[ServerSentEvent]:
        """Give messages as server-sent events. Their ids are what a browser comes back with, as `Last-Event-ID`."""
        try:
            while (delivery := await self._take()) is not None:
                yield ServerSentEvent(raw_data=delivery.text, id=delivery.id, event=event)
        finally:
            await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        delivery = await self._take()
        if delivery is None:
            raise StopAsyncIteration
        return delivery.message

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Hear no more. What has arrived already is given up."""
        self._before.clear()
        self._waiting.clear()
        self.end()

    # What the hub uses ------------------------------------------------------------------------------------------

    def put(self, sent: Sent) -> None:
        """Let a message wait to be taken."""
        if self._state != "open":
            return
        if len(self._waiting) >= self.max_pending:
            self.dropped += 1
            if self.when_full == "disconnect":
                self._state = "full"
                self._wake()
                return
            self._waiting.popleft()
        self._waiting.append(sent)
        self._wake()

    def end(self) -> None:
        """Give what has arrived, and then no more."""
        if self._state in ("open", "full"):
            self._detach(self)
        if self._state != "full":
            self._state = "ended"
        self._wake()

    # Inside -----------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        if self._state == "new":
            self._state = "open"
            try:
                self._before.extend(await self._attach(self))
            except BaseException:
                self._state = "ended"
                raise

    async def _take(self) -> Delivery[T] | None:
        await self._open()
        while True:
            while self._before or self._waiting:
                sent = (self._before or self._waiting).popleft()
                # What is among the messages from before may also have arrived as a new one.
                if sent.place > self._last:
                    message = self._decode(sent.text)
                    self._last = sent.place
                    if message is not UNREADABLE:
                        self.last_id = sent.id
                        return Delivery(sent.id, sent.text, message)
            if self._state == "full":
                self._detach(self)
                raise SlowConsumer(self.group, self.max_pending)
            if self._state == "ended":
                return None
            self._wakener = asyncio.get_running_loop().create_future()
            try:
                await self._wakener
            finally:
                self._wakener = None

    def _wake(self) -> None:
        if self._wakener is not None and not self._wakener.done():
            self._wakener.set_result(None)
