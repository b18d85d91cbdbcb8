"""Channels through PostgreSQL: NOTIFY to every process, with the newest messages and the members in tables."""

import asyncio
import hashlib
import logging
import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from trine.errors import SetupError

from . import functions
from .backend import Listener, Member
from .delivery import ChannelsUnavailable, Sent, place_of
from .names import changes_of
from .remote import SILENCE, RemoteBackend
from .settings import ChannelsSettings

try:
    import asyncpg  # type: ignore[import-untyped] # it has no types
except ImportError as error:
    raise SetupError(
        "Channels through PostgreSQL need asyncpg.", hint='Install it with: pip install "trine[postgresql]"'
    ) from error

logger = logging.getLogger("trine.channels")
_CONNECTIONS = 4
_SWEPT_ONE_IN = 1000
"""So seldom sending also deletes what other channels have let expire."""
_ALL = 2**31 - 1


class PostgreSQLBackend(RemoteBackend):
    """NOTIFY carries messages, tables keep them.

    The connections are its own, so that what is sent inside somebody's transaction is heard at once, as it is through Redis.
    """

    server = "PostgreSQL"
    failures = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

    def __init__(self, listener: Listener, settings: ChannelsSettings) -> None:
        super().__init__(listener, settings, _without_password(settings.url))
        self._pool: Any = None
        self._connecting = asyncio.Lock()
        self._channels: dict[str, str] = {}
        """Which channel a name that PostgreSQL listens to stands for."""
        self._listening: Any = None
        self._turn = asyncio.Lock()
        """Who uses the connection that listens: it does one thing at a time."""
        self._heard: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()

    async def send(self, channel: str, text: str, keep: int) -> str:
        """Notify and keep in one step. Raises `ChannelsUnavailable`."""
        values = (self.key(channel), text, keep, float(self.settings.history_seconds))
        [[sent]] = await self._ask("send to it", functions.SEND, *values)
        if random.randrange(_SWEPT_ONE_IN) == 0:  # noqa: S311 - no secret
            await self._ask("forget what is too old", functions.SWEEP)
        return str(sent)

    async def history(self, channel: str, count: int, after: str | None = None) -> Sequence[Sent]:
        """The newest messages that are kept, or the first ones after a place; oldest first."""
        if after is None:
            newest = await self._ask("ask for its history", functions.NEWEST, self.key(channel), count)
            return [_sent(row) for row in reversed(newest)]
        place = [min(part, 2**63 - 1) for part in place_of(after)]
        rows = await self._ask("ask for its history", functions.AFTER, self.key(channel), *place, count)
        return [_sent(row) for row in rows]

    async def members(self, group: str) -> dict[str, str]:
        """Who is here: what each member says about itself, by name."""
        rows = await self._ask("ask who is in it", functions.MEMBERS, self.key(changes_of(group)))
        return dict(rows)

    async def disconnect(self) -> None:
        """Close the connections."""
        pool, self._pool = self._pool, None
        if pool is not None:
            async with asyncio.timeout(self.settings.timeout):
                await pool.close()

    # Receiving --------------------------------------------------------------------------------------------------

    async def subscribe(self, channel: str) -> None:
        """Receive one more channel, where a connection receives at this moment."""
        if self._listening is not None:
            await self._listen(self._listening, channel)

    async def unsubscribe(self, channel: str) -> None:
        """Receive one channel less, where a connection receives at this moment."""
        name = self._name(channel)
        self._channels.pop(name, None)
        if self._listening is not None:
            async with self._turn:
                await self._listening.remove_listener(name, self._hear)

    async def receive(self) -> None:
        """Receive until the connection is lost."""
        await self._connected()
        connection = await asyncpg.connect(self.settings.url, timeout=self.settings.timeout)
        heard: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()
        self._heard = heard
        connection.add_termination_listener(lambda _: heard.put_nowait(None))
        try:
            channels = list(self._confirmed)
            for channel in channels:
                await self._listen(connection, channel)
            self._listening = connection
            for channel in set(self._confirmed) - set(channels):
                await self._listen(connection, channel)
            while True:
                try:
                    async with asyncio.timeout(SILENCE):
                        told = await heard.get()
                except TimeoutError:
                    async with self._turn:
                        await connection.execute("SELECT 1", timeout=self.settings.timeout)
                    continue
                if told is None:
                    raise ConnectionError("the connection was ended")
                await self._take(*told)
        finally:
            self._listening = None
            connection.terminate()

    async def _listen(self, connection: Any, channel: str) -> None:
        """Listen to a channel, and bring what was sent while the connection was lost. A new channel begins at its end."""
        name = self._name(channel)
        self._channels[name] = channel
        async with self._turn:
            await connection.add_listener(name, self._hear)
        key, seen = self.key(channel), self._seen.get(channel)
        if seen is None:
            newest = await self._fetch(functions.PLACE, key)
            self._seen.setdefault(channel, tuple(newest[0]) if newest else (0, 0))
        else:
            for row in await self._fetch(functions.AFTER, key, *seen, _ALL):
                self.deliver(channel, _sent(row))
        self.confirm(channel)

    def _hear(self, _connection: Any, _process: int, name: str, payload: str) -> None:
        self._heard.put_nowait((name, payload))

    async def _take(self, name: str, payload: str) -> None:
        channel = self._channels.get(name)
        if channel is None:
            return
        delivery_id, is_whole, text = payload.partition(" ")
        if not is_whole:
            # Too long for a notification. In its order: what comes after waits until it was fetched.
            rows = await self._fetch(functions.ONE, self.key(channel), place_of(delivery_id)[1])
            if not rows:
                logger.warning("A long message of %r was gone before it was fetched.", channel[2:])
                return
            text = rows[0][0]
        self.deliver(channel, Sent(delivery_id, text))

    # Members ----------------------------------------------------------------------------------------------------

    async def sign_on(self, member: Member) -> None:
        """Note that a member is here."""
        await self._come(member, "join it")

    async def sign_off(self, member: Member) -> None:
        """Note that a member has left."""
        await self._go(member.group, member.stay, "leave it")

    async def keep(self, groups: Sequence[str], here: Sequence[Member]) -> None:
        """Say who is still here, and look in some groups for those whose process has died."""
        for group in groups:
            await self._go(group, None, "ask who is in it")
        for member in here:
            await self._come(member, "stay in it")

    async def _come(self, member: Member, what: str) -> None:
        values = (self.key(changes_of(member.group)), member.stay, member.name, member.info)
        await self._ask(what, functions.COME, *values, self.settings.presence_seconds)

    async def _go(self, group: str, stay: str | None, what: str) -> None:
        await self._ask(what, functions.GO, self.key(changes_of(group)), stay, self.settings.presence_seconds)

    # Asking -----------------------------------------------------------------------------------------------------

    async def _ask(self, what: str, sql: str, *values: Any) -> list[Any]:
        try:
            return await self._fetch(sql, *values)
        except asyncpg.PostgresError as error:
            raise ChannelsUnavailable(f"PostgreSQL at {self.place} cannot {what}: {error}") from error
        except self.failures as error:
            raise self.unavailable(what) from error

    async def _fetch(self, sql: str, *values: Any) -> list[Any]:
        async with asyncio.timeout(self.settings.timeout):
            pool = self._pool or await self._connected()
            rows: list[Any] = await pool.fetch(sql, *values)
            return rows

    async def _connected(self) -> Any:
        """The connections for asking, and the tables and functions made where they are not there."""
        async with self._connecting:
            if self._pool is None:
                pool = await asyncpg.create_pool(
                    self.settings.url, min_size=0, max_size=_CONNECTIONS, timeout=self.settings.timeout
                )
                try:
                    await self._set_up(pool)
                except BaseException:
                    pool.terminate()
                    raise
                self._pool = pool
            return self._pool

    @staticmethod
    async def _set_up(pool: Any) -> None:
        async with pool.acquire() as connection:
            if await connection.fetchval(functions.IS_SET_UP) == functions.MARK:
                return
            async with connection.transaction():
                # Several processes start at once.
                await connection.execute(functions.LOCK_SETUP)
                await connection.execute(f"{functions.SETUP} COMMENT ON TABLE trine_channel IS $it${functions.MARK}$it$")

    def _name(self, channel: str) -> str:
        return f"trine_{hashlib.md5(self.key(channel).encode(), usedforsecurity=False).hexdigest()}"


def _sent(row: Any) -> Sent:
    return Sent(f"{row[0]}-{row[1]}", row[2])


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 5432}"
