"""A loaded model in this process: its batches in a thread of its own, or on the event loop where it is asynchronous."""

import asyncio
import inspect
import logging
import math
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from trine.concurrency import ThreadPool
from trine.errors import HTTPException
from trine.events import ModelBatch

from .asking import Asked
from .batcher import Batcher
from .context import LoadContext
from .declaration import ModelDeclaration, load_model
from .failures import unavailable
from .infer import is_expected, predict_batch, predict_batch_async
from .line import Job
from .runner import ReplicaState, ReplicaStatus
from .stepper import Stepper
from .streaming import StreamSet
from .streams import Sink, TokenStream
from .warm_up import warm_up

logger = logging.getLogger("trine.serving")

_ALARM = 2.0
_TURN = 0.001
"""Seconds after which another thread gets the interpreter's lock, instead of Python's five milliseconds."""
_TICK = 0.25
"""How often deadlines are looked at."""


class Replica:
    """One copy of a model, with all versions that are loaded, behind one batcher. It is a `Runner` by itself."""

    def __init__(
        self,
        declaration: ModelDeclaration,
        *,
        number: int = 0,
        on_batch: Callable[[ModelBatch], None] | None = None,
        on_stuck: Callable[[], None] | None = None,
        in_own_process: bool = False,
    ) -> None:
        self.declaration = declaration
        self.number = number
        self.on_batch = on_batch
        """Told about every batch."""
        self.on_stuck = on_stuck
        """Called once when a batch takes longer than its items may: the thread cannot be stopped."""
        self.in_own_process = in_own_process
        self.models: dict[str, Any] = {}
        self._loads: dict[str, asyncio.Future[None]] = {}
        self.is_async = inspect.iscoroutinefunction(getattr(declaration.source, "predict", declaration.source))
        self._pool = ThreadPool(1)
        self._is_stuck = False
        self._is_stopping = False
        self._computing: asyncio.Future[Any] | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def start(self, *, loaded: bool = True) -> None:
        """Load the default version, and warm it up; or load nothing yet."""
        self._loop = asyncio.get_running_loop()
        # While a model computes in pure Python, the loop waits for its turn again and again.
        sys.setswitchinterval(min(sys.getswitchinterval(), _TURN))
        options = self.declaration
        limits = {"max_batch": options.max_batch, "max_queue": options.max_queue}
        self.batcher = Batcher(self._run, max_wait=options.max_wait, **limits)
        self.streams: Stepper | StreamSet = (
            Stepper(options, self._pool, **limits) if options.steps else StreamSet(options, **limits)
        )
        if loaded and options.version not in self.models:
            await self.load(LoadContext(options.version))

    async def stop(self) -> None:
        """Let what is computed come to its end, answer the rest with 503, and end the thread."""
        self._is_stopping = True
        self.streams.stop()
        self.batcher.line.fail_all(unavailable("The model is being stopped."))
        if self._computing is not None and not self._is_stuck:
            await asyncio.wait([self._computing])
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._pool.close()

    async def load(self, context: LoadContext) -> None:
        """Load a version beside those that are there, once for all who ask for it. Requests are answered meanwhile."""
        version = context.version
        if version in self.models:
            return
        loading = self._loads.get(version)
        if loading is None:
            loading = self._loads[version] = asyncio.ensure_future(self._load(context))
            loading.add_done_callback(lambda _: self._loads.pop(version, None))
        await asyncio.shield(loading)

    async def _load(self, context: LoadContext) -> None:
        context = replace(context, device=self.declaration.device(self.number), replica=self.number)
        # The first one in the model's own thread: libraries may bind what they load to the thread that loads it.
        pool = self._pool if not self.models else ThreadPool(1)
        try:
            model = await pool.submit(self._loop, load_model, (self.declaration, context))
            await warm_up(model, self.declaration, lambda *call: pool.submit(self._loop, call[0], call[1:]))
        finally:
            if pool is not self._pool:
                pool.close()
        self.models[context.version] = model

    async def unload(self, version: str) -> None:
        """Forget a version. What was sent to it already is answered by it."""
        self.models.pop(version, None)

    def submit(self, value: Any, asked: Asked) -> "asyncio.Future[Any]":
        """Queue an item. The future gives its output or raises; cancelled, it drops the item."""
        loop, (version, priority, timeout) = self._loop, asked
        future: asyncio.Future[Any] = loop.create_future()
        if self._is_stopping or self._is_stuck or version not in self.models:
            raise self._refusal(version)
        self.batcher.add(Job(value, future, version, loop.time(), timeout), priority)
        if self._sweeper is None:
            self._sweeper = loop.call_later(_TICK, self._sweep)
        return future

    def enqueue(self, jobs: list[Job], *, version: str, priority: int) -> None:
        """Queue many items of one version. Those that find no place are answered with what keeps them out."""
        try:
            if self._is_stopping or self._is_stuck or version not in self.models:
                raise self._refusal(version)
            for job in jobs:
                self.batcher.add(job, priority)
        except HTTPException as error:
            queued = set(map(id, self.batcher.line))
            for job in jobs:
                if id(job) not in queued:
                    job.reply.set_exception(error)
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(_TICK, self._sweep)

    def _refusal(self, version: str) -> HTTPException:
        if version not in self.models:
            return HTTPException(404, f"The model has no version '{version[:100]}'.")
        return unavailable("The model cannot answer now. Try again soon.")

    def stream(self, value: Any, asked: Asked, *, id: str) -> TokenStream:
        """Begin a stream."""
        tokens = TokenStream(id)
        self.open_stream(value, tokens, id=id, version=asked.version, priority=asked.priority)
        return tokens

    def open_stream(self, value: Any, sink: Sink, *, id: str, version: str, priority: int) -> None:
        """Begin a stream whose tokens go to a sink of the caller's."""
        if version not in self.models:
            raise HTTPException(404, f"The model has no version '{version[:100]}'.")
        self.streams.add(self.models[version], value, sink, id=id, priority=priority)

    def cancel(self, id: str) -> bool:
        """Stop a stream by its id."""
        return self.streams.cancel(id)

    async def stop_stream(self, id: str) -> bool:
        """Stop a stream by its id: whoever reads it is in this process."""
        return self.cancel(id)

    @property
    def state(self) -> ReplicaState:
        """Whether it can answer."""
        return "gone" if self._is_stopping else "stuck" if self._is_stuck else "ready" if self.models else "starting"

    @property
    def is_busy(self) -> bool:
        """Whether anything is computed or waits."""
        return bool(self.batcher.batch or self.batcher.line or self.streams.running or self.streams.waiting)

    @property
    def longest_wait(self) -> float:
        """Seconds that the first of the line has waited; without end where a stream waits for its place."""
        if self.streams.waiting:
            return math.inf
        first = self.batcher.line.first_arrival
        return 0.0 if first is None else self._loop.time() - first

    @property
    def status(self) -> ReplicaStatus:
        """What is loaded, and how much there is to do."""
        device = self.declaration.device(self.number)
        waiting, running = len(self.batcher.line) + self.streams.waiting, len(self.batcher.batch) + self.streams.running
        process = os.getpid() if self.in_own_process else None
        return ReplicaStatus(self.number, self.state, device, tuple(self.models), waiting, running, process)

    @property
    def replicas(self) -> list[ReplicaStatus]:
        """The one copy that there is."""
        return [self.status]

    # Batches ----------------------------------------------------------------------------------------------------

    def _run(self, jobs: list[Job]) -> None:
        model = self.models.get(jobs[0].version)
        if model is None:
            for job in jobs:
                job.reply.set_exception(unavailable("This version was unloaded."))
            self.batcher.finished(0.0)
            return
        values = [job.value for job in jobs]
        check = self.declaration.check_output
        if self.is_async:
            computing: asyncio.Future[Any] = asyncio.ensure_future(predict_batch_async(model.predict, check, values))
        else:
            computing = self._pool.submit(self._loop, predict_batch, (model.predict, check, values))
        self._computing = computing
        if self.in_own_process:
            # Where even the event loop gets no turn any more, the system ends the process.
            signal.setitimer(signal.ITIMER_REAL, self.declaration.timeout + _ALARM)
        computing.add_done_callback(lambda computed: self._answer(jobs, computed))

    def _answer(self, jobs: list[Job], computed: "asyncio.Future[tuple[list[Any], float]]") -> None:
        if computed.cancelled():
            outcomes: list[Any] = [unavailable("The model was stopped.")] * len(jobs)
            seconds = 0.0
        elif (error := computed.exception()) is not None:
            outcomes, seconds = [error] * len(jobs), 0.0
        else:
            outcomes, seconds = computed.result()
        self._computing = None
        self._is_stuck = False
        if self.in_own_process:
            signal.setitimer(signal.ITIMER_REAL, 0)
        errors = 0
        for job, outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                errors += 1
                if not job.reply.done():
                    job.reply.set_exception(outcome)
                elif isinstance(outcome, Exception) and not is_expected(outcome):
                    logger.error("The model %s failed for a client that has left.", self.declaration.name, exc_info=outcome)
            elif not job.reply.done():
                job.reply.set_result(outcome)
        started = self.batcher.started
        self.batcher.finished(seconds)
        if self.on_batch is not None:
            queued = tuple([started - job.arrived for job in jobs])
            name, version = self.declaration.name, jobs[0].version
            self.on_batch(ModelBatch(name, version, self.number, len(jobs), queued, seconds, errors))

    def _sweep(self) -> None:
        now = self._loop.time()
        batcher = self.batcher
        batcher.line.drop_done(now)
        for job in batcher.batch:
            if job.deadline <= now:
                job.expire()
        if batcher.batch and not self._is_stuck and now - batcher.started > self.declaration.timeout:
            self._is_stuck = True
            logger.error(
                "predict() of the model %s has computed for %.1f seconds, longer than its timeout.",
                self.declaration.name,
                now - batcher.started,
            )
            batcher.line.fail_all(unavailable("The model does not answer. Try again soon."))
            if self.on_stuck is not None:
                self.on_stuck()
        busy = batcher.batch or len(batcher.line)
        self._sweeper = self._loop.call_later(_TICK, self._sweep) if busy else None
