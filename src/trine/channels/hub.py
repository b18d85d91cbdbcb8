"""The part of channels that one process has: who listens here, and what they are told."""

import asyncio
import json
from typing import Any
from weakref import WeakSet

from .backend import Backend
from .delivery import Sent
from .subscription import Subscription


class Hub:
    """Listeners of one event loop, by channel."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.backend: Backend
        self._listeners: dict[str, WeakSet[Subscription[Any]]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._releasing: set[asyncio.Task[None]] = set()

    async def attach(self, channel: str, subscription: Subscription[Any]) -> None:
        """Let a subscription hear a channel from now on."""
        async with self._locks.setdefault(channel, asyncio.Lock()):
            listeners = self._listeners.setdefault(channel, WeakSet())
            is_first = not listeners
            listeners.add(subscription)
            if is_first:
                try:
                    await self.backend.open(channel)
                except BaseException:
                    listeners.discard(subscription)
                    raise

    def detach(self, channel: str, subscription: Subscription[Any]) -> None:
        """Let a subscription hear no more. The last one of a channel ends its reception."""
        listeners = self._listeners.get(channel)
        if listeners is None:
            return
        listeners.discard(subscription)
        if not listeners and not self.loop.is_closed():
            releasing = self.loop.create_task(self._release(channel))
            self._releasing.add(releasing)
            releasing.add_done_callback(self._releasing.discard)

    def deliver(self, channel: str, sent: Sent) -> None:
        """Hand a message to everybody who listens to the channel."""
        for subscription in list(self._listeners.get(channel, ())):
            subscription.put(sent)

    async def close(self) -> None:
        """End every subscription, and the backend."""
        for listeners in self._listeners.values():
            for subscription in list(listeners):
                subscription.end()
        await asyncio.gather(*self._releasing)
        await self.backend.close()

    async def _release(self, channel: str) -> None:
        lock = self._locks.setdefault(channel, asyncio.Lock())
        async with lock:
            # Somebody may have come meanwhile.
            if not self._listeners.get(channel):
                self._listeners.pop(channel, None)
                await self.backend.release(channel)
        if channel not in self._listeners and not lock.locked():
            self._locks.pop(channel, None)


def change_text(name: str, info: str, *, is_here: bool) -> str:
    """A change of members as it travels; `info` is JSON already."""
    return f'{{"member":{json.dumps(name)},"is_here":{json.dumps(is_here)},"info":{info}}}'
