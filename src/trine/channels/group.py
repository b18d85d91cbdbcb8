"""A group: whoever listens hears what anybody sends, in whichever process."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from typing import Any, Generic, TypeVar

from trine.binding.messages import model_codec
from trine.errors import MessageValidationError
from trine.http.json import encode_json
from trine.websocket import WebSocket

from .backend import Member
from .delivery import UNREADABLE, MemberChange, Sent, place_of
from .hub import Hub, change_text
from .names import changes_of, messages_of
from .settings import ChannelsSettings
from .subscription import Subscription, WhenFull

T = TypeVar("T")
logger = logging.getLogger("trine.channels")


class Group(Generic[T]):
    """Listeners by a common name. `channels.group(name, Model)` makes one; it costs nothing until it is used."""

    def __init__(self, name: str, model: Any, settings: ChannelsSettings, hub: Callable[[], Hub], history: int) -> None:
        self.name = name
        self.history = history
        self.settings = settings
        self._hub = hub
        self._codec = model_codec(model, model)

    async def send(self, message: T) -> str:
        """Send a message to everybody in the group, in every process, and return its id. It is validated first."""
        return await self._hub().backend.send(messages_of(self.name), self._codec.encode(message), self.history)

    def subscribe(
        self,
        *,
        history: int = 0,
        after: str | None = None,
        max_pending: int | None = None,
        when_full: WhenFull = "disconnect",
    ) -> Subscription[T]:
        """Listen: first to the last `history` messages, or to those `after` an id, then to everything that is sent.

        An id that is none, such as a browser's forged `Last-Event-ID`, counts as no id. Messages are decoded for every
        listener; `deliveries()` gives their JSON too.
        """
        return self._subscription(messages_of(self.name), self._decode, self._kept(history, after), max_pending, when_full)

    @asynccontextmanager
    async def forward(
        self,
        socket: WebSocket[Any, Any],
        *,
        history: int = 0,
        after: str | None = None,
        max_pending: int | None = None,
        when_full: WhenFull = "disconnect",
    ) -> AsyncIterator[None]:
        """Send everything that the group hears to a WebSocket, while inside `async with`."""
        subscription = self._subscription(messages_of(self.name), _as_text, self._kept(history, after), max_pending, when_full)
        async with subscription, _beside(_forward(subscription, socket)):
            yield

    @asynccontextmanager
    async def join(self, member: str, info: Any = None) -> AsyncIterator[None]:
        """Be a member while inside `async with`. Who joins twice, with two windows, leaves with the last one.

        Members of a process that dies leave after `presence_seconds`.
        """
        stay = Member(self.name, token_hex(8), member, encode_json(info).decode())
        backend = self._hub().backend
        await backend.join(stay)
        try:
            yield
        finally:
            # Also where the handler was cancelled: the clean-up runs to its end.
            await asyncio.shield(asyncio.ensure_future(_leave(backend.leave(stay), self.name)))

    async def members(self) -> dict[str, Any]:
        """Who is here, in every process: what each member says about itself, by name."""
        return {name: json.loads(info) for name, info in (await self._hub().backend.members(self.name)).items()}

    def member_changes(self, *, max_pending: int | None = None, when_full: WhenFull = "disconnect") -> Subscription[MemberChange]:
        """Listen to who comes and who leaves, beginning with those who are here already."""
        known: set[str] = set()

        def decode_change(text: str) -> Any:
            change = MemberChange(**json.loads(text))
            # Somebody who came just now is among those who are here, and then comes once more.
            if change.is_here == (change.member in known):
                return UNREADABLE
            (known.add if change.is_here else known.discard)(change.member)
            return change

        async def those_here(hub: Hub) -> Sequence[Sent]:
            here = await hub.backend.members(self.name)
            texts = [change_text(name, info, is_here=True) for name, info in here.items()]
            return [Sent(f"0-{number}", text) for number, text in enumerate(texts, 1)]

        return self._subscription(changes_of(self.name), decode_change, those_here, max_pending, when_full)

    def _subscription(
        self,
        channel: str,
        decode: Callable[[str], Any],
        before: Callable[[Hub], Awaitable[Sequence[Sent]]],
        max_pending: int | None,
        when_full: WhenFull,
    ) -> Subscription[Any]:
        hub = self._hub()

        async def attach(subscription: Subscription[Any]) -> Sequence[Sent]:
            await hub.attach(channel, subscription)
            return await before(hub)

        def detach(subscription: Subscription[Any]) -> None:
            hub.detach(channel, subscription)

        limit = self.settings.max_pending if max_pending is None else max_pending
        return Subscription(self.name, decode, attach, detach, max_pending=limit, when_full=when_full)

    def _kept(self, history: int, after: str | None) -> Callable[[Hub], Awaitable[Sequence[Sent]]]:
        place = _sane(after)

        async def kept(hub: Hub) -> Sequence[Sent]:
            if place is not None:
                return await hub.backend.history(messages_of(self.name), self.history, place)
            return await hub.backend.history(messages_of(self.name), history) if history else ()

        return kept

    def _decode(self, text: str) -> Any:
        try:
            return self._codec.decode(text)
        except MessageValidationError as error:
            logger.warning("A message of group %r does not fit its model and is passed over: %s", self.name, error.reason)
            return UNREADABLE


def _sane(delivery_id: str | None) -> str | None:
    if delivery_id is None:
        return None
    with suppress(ValueError):
        place_of(delivery_id)
        return delivery_id
    return None


def _as_text(text: str) -> str:
    return text


async def _forward(subscription: Subscription[str], socket: WebSocket[Any, Any]) -> None:
    async for text in subscription:
        await socket.send_text(text)


async def _leave(leaving: Any, group: str) -> None:
    try:
        await leaving
    except Exception:
        # It ends by itself, when nobody has heard of it for a while.
        logger.warning("A member of group %r could not be signed off.", group, exc_info=True)


@asynccontextmanager
async def _beside(work: Any) -> AsyncIterator[None]:
    """Run something beside a block. Where it fails, the block is ended, and what it raised is raised."""
    block = asyncio.current_task()
    running = asyncio.ensure_future(work)
    ended_block = False

    def end_block(done: "asyncio.Future[None]") -> None:
        nonlocal ended_block
        if not done.cancelled() and done.exception() is not None and block is not None and not is_leaving:
            ended_block = block.cancel()

    is_leaving = False
    running.add_done_callback(end_block)
    try:
        yield
    except asyncio.CancelledError:
        if not ended_block or block is None or block.uncancel() > 0:
            raise
    finally:
        is_leaving = True
        if not running.done():
            running.cancel()
            await asyncio.wait([running])
    error = None if running.cancelled() else running.exception()
    if error is not None:
        raise error
