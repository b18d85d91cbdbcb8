"""A model on Ray Serve: the same class, when one machine is not enough. Install it with `pip install "trine[ray]"`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from trine.errors import SetupError
from trine.events import ModelBatch

from .asking import Asked
from .carrier import Carrier
from .context import LoadContext
from .declaration import ModelDeclaration
from .failures import read_failure, tell_failure
from .packing import make_packing
from .replica import Replica
from .runner import ReplicaStatus
from .streams import TokenStream


class RayReplica:
    """What runs on the cluster: a replica behind methods that take and give messages, not objects."""

    def __init__(self, declaration: ModelDeclaration) -> None:
        self.declaration = declaration
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
        await replica.start()
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
    """Sends the items of one turn of the loop in one call. Ray chooses the replica, and keeps as many as are allowed."""

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
        self._handle: Any = None

    async def start(self) -> None:
        """Join the cluster, or start one here, and deploy the model."""
        self._loop = asyncio.get_running_loop()
        self._handle = await asyncio.to_thread(self._deploy)

    def _deploy(self) -> Any:
        if not self._ray.is_initialized():
            self._ray.init(address=self.address, ignore_reinit_error=True, log_to_driver=False)
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
        name = f"trine-{self.declaration.name}"
        return self._serve.run(deployment.bind(self.declaration), name=name, route_prefix=None)

    async def stop(self) -> None:
        """Take the model from the cluster."""
        running = [*self._calls, *self._streams.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.to_thread(self._serve.delete, f"trine-{self.declaration.name}")

    def submit(self, value: Any, asked: Asked) -> "asyncio.Future[Any]":
        """Queue an item. It is sent with all others of this turn of the loop."""
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

    async def _call(self, asked: Asked, items: list[tuple[Any, "asyncio.Future[Any]"]]) -> None:
        try:
            message = self._carrier.encode([*asked, self._inputs.pack_all([value for value, _ in items])])
            outputs, failures, facts = self._carrier.decode(await self._handle.predict.remote(message))
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
        tokens = TokenStream(id)
        packed = value if self._inputs.pack is None else self._inputs.pack(value)
        message = self._carrier.encode([id, asked.version, asked.priority, packed])
        task = self._streams[id] = asyncio.create_task(self._follow(message, tokens))
        task.add_done_callback(lambda _: self._streams.pop(id, None))
        return tokens

    async def _follow(self, message: bytes, tokens: TokenStream) -> None:
        made = self._handle.options(stream=True).stream.remote(message)
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
        """Ray starts what it runs from the declaration: another version is another deployment of the application."""
        raise SetupError(
            f"The model {self.declaration.name} runs on Ray, which loads version {self.declaration.version} alone.",
            hint="Deploy the application anew with the other version.",
        )

    async def unload(self, version: str) -> None:
        """There is nothing beside the one version."""

    @property
    def replicas(self) -> Sequence[ReplicaStatus]:
        """The deployment as a whole: Ray knows its parts."""
        if self._handle is None:
            return ()
        state = "starting"
        with suppress(Exception):
            found = self._serve.status().applications[f"trine-{self.declaration.name}"]
            state = "ready" if found.status == "RUNNING" else "starting"
        versions = (self.declaration.version,)
        return [ReplicaStatus(0, state, "ray", versions, 0, len(self._calls) + len(self._streams))]  # type: ignore[arg-type] # one of its states
