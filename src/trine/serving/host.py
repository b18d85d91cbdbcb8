"""The process that holds one replica: it answers every web process that connects to its socket."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trine.events import ModelBatch

from .carrier import Carrier
from .context import LoadContext
from .declaration import ModelDeclaration
from .failures import Told, tell_failure
from .frames import FrameProtocol
from .line import Job
from .packing import Packing, make_packing
from .replica import Replica
from .scaling import LOOK, Demand

logger = logging.getLogger("trine.serving")

# What a web process says.
PREDICT, CANCEL, STREAM, STOP_STREAM, LOAD, UNLOAD, WAKE, GOODBYE = range(8)
# What a model process says.
HELLO, RESULTS, TOKENS, VERSIONS, LOADED, STOPPED, GROW, LEAVE = range(8, 16)

STUCK = 75
"""Exit status of a process whose model did not come back: it is replaced."""


class ModelHost:
    """One replica behind a Unix socket."""

    def __init__(self, declaration: ModelDeclaration, number: int, folder: Path) -> None:
        self.replica = Replica(declaration, number=number, on_batch=self._note_batch, on_stuck=self._replace, in_own_process=True)
        self.declaration = declaration
        self.folder = folder
        self.inputs = make_packing(declaration.input_type, declaration.where)
        self.outputs = make_packing(declaration.output_type, declaration.where)
        self.tokens = make_packing(declaration.token_type, declaration.where)
        self.clients: set[_Client] = set()
        self.batches: list[ModelBatch] = []
        """Computed, and not told to anybody yet."""
        self.is_spare = number >= declaration.replicas[0]
        """Whether it loads only when it is needed, and ends when it is not any more."""
        self.is_awake = not self.is_spare
        self.woken = asyncio.Event()
        self.has_failed = False

    async def run(self, listener: socket.socket, ready: Callable[[], None], until: asyncio.Event) -> None:
        """Load, answer until told to stop, and let what is computed come to its end."""
        loop = asyncio.get_running_loop()
        self._limit_loading()
        stopped = asyncio.create_task(until.wait())
        starting = asyncio.create_task(self.replica.start(loaded=not self.is_spare))
        await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            return  # Nobody waits for the model any more, and its thread ends with the process.
        starting.result()
        signal.setitimer(signal.ITIMER_REAL, 0)
        listener.setblocking(False)  # noqa: FBT003 - positional in the standard library
        accepting = asyncio.create_task(self._accept(listener))
        ready()
        if not self.is_spare:
            logger.info("The model %s is ready in process %d.", self.declaration.name, os.getpid())
        scaling = asyncio.create_task(self._scale(accepting)) if self.declaration.scales else accepting
        await asyncio.wait([scaling, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in (accepting, scaling, stopped):
            task.cancel()
        await self.replica.stop()
        await asyncio.sleep(0)
        for client in list(self.clients):
            client.flush()
            client.frames.close()
        # What was written is sent before the process ends.
        deadline = loop.time() + 2.0
        while self.clients and loop.time() < deadline:  # noqa: ASYNC110 - transports tell nobody when they are empty
            await asyncio.sleep(0.01)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            client = _Client(self)
            await loop.connect_accepted_socket(lambda client=client: client.frames, connection)  # type: ignore[misc] # mypy does not infer a lambda with a default
            self.clients.add(client)
            if self.is_awake:
                client.greet()

    # Replicas that come and go -----------------------------------------------------------------------------------

    def wake(self) -> None:
        """Somebody needs this replica: every web process is greeted, and says which versions to load."""
        if not self.is_awake:
            self.is_awake = True
            self._limit_loading()
            logger.info("The model %s gets another replica, process %d.", self.declaration.name, os.getpid())
            for client in self.clients:
                client.greet()
            self.woken.set()

    def _limit_loading(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self.declaration.options.get("load_timeout", 120.0))

    def note_loaded(self) -> None:
        """A version is there: the first one of a spare replica was in time."""
        if self.is_spare and len(self.replica.models) == 1:
            signal.setitimer(signal.ITIMER_REAL, 0)

    async def _scale(self, accepting: "asyncio.Task[None]") -> None:
        """Ask for another replica while items wait. A spare one leaves when it is not needed any more."""
        if self.is_spare:
            await self.woken.wait()
        demand = Demand(self.declaration, self.replica)
        while not self.has_failed and not accepting.done():
            await asyncio.sleep(LOOK)
            demand.look()
            if demand.wants_another:
                for client in self.clients:
                    client.frames.send([GROW])
            if self.is_spare and self.replica.models and demand.is_idle:
                break
        # Who connects from now on waits for the next process. Those who are here hear of it, and what they sent is answered.
        accepting.cancel()
        for client in self.clients:
            client.frames.send([LEAVE])
        while any(not client.has_left for client in self.clients) or self.replica.is_busy:  # noqa: ASYNC110 - nobody tells when both hold
            await asyncio.sleep(LOOK / 10)
        logger.info("The model %s does without process %d again.", self.declaration.name, os.getpid())

    def tell_versions(self) -> None:
        """Tell every web process which versions are here."""
        for client in self.clients:
            client.frames.send([VERSIONS, list(self.replica.models)])

    def let_go(self) -> None:
        """Forget the versions that no web process wants."""
        unwanted = set.intersection(*(client.unwanted for client in self.clients)) if self.clients else set()
        gone = unwanted & self.replica.models.keys()
        for version in gone:
            del self.replica.models[version]
        if gone:
            self.tell_versions()

    def _note_batch(self, batch: ModelBatch) -> None:
        self.batches.append(batch)

    def _replace(self) -> None:
        """The model's thread does not come back, and cannot be stopped: this process ends, and another takes its place."""
        for job in self.replica.batcher.batch:
            job.expire()
        for client in self.clients:
            client.flush()
        # Two turns of the loop are enough for what was answered above.
        asyncio.get_running_loop().call_later(0.05, os._exit, STUCK)


