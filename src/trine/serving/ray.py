"""A model on Ray Serve: the same class, when one machine is not enough. Install it with `pip install "trine[ray]"`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from trine.errors import HTTPException, SetupError
from trine.events import ModelBatch

from .asking import Asked
from .carrier import Carrier
from .context import LoadContext
from .declaration import ModelDeclaration
from .failures import read_failure, tell_failure
from .packing import make_packing
from .replica import Replica
from .runner import ReplicaState, ReplicaStatus
from .streams import TokenStream


class RayReplica:
    """What runs on the cluster: a replica behind methods that take and give messages, not objects."""

    def __init__(self, declaration: ModelDeclaration, version: str) -> None:
        self.declaration = declaration
        self.version = version
        self.carrier = Carrier(None)
        self.inputs = make_packing(declaration.input_type)
        self.outputs = make_packing(declaration.output_type)
        self.tokens = make_packing(declaration.token_type)
        self.batches: list[ModelBatch] = []
        self._starting: asyncio.Task[Replica] | None = None

    async def check_health(self) -> None:
        """Load the model, once. Ray asks before it sends anything."""
        await self.replica()

    async def replica(self) -> Replica:
        """The loaded replica."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> Replica:
        replica = Replica(self.declaration, on_batch=self.batches.append)
        await replica.start(loaded=False)
        # A registry's files are fetched on the machine where they are needed.
        await replica.load(LoadContext(self.version))
        return replica

    async def predict(self, message: bytes) -> bytes:
        """Answer items: their outputs, and what failed by its place."""
        version, priority, timeout, values = self.carrier.decode(message)
        replica = await self.replica()
        asked = Asked(version, priority, timeout)
        outcomes = [self._submit(replica, raw, asked) for raw in values]
        outputs: list[Any] = []
        failures: list[Any] = []
        for place, outcome in enumerate(await asyncio.gather(*outcomes, return_exceptions=True)):
            if isinstance(outcome, BaseException):
                failures.append([place, tell_failure(outcome)])
                outputs.append(None)
            else:
                outputs.append(outcome if self.outputs.pack is None else self.outputs.pack(outcome))
        batches, self.batches[:] = list(self.batches), []
        facts = [[b.version, b.size, b.queue_seconds, b.inference_seconds, b.errors] for b in batches]
        return self.carrier.encode([outputs, failures, facts])

    async def _submit(self, replica: Replica, raw: Any, asked: Asked) -> Any:
        value = raw if self.inputs.unpack is None else self.inputs.unpack(raw)
        return await replica.submit(value, asked)

    async def stream(self, message: bytes) -> AsyncIterator[bytes]:
        """Give a stream's tokens, each a message; a failure is the last."""
        name, version, priority, raw = self.carrier.decode(message)
        replica = await self.replica()
        value = raw if self.inputs.unpack is None else self.inputs.unpack(raw)
        tokens = replica.stream(value, Asked(version, priority, 0.0), id=name)
        try:
            async for token in tokens:
                yield self.carrier.encode([token if self.tokens.pack is None else self.tokens.pack(token), None])
        except Exception as error:  # noqa: BLE001 - it is the stream's answer
            yield self.carrier.encode([None, tell_failure(error)])
        finally:
            tokens.cancel()
            replica.cancel(name)


