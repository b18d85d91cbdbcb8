"""A database as one event loop has it: its connections, its threads, and who writes to SQLite."""

import asyncio
from urllib.parse import unquote

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from trine.concurrency import ThreadPool

from .drivers import checked_url, connection_class, is_in_memory, make_engine
from .errors import SerializationFailure
from .pool import Pool
from .settings import DatabaseSettings


class Opened:
    """The pools of a database and of its copies, for the loop that runs. Connections are made when they are needed."""

    def __init__(self, url: URL, settings: DatabaseSettings, memory: str) -> None:
        """`memory` is the name of a database in memory."""
        self.settings = settings
        self._memory = memory
        self._threads: ThreadPool | None = None
        self._engines: list[AsyncEngine] = []
        self._writing = asyncio.Lock()
        self._next_replica = 0
        self.pool = self._new_pool(url)
        self.replicas = [self._new_pool(checked_url(replica.get_secret_value())) for replica in settings.replicas]

    def _new_pool(self, url: URL) -> Pool:
        settings = self.settings
        if url.get_backend_name() == "sqlite":
            from .sqlite import SQLiteConnection

            is_memory = is_in_memory(url)
            size = 1 if is_memory else settings.pool_size
            threads = self._threads = self._threads or ThreadPool(size)
            file = self._memory if is_memory else unquote(str(url.database))
            return Pool(
                lambda: SQLiteConnection.connect(file, threads, lock_timeout=settings.lock_timeout, is_uri=is_memory),
                size,
                settings.max_wait,
            )
        engine = make_engine(url, settings.connect_timeout)
        self._engines.append(engine)
        kind = connection_class(url)
        return Pool(lambda: kind.connect(engine), settings.pool_size, settings.max_wait)

    def next_replica(self) -> Pool:
        """The copies in turn."""
        self._next_replica = (self._next_replica + 1) % len(self.replicas)
        return self.replicas[self._next_replica]

    async def take_turn(self) -> None:
        """Wait for the turn to write to SQLite, which has one writer at a time: waiting here blocks no thread."""
        patience = self.settings.lock_timeout
        try:
            async with asyncio.timeout(patience):
                await self._writing.acquire()
        except TimeoutError:
            raise SerializationFailure(
                f"Another transaction has been writing to SQLite for more than {patience:g} seconds."
            ) from None

    def end_turn(self) -> None:
        """Let the next one write."""
        self._writing.release()

    async def close(self) -> None:
        """Close every connection."""
        for pool in (self.pool, *self.replicas):
            await pool.close()
        for engine in self._engines:
            await engine.dispose()
        if self._threads is not None:
            self._threads.close()