class _Client:
    """One web process, as its model sees it."""

    def __init__(self, host: ModelHost) -> None:
        self.host = host
        self.frames = FrameProtocol(Carrier(host.folder))
        self.frames.on_message = self._hear
        self.frames.on_lost = self._lose
        self.waiting: dict[int, _Reply] = {}
        self.streams: dict[str, _StreamReply] = {}
        self._results: list[tuple[int, Any]] = []
        self._failures: list[tuple[int, Told]] = []
        self._tokens: list[tuple[str, Any, Told | None, bool]] = []
        self._is_planned = False
        self._loading: set[asyncio.Task[None]] = set()
        self.has_left = False
        """Whether it sends nothing any more."""
        self.unwanted: set[str] = set()
        """Versions that this process sends nothing to any more."""

    def greet(self) -> None:
        replica = self.host.replica
        self.frames.send([HELLO, replica.number, list(replica.models), os.getpid()])

    def _hear(self, message: Any) -> None:
        kind = message[0]
        if kind == PREDICT:
            self._predict(*message[1:])
        elif kind == CANCEL:
            for number in message[1]:
                reply = self.waiting.pop(number, None)
                if reply is not None:
                    reply.is_done = True
        elif kind == STREAM:
            self._open_stream(*message[1:])
        elif kind == STOP_STREAM:
            is_stopped = self.host.replica.cancel(message[1])
            if message[2] is not None:
                self.frames.send([STOPPED, message[2], is_stopped])
        elif kind == WAKE:
            self.host.wake()
        elif kind == GOODBYE:
            self.has_left = True
        elif kind == LOAD:
            self._load(*message[1:])
        elif kind == UNLOAD:
            self._unload(message[1])

    def _predict(self, first: int, version: str, priority: int, timeout: float, values: list[Any]) -> None:
        replica, unpack, waiting = self.host.replica, self.host.inputs.unpack, self.waiting
        arrived = asyncio.get_running_loop().time()
        jobs = []
        for number, raw in enumerate(values, first):
            reply = waiting[number] = _Reply(self, number)
            try:
                value = raw if unpack is None else unpack(raw)
            except Exception as error:  # noqa: BLE001 - it is this item's answer
                reply.set_exception(error)
            else:
                jobs.append(Job(value, reply, version, arrived, timeout))
        replica.enqueue(jobs, version=version, priority=priority)

    def _open_stream(self, id: str, version: str, priority: int, raw: Any) -> None:
        reply = self.streams[id] = _StreamReply(self, id)
        unpack = self.host.inputs.unpack
        try:
            value = raw if unpack is None else unpack(raw)
            self.host.replica.open_stream(value, reply, id=id, version=version, priority=priority)
        except Exception as error:  # noqa: BLE001 - it is the stream's answer
            reply.end(error)

    def _load(self, number: int, version: str, path: str | None, about: dict[str, Any]) -> None:
        async def load() -> None:
            told = None
            try:
                context = LoadContext(version, path=None if path is None else Path(path), about=about)
                await self.host.replica.load(context)
            except Exception as error:
                logger.exception("Version %s of the model %s did not load.", version, self.host.declaration.name)
                told = tell_failure(error)
                # A spare replica without any version is of no use: the next one tries again.
                self.host.has_failed = self.host.is_spare and not self.host.replica.models
            else:
                self.host.note_loaded()
            self.host.tell_versions()
            self.frames.send([LOADED, number, told])

        self.unwanted.discard(version)
        task = asyncio.create_task(load())
        self._loading.add(task)
        task.add_done_callback(self._loading.discard)

    def _unload(self, version: str) -> None:
        self.unwanted.add(version)
        self.host.let_go()

    # Answers ----------------------------------------------------------------------------------------------------

    def result(self, number: int, value: Any) -> None:
        self.waiting.pop(number, None)
        self._results.append((number, value))
        self._plan()

    def failure(self, number: int, error: BaseException) -> None:
        self.waiting.pop(number, None)
        self._failures.append((number, tell_failure(error)))
        self._plan()

    def token(self, id: str, value: Any) -> None:
        self._tokens.append((id, value, None, False))
        self._plan()

    def end(self, id: str, error: Exception | None) -> None:
        self.streams.pop(id, None)
        self._tokens.append((id, None, None if error is None else tell_failure(error), True))
        self._plan()

    def _plan(self) -> None:
        if not self._is_planned:
            self._is_planned = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Send what was answered in this turn of the loop."""
        self._is_planned = False
        results, self._results = self._results, []
        failures, self._failures = self._failures, []
        tokens, self._tokens = self._tokens, []
        host = self.host
        if results or failures:
            batches, host.batches = host.batches, []
            status = [len(host.replica.batcher.line), len(host.replica.batcher.batch)]
            facts = [[b.version, b.size, b.queue_seconds, b.inference_seconds, b.errors] for b in batches]
            numbers, values = [number for number, _ in results], [value for _, value in results]
            try:
                self.frames.send([RESULTS, numbers, host.outputs.pack_all(values), failures, status, facts])
            except Exception:  # noqa: BLE001 - some value cannot travel: found out one by one
                good, bad = _sort_out(host.outputs, self.frames.carrier, results)
                numbers, values = [number for number, _ in good], [value for _, value in good]
                self.frames.send([RESULTS, numbers, values, failures + bad, status, facts])
        if tokens:
            pack = host.tokens.pack
            told = [(i, v if pack is None or v is None else pack(v), error, is_end) for i, v, error, is_end in tokens]
            self.frames.send([TOKENS, told])

    def _lose(self) -> None:
        self.host.clients.discard(self)
        self.host.let_go()
        for reply in self.waiting.values():
            reply.is_done = True
        for id, stream in list(self.streams.items()):  # noqa: A001 - the stream's own word
            stream.is_cancelled = True
            self.host.replica.cancel(id)


class _Reply:
    """The way back for one item."""

    __slots__ = ("client", "is_done", "number")

    def __init__(self, client: _Client, number: int) -> None:
        self.client = client
        self.number = number
        self.is_done = False

    def done(self) -> bool:
        return self.is_done

    def set_result(self, result: Any, /) -> None:
        self.is_done = True
        self.client.result(self.number, result)

    def set_exception(self, exception: Any, /) -> None:
        self.is_done = True
        self.client.failure(self.number, exception)


class _StreamReply:
    """The way back for one stream."""

    __slots__ = ("client", "id", "is_cancelled", "is_ended")

    def __init__(self, client: _Client, id: str) -> None:
        self.client = client
        self.id = id
        self.is_cancelled = False
        self.is_ended = False

    def push(self, token: Any) -> None:
        self.client.token(self.id, token)

    def end(self, error: Exception | None = None) -> None:
        if not self.is_ended:
            self.is_ended = True
            self.client.end(self.id, error)


def _sort_out(packing: Packing, carrier: Carrier, results: list[tuple[int, Any]]) -> tuple[list[Any], list[Any]]:
    good, bad = [], []
    for number, value in results:
        try:
            packed = value if packing.pack is None else packing.pack(value)
            carrier.encode(packed)
            good.append((number, packed))
        except Exception as error:  # noqa: BLE001 - it is this item's answer
            bad.append((number, tell_failure(error)))
    return good, bad


def run_host(
    declaration: ModelDeclaration, number: int, folder: Path, listener: socket.socket, ready: Callable[[], None], lifeline: int
) -> int:
    """Hold a replica until the other end of the lifeline is gone. Gives the exit status."""
    # Whoever stops a whole group of processes means the server, whose last answers still need this one.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    async def main() -> int:
        until = asyncio.Event()
        loop = asyncio.get_running_loop()

        def orphaned() -> None:
            loop.remove_reader(lifeline)
            until.set()

        loop.add_reader(lifeline, orphaned)
        host = ModelHost(declaration, number, folder)
        await host.run(listener, ready, until)
        return 1 if host.has_failed else 0

    with contextlib.suppress(KeyboardInterrupt):
        return _new_runner().run(main())
    return 0


def _new_runner() -> asyncio.Runner:
    try:
        import uvloop
    except ImportError:
        return asyncio.Runner()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)
