"""A web process's connection to one model process: items of one turn of the loop go out in one message."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trine.errors import HandlerTimeout
from trine.events import ModelBatch

from .asking import Asked
from .carrier import Carrier
from .context import LoadContext
from .declaration import ModelDeclaration
from .failures import read_failure, unavailable
from .frames import FrameProtocol
from .host import (
    CANCEL,
    GOODBYE,
    GROW,
    HELLO,
    LEAVE,
    LOAD,
    LOADED,
    PREDICT,
    RESULTS,
    STOP_STREAM,
    STOPPED,
    STREAM,
    TOKENS,
    UNLOAD,
    VERSIONS,
    WAKE,
)
from .packing import make_packing
from .runner import ReplicaState, ReplicaStatus
from .streams import TokenStream

logger = logging.getLogger("trine.serving")

_PAUSE = 0.1
"""Between two attempts to connect."""
_GRACE = 1.0
"""How much later than the model itself a web process gives an item up."""


class Link:
    """One replica in another process. It is looked for again and again; `versions` is empty while it is away."""

    def __init__(self, declaration: ModelDeclaration, number: int, address: Path, on_batch: Callable[[ModelBatch], None]) -> None:
        self.declaration = declaration
        self.number = number
        self.address = address
        self.on_batch = on_batch
        self.on_ready: Callable[[Link], None] = lambda link: None
        self.on_grow: Callable[[], None] = lambda: None
        """Called when items wait there for too long."""
        self.versions: tuple[str, ...] = ()
        self.pending: dict[int, tuple[asyncio.Future[Any], float, float]] = {}
        """Who waits, until when, and how long that is."""
        self.streams: dict[str, TokenStream] = {}
        self.process: int | None = None
        self.is_lasting = number < declaration.replicas[0]
        """Whether it is to be there always; a spare replica sleeps until it is needed."""
        self.is_woken = self.is_lasting
        """Whether it is there, or will be soon."""
        self._status = (0, 0)
        self._inputs = make_packing(declaration.input_type, declaration.where)
        self._outputs = make_packing(declaration.output_type, declaration.where)
        self._tokens = make_packing(declaration.token_type, declaration.where)
        self._frames = FrameProtocol(Carrier(address.parent))
        self._next = 0
        self._loads: dict[int, asyncio.Future[None]] = {}
        self._stops: dict[int, asyncio.Future[bool]] = {}
        self._lost = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._heard: dict[int, Callable[..., None]] = {
            HELLO: self._hear_hello,
            RESULTS: self._answer,
            TOKENS: self._hear_tokens,
            VERSIONS: self._hear_versions,
            LOADED: self._hear_loaded,
            STOPPED: self._hear_stopped,
            GROW: self._hear_grow,
            LEAVE: self._hear_leave,
        }

    async def keep(self) -> None:
        """Connect, and connect anew whenever the other side is gone. Ends by cancellation."""
        try:
            while True:
                self._lost.clear()
                frames = self._frames = FrameProtocol(Carrier(self.address.parent))
                frames.on_message, frames.on_lost = self._hear, self._lose
                try:
                    await self._loop.create_unix_connection(lambda frames=frames: frames, str(self.address))  # type: ignore[misc] # mypy does not infer a lambda with a default
                except OSError:
                    await asyncio.sleep(_PAUSE)
                    continue
                await self._lost.wait()
                # A process that ends while it starts must not be asked in a tight loop.
                await asyncio.sleep(_PAUSE / 10)
        finally:
            self._frames.on_lost = lambda: None
            self._frames.close()
            self._fail_all()

    def send_items(self, items: "list[tuple[Any, asyncio.Future[Any]]]", asked: Asked) -> None:
        """Send items that have version, priority and timeout in common."""
        first = self._next
        self._next += len(items)
        timeout = asked.timeout
        deadline = self._loop.time() + timeout + _GRACE
        for number, (_, future) in enumerate(items, first):
            self.pending[number] = (future, deadline, timeout)
        pack = self._inputs.pack
        try:
            values = [value for value, _ in items] if pack is None else [pack(value) for value, _ in items]
            self._frames.send([PREDICT, first, *asked, values])
        except Exception:  # noqa: BLE001 - some value cannot travel: found out one by one
            for number, (value, future) in enumerate(items, first):
                try:
                    self._frames.send([PREDICT, number, *asked, [value if pack is None else pack(value)]])
                except Exception as error:  # noqa: BLE001 - it is this item's answer
                    self.pending.pop(number, None)
                    if not future.done():
                        future.set_exception(error)

    def sweep(self, now: float) -> None:
        """Tell the model about items whose client has left, and answer those that take too long."""
        left = []
        for number, (future, deadline, timeout) in self.pending.items():
            if future.done():
                left.append(number)
            elif deadline <= now:
                future.set_exception(HandlerTimeout(timeout))
                left.append(number)
        for number in left:
            del self.pending[number]
        if left:
            self._frames.send([CANCEL, left])

    def open_stream(self, stream: TokenStream, value: Any, asked: Asked) -> None:
        """Begin a stream."""
        pack = self._inputs.pack
        self._frames.send([STREAM, stream.id, asked.version, asked.priority, value if pack is None else pack(value)])
        self.streams[stream.id] = stream

    def cancel_stream(self, id: str) -> None:
        """Let the model make no further step for a stream."""
        self._frames.send([STOP_STREAM, id, None])

    async def stop_stream(self, id: str) -> bool:
        """Stop a stream that another web process may read. False where the replica knows none of this id, or is gone."""
        number = self._next
        self._next += 1
        future: asyncio.Future[bool] = self._loop.create_future()
        self._stops[number] = future
        self._frames.send([STOP_STREAM, id, number])
        return await future

    async def load(self, context: LoadContext) -> None:
        """Load a version there. Raises what went wrong, and RuntimeError where the process is gone."""
        number = self._next
        self._next += 1
        future = self._loads[number] = self._loop.create_future()
        self._frames.send([LOAD, number, context.version, None if context.path is None else str(context.path), context.about])
        await future

    def wake(self) -> None:
        """Let a spare replica load. It says hello when it is awake, and is told which versions are wanted."""
        self.is_woken = True
        self._frames.send([WAKE])

    def unload(self, version: str) -> None:
        """Forget a version there."""
        self.versions = tuple(known for known in self.versions if known != version)
        self._frames.send([UNLOAD, version])

    @property
    def status(self) -> ReplicaStatus:
        """What the replica said last."""
        waiting, running = self._status
        state: ReplicaState = "ready" if self.versions else "starting"
        device = self.declaration.device(self.number)
        streams = len(self.streams)
        return ReplicaStatus(self.number, state, device, self.versions, waiting, running + streams, self.process)

    # What comes back --------------------------------------------------------------------------------------------

    def _hear(self, message: Any) -> None:
        self._heard[message[0]](*message[1:])

    def _hear_tokens(self, told: list[Any]) -> None:
        for id, value, error, is_end in told:  # noqa: A001 - the stream's own word
            self._hand_on(id, value, error, is_end=is_end)

    def _hear_hello(self, number: int, versions: list[str], process: int) -> None:
        self.process, self.is_woken = process, True
        self._hear_versions(versions)

    def _hear_versions(self, versions: list[str]) -> None:
        self.versions = tuple(versions)
        self.on_ready(self)

    def _hear_loaded(self, number: int, failure: Any) -> None:
        future = self._loads.pop(number, None)
        if future is not None and not future.done():
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(read_failure(failure))

    def _hear_stopped(self, number: int, is_stopped: bool) -> None:
        future = self._stops.pop(number, None)
        if future is not None and not future.done():
            future.set_result(is_stopped)

    def _hear_grow(self) -> None:
        self.on_grow()

    def _hear_leave(self) -> None:
        """The replica ends. Nothing is sent from here on; what was sent is still answered."""
        self.versions, self.is_woken = (), self.is_lasting
        self._frames.send([GOODBYE])

    def _answer(self, numbers: list[int], values: list[Any], failures: list[Any], status: list[int], facts: list[Any]) -> None:
        pending, unpack = self.pending, self._outputs.unpack
        for number, raw in zip(numbers, values, strict=True):
            waiting = pending.pop(number, None)
            if waiting is not None and not waiting[0].done():
                waiting[0].set_result(raw if unpack is None else unpack(raw))
        for number, told in failures:
            waiting = pending.pop(number, None)
            if waiting is not None and not waiting[0].done():
                waiting[0].set_exception(read_failure(told))
        if not pending:
            self._frames.carrier.forget()
        self._status = (status[0], status[1])
        for version, size, queued, seconds, errors in facts:
            name = self.declaration.name
            self.on_batch(ModelBatch(name, version, self.number, size, tuple(queued), seconds, errors))

    def _hand_on(self, id: str, value: Any, error: Any, *, is_end: bool) -> None:
        stream = self.streams.get(id)
        if stream is None:
            return
        if is_end:
            del self.streams[id]
            stream.end(None if error is None else read_failure(error))
        else:
            unpack = self._tokens.unpack
            stream.push(value if unpack is None else unpack(value))
            if stream.is_cancelled:
                self.cancel_stream(id)

    def _lose(self) -> None:
        self.versions, self.process = (), None
        self.is_woken = self.is_lasting
        self._status = (0, 0)
        self._fail_all()
        self._lost.set()

    def _fail_all(self) -> None:
        gone = "The model's process has ended; a new one takes its place."
        pending, self.pending = self.pending, {}
        for future, _, _ in pending.values():
            if not future.done():
                future.set_exception(unavailable(gone))
        streams, self.streams = self.streams, {}
        for stream in streams.values():
            stream.end(unavailable(gone))
        stops, self._stops = self._stops, {}
        for stopping in stops.values():
            if not stopping.done():
                stopping.set_result(False)
        loads, self._loads = self._loads, {}
        for loading in loads.values():
            if not loading.done():
                loading.set_exception(RuntimeError(gone))
