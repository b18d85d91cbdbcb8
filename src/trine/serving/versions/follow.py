"""A model that follows its registry: what is promoted, split or rolled back there takes effect here, without a request lost."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from trine.concurrency import run_in_thread

from ..context import LoadContext
from ..registry import ModelVersion, Registry, Release

if TYPE_CHECKING:
    from ..served import ServedModel

logger = logging.getLogger("trine.serving")

_AGAIN = 60.0
"""A release that could not be loaded is tried again after so many seconds."""


class ReleaseFollower:
    """Looks at a model's release again and again. A version is loaded before it is asked, and let go after its last answer."""

    def __init__(
        self, served: "ServedModel", registry: Registry, *, seconds: float, on_version: Callable[[ModelVersion], None]
    ) -> None:
        self.served = served
        self.registry = registry
        self.seconds = seconds
        self.on_version = on_version
        """Told about each version that is going to answer."""
        self.release = Release()
        self._refused: str | None = None
        """A shadow that was refused, and said to be."""
        self._failed: tuple[Release, float] | None = None
        self._task: asyncio.Task[None] | None = None
        self._unloading: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        """Load what else the release names, and follow it from now on."""
        await self.look()
        self._task = asyncio.create_task(self._follow(), name=f"registry of {self.served.name}")

    async def stop(self) -> None:
        """Follow no more."""
        for handle in self._unloading.values():
            handle.cancel()
        tasks = [*self._tasks, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self) -> None:
        """Look at the release now. One that cannot be loaded is logged, and the versions that answer go on."""
        async with self._one_at_a_time:
            try:
                release = await run_in_thread(self.registry.release, self.served.name)
            except Exception:  # whatever a store may raise: the next look may find it well again
                logger.exception("The registry of the model %s cannot be read.", self.served.name)
                return
            release = self._without_deaf_shadow(release)
            if release == self.release or release.default is None or self._has_failed(release):
                return
            try:
                await self._load(release)
            except Exception:  # the model's own load() may raise anything
                self._failed = (release, time.monotonic())
                kept = self.release.default or self.served.default_version
                logger.exception(
                    "The model %s cannot load version %s; %s goes on answering.", self.served.name, release.default, kept
                )
                return
            self._failed = None
            self._switch(release)

    def _without_deaf_shadow(self, release: Release) -> Release:
        """A shadow answers copies of items, and two streams cannot be compared as they come: such a model gets none."""
        if release.shadow is None or self.served.declaration.predicts:
            self._refused = None
            return release
        if self._refused != release.shadow:
            self._refused = release.shadow
            logger.error(
                "The model %s answers with streams alone, which cannot be compared: version %s does not become its shadow. "
                "Give it a share of the traffic instead: trine models split %s %s=0.1",
                *(self.served.name, release.shadow, self.served.name, release.shadow),
            )
        return release.model_copy(update={"shadow": None})

    def _has_failed(self, release: Release) -> bool:
        return self._failed is not None and self._failed[0] == release and time.monotonic() - self._failed[1] < _AGAIN

    async def _load(self, release: Release) -> None:
        runner = self.served.runner
        for version in release.versions:
            handle = self._unloading.pop(version, None)
            if handle is not None:
                handle.cancel()
            known = await run_in_thread(self.registry.version, self.served.name, version)
            if not all(version in replica.versions for replica in runner.replicas):
                await runner.load(LoadContext(version))
                logger.info("The model %s has loaded version %s.", self.served.name, version)
            self.on_version(known)

    def _switch(self, release: Release) -> None:
        gone = [version for version in self._loaded() if version not in release.versions]
        self.release = release
        self.served.follow(release.default or "", release.traffic, release.shadow)
        loop = asyncio.get_running_loop()
        for version in gone:
            if version not in self._unloading:
                # What was sent to it is answered, or over, when this time has passed.
                self._unloading[version] = loop.call_later(self.served.declaration.timeout, self._unload, version)

    def _loaded(self) -> set[str]:
        return {version for replica in self.served.runner.replicas for version in replica.versions}

    def _unload(self, version: str) -> None:
        del self._unloading[version]
        task = asyncio.ensure_future(self.served.runner.unload(version))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            await self.look()
