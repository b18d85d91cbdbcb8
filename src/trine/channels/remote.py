"""What backends on a server have in common: one connection that receives and comes back, and members who stay."""

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

from .backend import Listener, Member
from .delivery import ChannelsUnavailable, Sent
from .settings import ChannelsSettings

logger = logging.getLogger("trine.channels")
SILENCE = 10.0
"""Seconds without a word from the server after which it is asked whether it is there."""
_LONGEST_PAUSE = 5.0


class RemoteBackend(ABC):
    """Carries messages between processes. One connection receives; it comes back by itself, and brings what was missed."""

    server: ClassVar[str]
    """The server's name, for people."""
    failures: ClassVar[tuple[type[Exception], ...]]
    """What its driver raises where it cannot be reached."""

    def __init__(self, listener: Listener, settings: ChannelsSettings, place: str) -> None:
        self.listener = listener
        self.settings = settings
        self.place = place
        self._seen: dict[str, tuple[int, int]] = {}
        """The newest place of each channel that is received."""
        self._confirmed: dict[str, asyncio.Event] = {}
        self._receiving: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._here: dict[str, Member] = {}

    @abstractmethod
    async def send(self, channel: str, text: str, keep: int) -> str:
        """Send to every process and keep, in one step. Raises `ChannelsUnavailable`."""

    @abstractmethod
    async def history(self, channel: str, count: int, after: str | None = None) -> Sequence[Sent]:
        """The newest messages that are kept, or the first ones after a place; oldest first."""

    @abstractmethod
    async def members(self, group: str) -> dict[str, str]:
        """Who is here: what each member says about itself, by name."""

    async def open(self, channel: str) -> None:
        """Begin to receive a channel. Raises `ChannelsUnavailable` where the server does not confirm it in time."""
        confirmed = self._confirmed.setdefault(channel, asyncio.Event())
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._receive_for_ever())
        else:
            # Where this fails the receiving task fails too, connects again and asks for everything that is wanted.
            with suppress(*self.failures):
                await self.subscribe(channel)
        if channel.startswith("p:"):
            # Who listens to changes also looks for members whose process has died.
            self._keep_members()
        try:
            async with asyncio.timeout(self.settings.timeout):
                await confirmed.wait()
        except BaseException as error:
            self._confirmed.pop(channel, None)
            if isinstance(error, TimeoutError):
                raise self.unavailable("listen to it") from error
            raise

    async def release(self, channel: str) -> None:
        """Receive a channel no more."""
        self._confirmed.pop(channel, None)
        self._seen.pop(channel, None)
        with suppress(*self.failures):
            await self.unsubscribe(channel)

    async def join(self, member: Member) -> None:
        """Note that a member is here, and tell it where it was not."""
        await self.sign_on(member)
        self._here[member.stay] = member
        self._keep_members()

    async def leave(self, member: Member) -> None:
        """Note that a member's stay is over, and tell it where that was the last one."""
        # Those who are still inside when everything is closed were signed off by then.
        if self._here.pop(member.stay, None) is not None:
            await self.sign_off(member)

    async def close(self) -> None:
        """Sign the members of this process off, and leave nothing behind."""
        here, self._here = list(self._here.values()), {}
        for member in here:
            with suppress(ChannelsUnavailable):
                await self.sign_off(member)
        for task in (self._receiving, self._keeping):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        self._receiving = self._keeping = None
        with suppress(*self.failures):
            await self.disconnect()

    # What each server does in its own way -----------------------------------------------------------------------

    @abstractmethod
    async def receive(self) -> None:
        """Receive all that is wanted until the connection is lost."""

    @abstractmethod
    async def subscribe(self, channel: str) -> None:
        """Receive one more channel, where a connection receives at this moment."""

    @abstractmethod
    async def unsubscribe(self, channel: str) -> None:
        """Receive one channel less, where a connection receives at this moment."""

    @abstractmethod
    async def sign_on(self, member: Member) -> None:
        """Note that a member is here. Raises `ChannelsUnavailable`."""

    @abstractmethod
    async def sign_off(self, member: Member) -> None:
        """Note that a member has left. Raises `ChannelsUnavailable`."""

    @abstractmethod
    async def keep(self, groups: Sequence[str], here: Sequence[Member]) -> None:
        """Say who is still here, and look in some groups for those whose process has died."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Close the connections."""

    # What they call ---------------------------------------------------------------------------------------------

    def confirm(self, channel: str) -> None:
        """The server has said that a channel is received."""
        confirmed = self._confirmed.get(channel)
        if confirmed is not None:
            confirmed.set()

    def deliver(self, channel: str, sent: Sent) -> None:
        """Hand a message on. What was caught up with after a lost connection may also arrive as a new one."""
        if sent.place > self._seen.get(channel, (0, 0)):
            self._seen[channel] = sent.place
            self.listener.deliver(channel, sent)

    def key(self, channel: str) -> str:
        """A channel's name on the server."""
        return self.settings.key_prefix + channel

    def unavailable(self, what: str) -> ChannelsUnavailable:
        """The error where the server does not do something in time."""
        return ChannelsUnavailable(
            f"{self.server} at {self.place} does not answer within {self.settings.timeout:g} seconds: cannot {what}."
        )

    async def _receive_for_ever(self) -> None:
        pause = 0.1
        while True:
            connected = asyncio.get_running_loop().time()
            try:
                await self.receive()
            except self.failures as error:
                kind = type(error).__name__
                logger.warning("Channels lost %s at %s (%s: %s), and try again.", self.server, self.place, kind, error)
            if asyncio.get_running_loop().time() - connected > _LONGEST_PAUSE:
                pause = 0.1
            # Not all processes at once.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _keep_members(self) -> None:
        if self._keeping is None:
            self._keeping = asyncio.ensure_future(self._keep_for_ever())

    async def _keep_for_ever(self) -> None:
        failures: tuple[type[Exception], ...] = (ChannelsUnavailable, *self.failures)
        while True:
            await asyncio.sleep(self.settings.presence_seconds / 3)
            groups = [channel[2:] for channel in self._confirmed if channel.startswith("p:")]
            try:
                await self.keep(groups, list(self._here.values()))
            except failures as error:
                logger.warning("Channels cannot tell %s at %s who is here: %s", self.server, self.place, error)
