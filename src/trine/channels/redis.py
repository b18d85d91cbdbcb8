"""Channels through Redis: published to every process, kept in a stream, and members in hashes that expire."""

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from trine.errors import SetupError

from .backend import Listener, Member
from .delivery import Sent
from .names import changes_of
from .remote import SILENCE, RemoteBackend
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


class RedisBackend(RemoteBackend):
    """Publishing carries messages, streams keep them."""

    server = "Redis"
    failures = (RedisError, OSError, TimeoutError)

    def __init__(self, listener: Listener, settings: ChannelsSettings) -> None:
        super().__init__(listener, settings, _without_password(settings.url))
        never = Retry(NoBackoff(), 0)
        options: dict[str, Any] = {"socket_connect_timeout": settings.timeout, "socket_timeout": settings.timeout, "retry": never}
        self._redis: Redis = Redis.from_url(settings.url, **options)
        self._scripts = {name: self._redis.register_script(name) for name in (SEND, JOIN, LEAVE, KEEP, MEMBERS)}
        self._pubsub: PubSub | None = None

    async def send(self, channel: str, text: str, keep: int) -> str:
        """Publish and keep in one step. Raises `ChannelsUnavailable`."""
        script = self._scripts[SEND]
        answer = await self._ask(script(keys=[self.key(channel)], args=[text, keep, self.settings.history_seconds]), "send to it")
        return str(answer.decode())

    async def history(self, channel: str, count: int, after: str | None = None) -> Sequence[Sent]:
        """The newest messages that are kept, or the first ones after a place; oldest first."""
        key = self.key(channel)
        if after is None:
            found = await self._ask(self._redis.xrevrange(key, count=count), "ask for its history")
            return [_sent(entry) for entry in reversed(found)]
        found = await self._ask(self._redis.xrange(key, min=f"({after}", count=count), "ask for its history")
        return [_sent(entry) for entry in found]

    async def members(self, group: str) -> dict[str, str]:
        """Who is here: what each member says about itself, by name."""
        flat = await self._ask(self._member_script(MEMBERS, group), "ask who is in it")
        texts = [item.decode() for item in flat]
        return dict(zip(texts[::2], texts[1::2], strict=True))

    async def disconnect(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    # Receiving --------------------------------------------------------------------------------------------------

    async def subscribe(self, channel: str) -> None:
        """Receive one more channel, where a connection receives at this moment."""
        if self._pubsub is not None:
            await self._pubsub.subscribe(self.key(channel))

    async def unsubscribe(self, channel: str) -> None:
        """Receive one channel less, where a connection receives at this moment."""
        if self._pubsub is not None:
            await self._pubsub.unsubscribe(self.key(channel))

    async def receive(self) -> None:
        """Receive until the connection is lost."""
        pubsub = self._redis.pubsub()
        try:
            channels = list(self._confirmed)
            if channels:
                await pubsub.subscribe(*(self.key(channel) for channel in channels))
                self._pubsub = pubsub
            for channel in set(self._confirmed) - set(channels):
                await pubsub.subscribe(self.key(channel))
            is_asked = False
            while True:
                message = await pubsub.get_message(timeout=SILENCE)
                if message is not None:
                    is_asked = False
                    await self._take(message)
                elif is_asked:
                    raise ConnectionError(f"no answer for {SILENCE:g} seconds")
                else:
                    is_asked = True
                    await pubsub.ping()
        finally:
            self._pubsub = None
            with suppress(*self.failures):
                await pubsub.aclose()  # type: ignore[no-untyped-call] # redis-py declares no types for it

    async def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind not in ("message", "subscribe"):
            return
        channel = message["channel"].decode().removeprefix(self.settings.key_prefix)
        if kind == "subscribe":
            await self._catch_up(channel)
            self.confirm(channel)
            return
        delivery_id, _, text = message["data"].decode().partition(" ")
        self.deliver(channel, Sent(delivery_id, text))

    async def _catch_up(self, channel: str) -> None:
        """Bring what was sent while the connection was lost. A new channel begins where its stream ends."""
        seen = self._seen.get(channel)
        if seen is None:
            newest = await self._redis.xrevrange(self.key(channel), count=1)
            self._seen[channel] = _sent(newest[0]).place if newest else (0, 1)
            return
        after = f"({seen[0]}-{seen[1]}"
        for entry in await self._redis.xrange(self.key(channel), min=after) or ():
            self.deliver(channel, _sent(entry))

    # Members ----------------------------------------------------------------------------------------------------

    async def sign_on(self, member: Member) -> None:
        """Note that a member is here."""
        await self._ask(self._member_script(JOIN, member.group, member.stay, member.name, member.info), "join it")

    async def sign_off(self, member: Member) -> None:
        """Note that a member has left."""
        await self._ask(self._member_script(LEAVE, member.group, member.stay), "leave it")

    async def keep(self, groups: Sequence[str], here: Sequence[Member]) -> None:
        """Say who is still here, and look in some groups for those whose process has died."""
        stays: dict[str, list[str]] = {group: [] for group in groups}
        for member in here:
            stays.setdefault(member.group, []).extend((member.stay, member.name, member.info))
        for group, said in stays.items():
            await self._member_script(KEEP, group, *said)

    def _member_script(self, script: str, group: str, *arguments: str) -> Awaitable[Any]:
        base = self.key(f"here:{group}")
        keys = [f"{base}:stays", f"{base}:names", f"{base}:infos", self.key(changes_of(group))]
        answer: Awaitable[Any] = self._scripts[script](keys=keys, args=[self.settings.presence_seconds, *arguments])
        return answer

    # Asking -----------------------------------------------------------------------------------------------------

    async def _ask(self, answer: Awaitable[Any], what: str) -> Any:
        try:
            return await answer
        except self.failures as error:
            raise self.unavailable(what) from error


def _sent(entry: Any) -> Sent:
    delivery_id, fields = entry
    return Sent(delivery_id.decode(), fields[b"m"].decode())


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
