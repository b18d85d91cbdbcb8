"""Continuous batching: streams join and leave between the steps of a model that advances all of them together."""

import asyncio
import inspect
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from trine.concurrency import ThreadPool
from trine.errors import HTTPException, TooBusy

from .declaration import ModelDeclaration
from .infer import WrongResults
from .line import URGENCIES
from .outputs import make_output_check
from .sequence import ActiveSequence
from .streams import Sink

logger = logging.getLogger("trine.serving")


@dataclass(eq=False, slots=True)
class _Running:
    model: Any
    sequence: ActiveSequence[Any]
    sink: Sink


class Stepper:
    """Advances all active sequences, again and again, while there are any. At most `max_batch` at once; the others wait."""

    def __init__(self, declaration: ModelDeclaration, pool: ThreadPool, *, max_batch: int, max_queue: int) -> None:
        self.declaration = declaration
        self.max_batch = max_batch
        self.max_queue = max_queue
        self._pool = pool
        self._check = make_output_check(declaration.token_type, declaration.where)
        self._active: list[_Running] = []
        self._waiting: tuple[deque[_Running], ...] = tuple(deque() for _ in range(URGENCIES))
        self._sinks: dict[str, Sink] = {}
        self._advancing: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(map(len, self._waiting))

    @property
    def running(self) -> int:
        """How many are advanced."""
        return len(self._active)

    def add(self, model: Any, value: Any, sink: Sink, *, id: str, priority: int) -> None:
        """Let a stream join before the next step, or when there is a place. Raises `TooBusy` where too many wait."""
        if self.waiting >= self.max_queue:
            raise TooBusy(self.running, self.waiting)
        self._waiting[priority].append(_Running(model, ActiveSequence(id, value), sink))
        self._sinks[id] = sink
        if self._advancing is None:
            self._advancing = asyncio.create_task(self._advance(), name=f"advance {self.declaration.name}")

    def cancel(self, id: str) -> bool:
        """Make no further step for a stream."""
        sink = self._sinks.get(id)
        if sink is None or sink.is_cancelled:
            return False
        sink.is_cancelled = True
        sink.end()
        return True

    def stop(self) -> None:
        """End every stream after the current step."""
        for sink in list(self._sinks.values()):
            sink.is_cancelled = True
            sink.end(HTTPException(503, "The model is being stopped.", {"retry-after": "1"}))

    async def _advance(self) -> None:
        try:
            while self._admit():
                groups: dict[int, list[_Running]] = {}
                for running in self._active:
                    groups.setdefault(id(running.model), []).append(running)
                for group in groups.values():
                    await self._step(group)
        finally:
            self._advancing = None

    def _admit(self) -> bool:
        for running in self._active:
            if running.sink.is_cancelled or running.sequence.is_finished:
                self._sinks.pop(running.sequence.id, None)
                running.sink.end()
        self._active = [one for one in self._active if not one.sink.is_cancelled and not one.sequence.is_finished]
        for row in self._waiting:
            while row and len(self._active) < self.max_batch:
                running = row.popleft()
                if running.sink.is_cancelled:
                    self._sinks.pop(running.sequence.id, None)
                    running.sink.end()
                else:
                    self._active.append(running)
        return bool(self._active)

    async def _step(self, group: list[_Running]) -> None:
        sequences = [running.sequence for running in group]
        step = group[0].model.step
        try:
            if inspect.iscoroutinefunction(step):
                outputs = await step(sequences)
            else:
                outputs = await self._pool.submit(asyncio.get_running_loop(), step, (sequences,))
            tokens = list(outputs)
            if len(tokens) != len(group):
                raise WrongResults(f"step() gave {len(tokens)} outputs for {len(group)} sequences: one for each is needed.")
        except Exception as error:
            logger.exception("step() of the model %s failed, and with it %d streams.", self.declaration.name, len(group))
            for running in group:
                running.sequence.is_finished = True
                running.sink.end(error)
            return
        for running, token in zip(group, tokens, strict=True):
            self._hand_on(running, token)

    def _hand_on(self, running: _Running, token: Any) -> None:
        if token is None:
            running.sequence.is_finished = True
        elif not running.sink.is_cancelled:
            try:
                running.sink.push(self._check(token))
            except Exception as error:
                logger.exception("step() of the model %s gave a token of another type.", self.declaration.name)
                running.sequence.is_finished = True
                running.sink.end(error)
