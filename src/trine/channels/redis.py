"""Channels through Redis: published to every process, kept in a stream, and members in hashes that expire."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from trine.errors import SetupError

from .backend import Listener, Member
from .delivery import ChannelsUnavailable, Sent
from .names import changes_of
from .scripts import JOIN, KEEP, LEAVE, MEMBERS, SEND
from .settings import ChannelsSettings

try:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
except ImportError as error:
    raise SetupError("Channels through Redis need redis-py.", hint='Install it with: pip install "trine[redis]"') from error

logger = logging.getLogger("trine.channels")
_FAILURES = (RedisError, OSError, TimeoutError)
_SILENCE = 10.0
"""Seconds without a word from Redis after which it is asked whether it is there."""
_LONGEST_PAUSE = 5.0


class RedisBackend:
    """Carries messages between processes. One connection receives; it comes back by itself, and brings what was missed."""

    def __init__(self, listener: Listener, settings: ChannelsSettings) -> None:
        self.listener = listener
        self.settings = settings
        never = Retry(NoBackoff(), 0)
        options: dict[str, Any] = {"socket_connect_timeout": settings.timeout, "socket_timeout": settings.timeout, "retry": never}
        self._redis: Redis = Redis.from_url(settings.url, **options)
        self._place = _without_password(settings.url)
        self._scripts = {name: self._redis.register_script(name) for name in (SEND, JOIN, LEAVE, KEEP, MEMBERS)}
        self._seen: dict[str, tuple[int, int]] = {}
        """The newest place of each channel that is received."""
        self._confirmed: dict[str, asyncio.Event] = {}
        self._pubsub: PubSub | None = None
        self._receiving: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._here: dict[str, Member] = {}

    async def send(self, channel: str, text: str, keep: int) -> str:
        """Publish and keep in one step. Raises `ChannelsUnavailable`."""
        script = self._scripts[SEND]
        answer = await self._ask(
            script(keys=[self._key(channel)], args=[text, keep, self.settings.history_seconds]), "send to it"
        )
        return str(answer.decode())

    async def open(self, channel: str) -> None:
        """Begin to receive a channel. Raises `ChannelsUnavailable` where Redis does not confirm it in time."""
        confirmed = self._confirmed.setdefault(channel, asyncio.Event())
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._receive_for_ever())
        elif self._pubsub is not None:
            # Where this fails the receiving task fails too, connects again and subscribes to everything that is wanted.
            with suppress(*_FAILURES):
                await self._pubsub.subscribe(self._key(channel))
        if channel.startswith("p:"):
            # Who listens to changes also looks for members whose process has died.
            self._keep_members()
        try:
            async with asyncio.timeout(self.settings.timeout):
                await confirmed.wait()
        except BaseException as error:
            self._confirmed.pop(channel, None)
            if isinstance(error, TimeoutError):
                raise self._unavailable("listen to it") from error
            raise

    async def release(self, channel: str) -> None:
        """Receive a channel no more."""
        self._confirmed.pop(channel, None)
        self._seen.pop(channel, None)
        if self._pubsub is not None:
            with suppress(*_FAILURES):
                await self._pubsub.unsubscribe(self._key(channel))

    async def history(self, channel: str, count: int, after: str | None = None) -> Sequence[Sent]:
        """The newest messages that are kept, or the first ones after a place; oldest first."""
        key = self._key(channel)
        if after is None:
            found = await self._ask(self._redis.xrevrange(key, count=count), "ask for its history")
            return [_sent(entry) for entry in reversed(found)]
        found = await self._ask(self._redis.xrange(key, min=f"({after}", count=count), "ask for its history")
        return [_sent(entry) for entry in found]

    async def join(self, member: Member) -> None:
        """Note that a member is here, and tell it where it was not."""
        await self._ask(self._member_script(JOIN, member.group, member.stay, member.name, member.info), "join it")
        self._here[member.stay] = member
        self._keep_members()

    async def leave(self, member: Member) -> None:
        """Note that a member's stay is over, and tell it where that was the last one."""
        self._here.pop(member.stay, None)
        await self._ask(self._member_script(LEAVE, member.group, member.stay), "leave it")

    async def members(self, group: str) -> dict[str, str]:
        """Who is here: what each member says about itself, by name."""
        flat = await self._ask(self._member_script(MEMBERS, group), "ask who is in it")
        texts = [item.decode() for item in flat]
        return dict(zip(texts[::2], texts[1::2], strict=True))

    async def close(self) -> None:
        """Sign the members of this process off, and leave nothing behind."""
        here, self._here = list(self._here.values()), {}
        for member in here:
            with suppress(ChannelsUnavailable):
                await self.leave(member)
        for task in (self._receiving, self._keeping):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        self._receiving = self._keeping = None
        with suppress(*_FAILURES):
            await self._redis.aclose()

    # Receiving --------------------------------------------------------------------------------------------------

    async def _receive_for_ever(self) -> None:
        pause = 0.1
        while True:
            connected = asyncio.get_running_loop().time()
            try:
                await self._receive()
            except _FAILURES as error:
                logger.warning("Channels lost Redis at %s (%s: %s), and try again.", self._place, type(error).__name__, error)
            finally:
                self._pubsub = None
            if asyncio.get_running_loop().time() - connected > _LONGEST_PAUSE:
                pause = 0.1
            # Not all processes at once.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _receive(self) -> None:
        """Receive until the connection is lost."""
        pubsub = self._redis.pubsub()
        try:
            channels = list(self._confirmed)
            if channels:
                await pubsub.subscribe(*(self._key(channel) for channel in channels))
                self._pubsub = pubsub
            for channel in set(self._confirmed) - set(channels):
                await pubsub.subscribe(self._key(channel))
            is_asked = False
            while True:
                message = await pubsub.get_message(timeout=_SILENCE)
                if message is not None:
                    is_asked = False
                    await self._take(message)
                elif is_asked:
                    raise ConnectionError(f"no answer for {_SILENCE:g} seconds")
                else:
                    is_asked = True
                    await pubsub.ping()
        finally:
            with suppress(*_FAILURES):
                await pubsub.aclose()  # type: ignore[no-untyped-call] # redis-py declares no types for it

    async def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind not in ("message", "subscribe"):
            return
        channel = message["channel"].decode().removeprefix(self.settings.key_prefix)
        if kind == "subscribe":
            await self._catch_up(channel)
            confirmed = self._confirmed.get(channel)
            if confirmed is not None:
                confirmed.set()
            return
        delivery_id, _, text = message["data"].decode().partition(" ")
        self._deliver(channel, Sent(delivery_id, text))

    def _deliver(self, channel: str, sent: Sent) -> None:
        # What was caught up with after a lost connection may also arrive as a new message.
        if sent.place > self._seen.get(channel, (0, 0)):
            self._seen[channel] = sent.place
            self.listener.deliver(channel, sent)

    async def _catch_up(self, channel: str) -> None:
        """Bring what was sent while the connection was lost. A new channel begins where its stream ends."""
        seen = self._seen.get(channel)
        if seen is None:
            newest = await self._redis.xrevrange(self._key(channel), count=1)
            self._seen[channel] = _sent(newest[0]).place if newest else (0, 1)
            return
        after = f"({seen[0]}-{seen[1]}"
        for entry in await self._redis.xrange(self._key(channel), min=after) or ():
            self._deliver(channel, _sent(entry))

    # Members ----------------------------------------------------------------------------------------------------

    def _keep_members(self) -> None:
        if self._keeping is None:
            self._keeping = asyncio.ensure_future(self._keep_for_ever())

    async def _keep_for_ever(self) -> None:
        """Say now and then who is still here, and whose process has died."""
        while True:
            await asyncio.sleep(self.settings.presence_seconds / 3)
            stays: dict[str, list[str]] = {name[2:]: [] for name in self._confirmed if name.startswith("p:")}
            for member in self._here.values():
                stays.setdefault(member.group, []).extend((member.stay, member.name, member.info))
            for group, said in stays.items():
                try:
                    await self._member_script(KEEP, group, *said)
                except _FAILURES as error:
                    logger.warning("Channels cannot tell Redis at %s who is here: %s", self._place, error)
                    break

    def _member_script(self, script: str, group: str, *arguments: str) -> Awaitable[Any]:
        base = self._key(f"here:{group}")
        keys = [f"{base}:stays", f"{base}:names", f"{base}:infos", self._key(changes_of(group))]
        answer: Awaitable[Any] = self._scripts[script](keys=keys, args=[self.settings.presence_seconds, *arguments])
        return answer

    # Asking -----------------------------------------------------------------------------------------------------

    async def _ask(self, answer: Awaitable[Any], what: str) -> Any:
        try:
            return await answer
        except _FAILURES as error:
            raise self._unavailable(what) from error

    def _unavailable(self, what: str) -> ChannelsUnavailable:
        return ChannelsUnavailable(
            f"Redis at {self._place} does not answer within {self.settings.timeout:g} seconds: cannot {what}."
        )

    def _key(self, channel: str) -> str:
        return self.settings.key_prefix + channel


def _sent(entry: Any) -> Sent:
    delivery_id, fields = entry
    return Sent(delivery_id.decode(), fields[b"m"].decode())


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