class RayRunner:
    """Sends the items of one turn of the loop in one call. Ray chooses the replica, and keeps as many as are allowed.

    Each version is an application of Ray Serve. A cluster that was started here ends with this process; what is deployed
    on another one stays, because other web workers and the next release ask it too.
    """

    def __init__(self, declaration: ModelDeclaration, address: str | None, on_batch: Callable[[ModelBatch], None]) -> None:
        try:
            ray: Any = import_module("ray")
            serve: Any = import_module("ray.serve")
        except ImportError:
            raise SetupError(
                f"The model {declaration.name} wants to run on Ray, which is not installed.",
                hint='Install it with: pip install "trine[ray]"',
                where=declaration.where,
            ) from None
        self.declaration = declaration
        self.address = address
        self.on_batch = on_batch
        self._ray, self._serve = ray, serve
        self._carrier = Carrier(None)
        self._inputs = make_packing(declaration.input_type)
        self._outputs = make_packing(declaration.output_type)
        self._tokens = make_packing(declaration.token_type)
        self._outbox: dict[Asked, list[tuple[Any, asyncio.Future[Any]]]] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._streams: dict[str, asyncio.Task[None]] = {}
        self._handles: dict[str, Any] = {}
        """The deployments by version."""
        self._owns_cluster = False

    async def start(self) -> None:
        """Join the cluster, or start one here, and deploy the first version."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._join)
        await self.load(LoadContext(self.declaration.version))

    def _join(self) -> None:
        if not self._ray.is_initialized():
            self._owns_cluster = self.address is None
            self._ray.init(address=self.address, ignore_reinit_error=True, log_to_driver=False)

    def _deploy(self, version: str) -> Any:
        least, most = self.declaration.replicas
        devices = self.declaration.options.get("devices", ())
        sizes: dict[str, Any] = {"num_replicas": least}
        if most > least:
            sizes = {"autoscaling_config": {"min_replicas": least, "max_replicas": most}}
        deployment = self._serve.deployment(
            RayReplica,
            name=self.declaration.name,
            max_ongoing_requests=self.declaration.max_queue,
            ray_actor_options={"num_gpus": 1 if any(device.startswith("cuda") for device in devices) else 0},
            **sizes,
        )
        return self._serve.run(deployment.bind(self.declaration, version), name=self._name(version), route_prefix=None)

    def _name(self, version: str) -> str:
        return f"trine-{self.declaration.name}-{version}"

    async def stop(self) -> None:
        """Let go of the deployments, and end a cluster that was started here."""
        running = [*self._calls, *self._streams.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        handles, self._handles = self._handles, {}
        for handle in handles.values():
            await handle.shutdown_async()
        if self._owns_cluster:
            await asyncio.to_thread(self._serve.shutdown)
            await asyncio.to_thread(self._ray.shutdown)

    def submit(self, value: Any, asked: Asked) -> "asyncio.Future[Any]":
        """Queue an item. It is sent with all others of this turn of the loop."""
        self._handle_of(asked.version)
        future: asyncio.Future[Any] = self._loop.create_future()
        if not self._outbox:
            self._loop.call_soon(self._flush)
        self._outbox.setdefault(asked, []).append((value, future))
        return future

    def _flush(self) -> None:
        outbox, self._outbox = self._outbox, {}
        for asked, items in outbox.items():
            task = asyncio.create_task(self._call(asked, items))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)

    def _handle_of(self, version: str) -> Any:
        handle = self._handles.get(version)
        if handle is None:
            raise HTTPException(404, f"The model has no version '{version[:100]}'.")
        return handle

    async def _call(self, asked: Asked, items: list[tuple[Any, "asyncio.Future[Any]"]]) -> None:
        try:
            message = self._carrier.encode([*asked, self._inputs.pack_all([value for value, _ in items])])
            outputs, failures, facts = self._carrier.decode(await self._handle_of(asked.version).predict.remote(message))
        except Exception as error:  # noqa: BLE001 - it is the answer to those items
            for _, future in items:
                if not future.done():
                    future.set_exception(error)
            return
        failed = {place: read_failure(told) for place, told in failures}
        for place, ((_, future), raw) in enumerate(zip(items, outputs, strict=True)):
            if future.done():
                continue
            if place in failed:
                future.set_exception(failed[place])
            else:
                future.set_result(raw if self._outputs.unpack is None else self._outputs.unpack(raw))
        for version, size, queued, seconds, errors in facts:
            self.on_batch(ModelBatch(self.declaration.name, version, 0, size, tuple(queued), seconds, errors))

    def stream(self, value: Any, asked: Asked, *, id: str) -> TokenStream:
        """Begin a stream."""
        handle = self._handle_of(asked.version)
        tokens = TokenStream(id)
        packed = value if self._inputs.pack is None else self._inputs.pack(value)
        message = self._carrier.encode([id, asked.version, asked.priority, packed])
        task = self._streams[id] = asyncio.create_task(self._follow(handle, message, tokens))
        task.add_done_callback(lambda _: self._streams.pop(id, None))
        return tokens

    async def _follow(self, handle: Any, message: bytes, tokens: TokenStream) -> None:
        made = handle.options(stream=True).stream.remote(message)
        try:
            async for told in made:
                token, failure = self._carrier.decode(told)
                if failure is not None:
                    tokens.end(read_failure(failure))
                    return
                tokens.push(token if self._tokens.unpack is None else self._tokens.unpack(token))
        except asyncio.CancelledError:
            made.cancel()
            tokens.end()
            raise
        except Exception as error:  # noqa: BLE001 - it is the stream's answer
            tokens.end(error)
        else:
            tokens.end()

    def cancel(self, id: str) -> bool:
        """Stop a stream that this process reads."""
        task = self._streams.get(id)
        if task is None:
            return False
        task.cancel()
        return True

    async def stop_stream(self, id: str) -> bool:
        """Stop a stream that this process reads: with Ray there is one web worker where models stream."""
        return self.cancel(id)

    async def load(self, context: LoadContext) -> None:
        """Deploy a version beside those that are there. Returns when it can answer."""
        if context.version not in self._handles:
            self._handles[context.version] = await asyncio.to_thread(self._deploy, context.version)

    async def unload(self, version: str) -> None:
        """Take a version from a cluster that was started here; from another one, which others may ask, nothing is taken."""
        handle = self._handles.pop(version, None)
        if handle is not None:
            await handle.shutdown_async()
            if self._owns_cluster:
                await asyncio.to_thread(self._serve.delete, self._name(version))

    @property
    def replicas(self) -> Sequence[ReplicaStatus]:
        """The deployments as one: Ray knows their parts."""
        if not self._handles:
            return ()
        state: ReplicaState = "starting"
        with suppress(Exception):
            found = self._serve.status().applications
            states = {found[self._name(version)].status for version in self._handles}
            state = "ready" if states == {"RUNNING"} else "starting"
        return [ReplicaStatus(0, state, "ray", tuple(self._handles), 0, len(self._calls) + len(self._streams))]
