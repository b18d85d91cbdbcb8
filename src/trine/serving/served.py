"""A model as handlers use it: which version answers, and the runner that has it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from .declaration import ModelDeclaration
from .line import USUAL
from .runner import ReplicaStatus, Runner
from .streams import TokenStream

# The time that an item may take travels with it to the model: no `asyncio.timeout` here could say so.
# ruff: noqa: ASYNC109


class ServedModel:
    """One declared model of an application, whatever it runs in. `predict` and `stream` may be called from any handler."""

    def __init__(self, declaration: ModelDeclaration, path: str, new_runner: Callable[[], Runner]) -> None:
        self.declaration = declaration
        self.path = path
        self.default_version = declaration.version
        self.choose_version: Callable[[], str] = lambda: self.default_version
        """Gives the version for a request that names none."""
        self._new_runner = new_runner
        self._runner: Runner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The model's name."""
        return self.declaration.name

    @property
    def runner(self) -> Runner:
        """What the model runs in. Raises RuntimeError before the application has started."""
        if self._runner is None:
            raise RuntimeError(f"The model {self.name} has not started. Start the application, or await start().")
        return self._runner

    @property
    def is_started(self) -> bool:
        """Whether it can be asked on the running event loop."""
        return self._loop is asyncio.get_running_loop() and self._starting is None

    async def start(self) -> None:
        """Start the runner on this event loop, once. Applications do it when they start, else the first request does."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._runner = self._new_runner()
            self._starting = asyncio.create_task(self._start(self._runner))
        if self._starting is not None:
            await asyncio.shield(self._starting)

    async def _start(self, runner: Runner) -> None:
        try:
            await runner.start()
        except BaseException:
            self._loop, self._runner = None, None
            raise
        finally:
            self._starting = None

    async def stop(self) -> None:
        """Stop the runner."""
        runner, self._runner = self._runner, None
        if runner is not None and self._loop is asyncio.get_running_loop():
            self._loop = None
            await runner.stop()

    # Asking -----------------------------------------------------------------------------------------------------

    def submit(
        self, value: Any, *, version: str | None = None, priority: int = USUAL, timeout: float | None = None
    ) -> "asyncio.Future[Any]":
        """Queue an item of a model that has started. The future gives its output; cancelled, it drops the item."""
        return self.runner.submit(
            value,
            version=version or self.choose_version(),
            priority=min(max(priority, 0), 7),
            timeout=self.declaration.timeout if timeout is None else timeout,
        )

    async def predict(
        self, value: Any, *, version: str | None = None, priority: int = USUAL, timeout: float | None = None
    ) -> Any:
        """Give the output for one item, computed together with those of other requests."""
        if self._loop is not asyncio.get_running_loop() or self._starting is not None:
            await self.start()
        return await self.submit(value, version=version, priority=priority, timeout=timeout)

    async def predict_many(
        self, values: Sequence[Any], *, version: str | None = None, priority: int = USUAL, timeout: float | None = None
    ) -> list[Any]:
        """Give an output, or the exception, for each of many items. Never more wait in line at a time than may."""
        if self._loop is not asyncio.get_running_loop() or self._starting is not None:
            await self.start()
        version = version or self.choose_version()
        # Half a line at a time: a long list must not keep everybody else out.
        most = max(1, self.declaration.max_queue // 2)
        outcomes: list[Any] = []
        for start in range(0, len(values), most):
            futures = [
                self.submit(value, version=version, priority=priority, timeout=timeout) for value in values[start : start + most]
            ]
            try:
                outcomes += await asyncio.gather(*futures, return_exceptions=True)
            finally:
                for future in futures:
                    future.cancel()
        return outcomes

    async def stream(
        self, value: Any, *, id: str, version: str | None = None, priority: int = USUAL, timeout: float | None = None
    ) -> AsyncIterator[Any]:
        """Give a stream's tokens, one after the other. Leaving the loop stops the model within one step."""
        tokens = await self.open_stream(value, id=id, version=version, priority=priority, timeout=timeout)
        try:
            async for token in tokens:
                yield token
        finally:
            tokens.cancel()
            self.runner.cancel(id)

    async def open_stream(
        self, value: Any, *, id: str, version: str | None = None, priority: int = USUAL, timeout: float | None = None
    ) -> TokenStream:
        """Begin a stream, or raise what keeps it from beginning."""
        if self._loop is not asyncio.get_running_loop() or self._starting is not None:
            await self.start()
        return self.runner.stream(
            value,
            id=id,
            version=version or self.choose_version(),
            priority=min(max(priority, 0), 7),
            timeout=self.declaration.timeout if timeout is None else timeout,
        )

    @property
    def replicas(self) -> Sequence[ReplicaStatus]:
        """Every copy of the model, as it is now; none before it has started."""
        return () if self._runner is None else self._runner.replicas

    @property
    def is_ready(self) -> bool:
        """Whether at least one copy can answer."""
        return any(replica.state == "ready" for replica in self.replicas)
