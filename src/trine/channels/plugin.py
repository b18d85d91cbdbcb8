"""The battery: `channels = Channels()`, then `app.install(channels)`."""

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, overload

from trine.errors import SetupError

from .group import Group
from .hub import Hub
from .memory import MemoryBackend
from .names import POSTGRESQL, checked_name, checked_url
from .settings import ChannelsSettings

if TYPE_CHECKING:
    from trine.app import App

T = TypeVar("T")


class Channels:
    """Groups of listeners, in memory for one process, through Redis or PostgreSQL for several.

    What is not said here comes from the settings, `TRINE_CHANNELS_URL` first of all.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        key_prefix: str | None = None,
        history: int | None = None,
        history_seconds: int | None = None,
        max_pending: int | None = None,
        presence_seconds: float | None = None,
        timeout: float | None = None,
    ) -> None:
        said = {
            "url": url,
            "key_prefix": key_prefix,
            "history": history,
            "history_seconds": history_seconds,
            "max_pending": max_pending,
            "presence_seconds": presence_seconds,
            "timeout": timeout,
        }
        self._said = {name: value for name, value in said.items() if value is not None}
        self._settings: ChannelsSettings | None = None
        self._app: App | None = None
        self._hub: Hub | None = None
        self._groups: dict[Any, Group[Any]] = {}
        if url is not None:
            checked_url(url)

    def setup(self, app: "App") -> None:
        """Attach to an application: its settings count, and its end ends every subscription."""
        self._app = app
        app.on_event("startup")(self._start)
        app.on_event("shutdown")(self.aclose)

    @property
    def settings(self) -> ChannelsSettings:
        """What was said here, and the rest from the application's settings."""
        if self._settings is None:
            found = ChannelsSettings.load() if self._app is None else self._app.settings.part(ChannelsSettings)
            self._settings = ChannelsSettings(**{**found.model_dump(), **self._said})
            checked_url(self._settings.url)
        return self._settings

    @overload
    def group(self, name: str, model: type[T], *, history: int | None = None) -> Group[T]: ...
    @overload
    def group(self, name: str, model: Any = Any, *, history: int | None = None) -> Group[Any]: ...
    def group(self, name: str, model: Any = Any, *, history: int | None = None) -> Group[Any]:
        """The group of a name, whose messages are of a model. Raises ValueError for a name that no group can have."""
        keep = self.settings.history if history is None else history
        if keep < 1:
            raise SetupError(f"The group '{name}' has history={keep}.", hint="Keep at least one message.")
        return Group(checked_name(name), model, self.settings, self._hub_here, keep)

    async def aclose(self) -> None:
        """End every subscription of this process. What is asked for later begins anew."""
        hub, self._hub = self._hub, None
        if hub is not None and hub.loop is asyncio.get_running_loop():
            await hub.close()

    def _start(self) -> None:
        # A mistake in the settings stops the start, a server that is away does not: it is asked again and again.
        self._hub_here()

    def _hub_here(self) -> Hub:
        loop = asyncio.get_running_loop()
        if self._hub is None or self._hub.loop is not loop:
            self._hub = self._new_hub(loop)
        return self._hub

    def _new_hub(self, loop: asyncio.AbstractEventLoop) -> Hub:
        hub = Hub(loop)
        if self.settings.url.startswith("memory://"):
            hub.backend = MemoryBackend(hub)
        elif self.settings.url.partition("://")[0] in POSTGRESQL:
            from .postgresql import PostgreSQLBackend

            hub.backend = PostgreSQLBackend(hub, self.settings)
        else:
            from .redis import RedisBackend

            hub.backend = RedisBackend(hub, self.settings)
        return hub
