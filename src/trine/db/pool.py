"""A few connections of one event loop, last in first out: the one used last is warm."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from trine.concurrency import finished

from .connection import Connection
from .errors import DatabaseUnavailable


class Pool:
    """Connections that are made as they are needed, at most `size` of them. Who finds none waits in line, and not for ever."""

    def __init__(self, connect: Callable[[], Coroutine[Any, Any, Connection]], size: int, max_wait: float) -> None:
        self.size = size
        self.max_wait = max_wait
        self.idle: list[Connection] = []
        self.open = 0
        """How many connections there are, idle or in use."""
        self._connect = connect
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def in_use(self) -> int:
        """How many connections somebody has."""
        return self.open - len(self.idle)

    async def acquire(self) -> Connection:
        """Take a connection. Give it back with `release`."""
        while True:
            if self.idle:
                connection = self.idle.pop()
                if not connection.is_broken:
                    return connection
                self.release(connection)
                continue
            if self.open < self.size:
                return await self._new()
            given = await self._wait()
            if given is not None:
                return given

    async def _new(self) -> Connection:
        self.open += 1
        connecting = asyncio.ensure_future(self._connect())
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            # Half a connection is no use to anybody: it is completed, for whoever comes next.
            self._keep(self._adopt(connecting))
            raise
        except BaseException:
            self.open -= 1
            self._wake()
            raise

    async def _adopt(self, connecting: "asyncio.Future[Connection]") -> None:
        try:
            connection = await connecting
        except BaseException:
            self.open -= 1
            self._wake()
            raise
        self.release(connection)

    async def _wait(self) -> Connection | None:
        """A connection that another one gave back, or None where there may be a new one."""
        future: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(self.max_wait):
                return await future
        except TimeoutError:
            self._hand_back(future)
            raise DatabaseUnavailable(f"all {self.size} connections were in use for {self.max_wait:g} seconds") from None
        except asyncio.CancelledError:
            self._hand_back(future)
            raise

    def _hand_back(self, future: "asyncio.Future[Connection | None]") -> None:
        if future.done() and not future.cancelled():
            given = future.result()
            if given is not None:
                self.release(given)
            else:
                self._wake()

    def release(self, connection: Connection) -> None:
        """Give a connection back. One that is broken is dropped."""
        if connection.is_broken or self._is_closed:
            self.open -= 1
            connection.terminate()
            self._keep(connection.close())
            self._wake()
            return
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(connection)
                return
        self.idle.append(connection)

    def drop_idle(self) -> None:
        """Drop every idle connection: the database went away, and took them along."""
        idle, self.idle = self.idle, []
        for connection in idle:
            connection.is_broken = True
            self.release(connection)

    def release_after_cancellation(self, connection: Connection) -> None:
        """Give a connection back whose statement was cancelled: it is made usable first, without anybody waiting."""
        self._keep(self._recover(connection))

    async def _recover(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(5):
                await connection.recover()
        except BaseException:
            connection.is_broken = True
            raise
        finally:
            self.release(connection)

    def _keep(self, work: Awaitable[None]) -> None:
        async def quietly() -> None:
            # A broken connection ends as it likes.
            with suppress(Exception):
                await work

        task = asyncio.get_running_loop().create_task(quietly())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _wake(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return

    async def settle(self) -> None:
        """Wait for connections that are being recovered or closed."""
        while self._closing:
            await asyncio.wait(set(self._closing))

    async def close(self) -> None:
        """Close what is idle; what is in use is closed when it comes back."""
        self._is_closed = True
        await self.settle()
        idle, self.idle = self.idle, []
        self.open -= len(idle)
        for connection in idle:
            await finished(asyncio.ensure_future(connection.close()))
