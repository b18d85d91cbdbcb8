"""A store in Redis: what several processes share. Redis itself lets go of what is expired."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any
from urllib.parse import urlsplit

from trine.errors import HTTPException, SetupError

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
except ImportError as error:
    raise SetupError("Sessions in Redis need redis-py.", hint='Install it with: pip install "trine[redis]"') from error

logger = logging.getLogger("trine.pages")


class StoreUnavailable(HTTPException):
    """A store that does not answer: the client gets a 503, and may come again."""

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(503, "Sessions cannot be read at the moment. Try again soon.", {"retry-after": "5"})


class RedisStore:
    """Values in Redis under keys with a prefix. Each event loop has its own connections."""

    is_local = False

    def __init__(self, url: str, *, key_prefix: str = "trine:", timeout: float = 5.0) -> None:
        self.url = url
        self.key_prefix = key_prefix
        self.timeout = timeout
        self._clients: dict[asyncio.AbstractEventLoop, Redis] = {}

    async def get(self, key: str) -> bytes | None:
        """The value of a key, None where there is none."""
        found: bytes | None = await self._ask(self._client().get(self.key_prefix + key))
        return found

    async def set(self, key: str, value: bytes, *, expires_in: float, only_existing: bool = False) -> bool:
        """Keep a value for a time."""
        milliseconds = max(1, int(expires_in * 1000))
        return bool(await self._ask(self._client().set(self.key_prefix + key, value, px=milliseconds, xx=only_existing)))

    async def delete(self, key: str) -> None:
        """Forget a key."""
        await self._ask(self._client().delete(self.key_prefix + key))

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _client(self) -> Redis:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            for closed in [known for known in self._clients if known.is_closed()]:
                del self._clients[closed]
            options: dict[str, Any] = {"socket_connect_timeout": self.timeout, "socket_timeout": self.timeout}
            # A connection that an idle Redis has closed is noticed at the first try: one more is enough.
            client = self._clients[loop] = Redis.from_url(self.url, retry=Retry(NoBackoff(), 1), **options)
        return client

    async def _ask(self, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except (RedisError, OSError, TimeoutError) as error:
            parts = urlsplit(self.url)
            place = f"{parts.hostname or parts.path}{f':{parts.port}' if parts.port else ''}"
            logger.error("The session store at %s does not answer (%s: %s).", place, type(error).__name__, error)  # noqa: TRY400 - its place and reason say it all
            raise StoreUnavailable(place) from error
