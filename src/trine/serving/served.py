"""A model as handlers use it: which version answers, and the runner that has it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Unpack

from .asking import Asked, AskOptions
from .declaration import ModelDeclaration
from .line import USUAL
from .runner import ReplicaStatus, Runner
from .streams import TokenStream
from .versions.shadow import Shadow
from .versions.traffic import TrafficSplit


class ServedModel:
    """One declared model of an application, whatever it runs in. `predict` and `stream` may be called from any handler."""

    def __init__(self, declaration: ModelDeclaration, path: str, new_runner: Callable[[], Runner]) -> None:
        self.declaration = declaration
        self.path = path
        self.split: TrafficSplit | None = None
        """Which version answers a request that names none; None where that was never asked."""
        self.shadow: Shadow | None = None
        """A version that gets copies of the requests."""
        self.on_input: Callable[[str, Any], None] | None = None
        """Told the version and the item of each request."""
        self.on_shadow: Callable[[str, str], None] = lambda version, outcome: None
        """Told the version of a shadow, and how its answer was."""
        self.expected: frozenset[str] = frozenset()
        """Versions whose inputs are compared with their training data."""
        self._usual: Asked | None = None
        """What is settled for a request that says nothing; None where that differs from one to the next, or is not known yet."""
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

    # Versions ---------------------------------------------------------------------------------------------------

    @property
    def default_version(self) -> str:
        """The version that answers where no other is chosen."""
        return (self.split or self._divide(TrafficSplit(self.declaration.version))).default

    def choose_version(self, key: str | None = None) -> str:
        """Give the version for a request that names none; the same one for the same key."""
        return (self.split or self._divide(TrafficSplit(self.declaration.version))).choose(key)

    def follow(self, default: str, shares: Mapping[str, float], shadow: str | None) -> None:
        """Let these versions answer from now on. All of them are loaded."""
        self._divide(TrafficSplit(default, shares))
        self.shadow = None
        if shadow is not None:
            declared = self.declaration
            self.shadow = Shadow(
                shadow,
                self.runner,
                most=max(1, declared.max_queue // 4),
                timeout=declared.timeout,
                count=lambda outcome: self.on_shadow(shadow, outcome),
            )

    def _divide(self, split: TrafficSplit) -> TrafficSplit:
        self.split = split
        self._usual = None if split.shares else Asked(split.default, USUAL, self.declaration.timeout)
        return split

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version that is loaded, the default first."""
        loaded = [version for replica in self.replicas for version in replica.versions]
        return tuple(dict.fromkeys([self.default_version, *sorted(loaded)])) if loaded else ()

    def role_of(self, version: str) -> str:
        """What a version does, in a word or two; nothing where it only answers those who name it."""
        split = self.split
        if split is not None and version == split.default:
            return "default" if not split.shares else f"default, {1 - sum(split.shares.values()):.0%}"
        if split is not None and version in split.shares:
            return f"{split.shares[version]:.0%}"
        return "shadow" if self.shadow is not None and version == self.shadow.version else ""

    # Asking -----------------------------------------------------------------------------------------------------

    def submit(self, value: Any, **asked: Unpack[AskOptions]) -> "asyncio.Future[Any]":
        """Queue an item of a model that has started. The future gives its output; cancelled, it drops the item."""
        return self._submit(value, self._settle(**asked) if asked else self._usual or self._settle())

    def _submit(self, value: Any, asked: Asked) -> "asyncio.Future[Any]":
        answer = self.runner.submit(value, asked)
        version = asked.version
        if self.on_input is not None:
            self.on_input(version, value)
        if self.shadow is not None and version != self.shadow.version:
            self.shadow.copy(value, answer)
        return answer

    async def predict(self, value: Any, **asked: Unpack[AskOptions]) -> Any:
        """Give the output for one item, computed together with those of other requests."""
        if self._loop is not asyncio.get_running_loop() or self._starting is not None:
            await self.start()
        return await self.submit(value, **asked)

    async def predict_many(self, values: Sequence[Any], **asked: Unpack[AskOptions]) -> list[Any]:
        """Give an output, or the exception, for each of many items. Never more wait in line at a time than may."""
        if self._loop is not asyncio.get_running_loop() or self._starting is not None:
            await self.start()
        # One version for the whole list, and half a line at a time: a long list must not keep everybody else out.
        settled = self._settle(**asked)
        most = max(1, self.declaration.max_queue // 2)
        outcomes: list[Any] = []
        for start in range(0, len(values), most):
            futures = [self._submit(value, settled) for value in values[start : start + most]]
            try:
                outcomes += await asyncio.gather(*futures, return_exceptions=True)
            finally:
                for future in futures:
                    future.cancel()
        return outcomes

    async def stream(self, value: Any, *, id: str, **asked: Unpack[AskOptions]) -> AsyncIterator[Any]:
        """Give a stream's tokens, one after the other. Leaving the loop stops the model within one step."""
        tokens = await self.open_stream(value, id=id, **asked)
        try:
            async for token in tokens:
                yield token
        finally:
            tokens.cancel()
            self.runner.cancel(id)

    async def open_stream(self, value: Any, *, id: str, **asked: Unpack[AskOptions]) -> TokenStream:
        """Begin a stream, or raise what keeps it from beginning."""
        if self._loop is not asyncio.get_running_loop() or self._starting is not None:
            await self.start()
        settled = self._settle(**asked)
        tokens = self.runner.stream(value, settled, id=id)
        if self.on_input is not None:
            self.on_input(settled.version, value)
        return tokens

    async def stop_stream(self, id: str) -> bool:
        """Stop a stream, whichever web process reads it. False where there is none of this id."""
        return await self.runner.stop_stream(id)

    def _settle(
        self, version: str | None = None, key: str | None = None, priority: int = USUAL, timeout: float | None = None
    ) -> Asked:
        return Asked(
            version or self.choose_version(key),
            min(max(priority, 0), 7),
            self.declaration.timeout if timeout is None else timeout,
        )

    @property
    def replicas(self) -> Sequence[ReplicaStatus]:
        """Every copy of the model, as it is now; none before it has started."""
        return () if self._runner is None else self._runner.replicas

    @property
    def is_ready(self) -> bool:
        """Whether at least one copy can answer."""
        return any(replica.state == "ready" for replica in self.replicas)
