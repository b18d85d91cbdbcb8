"""A model in processes of its own: replicas that every web process shares."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from trine.errors import HandlerTimeout, HTTPException, TooBusy
from trine.events import ModelBatch

from .asking import Asked
from .companion import ModelAddresses
from .context import LoadContext
from .declaration import ModelDeclaration
from .failures import unavailable
from .link import Link
from .nursery import Nursery
from .runner import ReplicaStatus
from .streams import TokenStream

_TICK = 0.25


class ProcessRunner:
    """Sends items to the replica with the least to do. While none can answer, as many wait as may, until their time is over.

    Where the server does not keep the processes, the runner starts them itself.
    """

    def __init__(self, declaration: ModelDeclaration, addresses: ModelAddresses, on_batch: Callable[[ModelBatch], None]) -> None:
        self.declaration = declaration
        self.addresses = addresses
        self._nursery = None if addresses.is_kept else Nursery(addresses)
        self.on_batch = on_batch
        self.links: list[Link] = []
        self._keeping: list[asyncio.Task[None]] = []
        self._outbox: dict[Asked, list[tuple[Any, asyncio.Future[Any]]]] = {}
        self._is_planned = False
        self._parked: list[tuple[float, Asked, Any, asyncio.Future[Any]]] = []
        self._parked_streams: list[tuple[float, TokenStream, Any, Asked]] = []
        self._wanted: dict[str, LoadContext] = {}
        self._loading: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to look for the replicas. What is asked before they answer waits for them."""
        self._loop = asyncio.get_running_loop()
        first = self.declaration.version
        self._wanted.setdefault(first, LoadContext(first))
        if self._nursery is None:
            self.addresses.let_go()
        else:
            self._nursery.start()
        paths = self.addresses.paths
        self.links = [Link(self.declaration, number, address, self.on_batch) for number, address in enumerate(paths)]
        for link in self.links:
            link.on_ready = self._greet
            link.on_grow = self._grow
        self._keeping = [asyncio.create_task(link.keep(), name=f"link to {self.declaration.name}") for link in self.links]

    async def stop(self) -> None:
        """Hang up. What is still asked gets 503."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for task in [*self._keeping, *self._loading]:
            task.cancel()
        await asyncio.gather(*self._keeping, *self._loading, return_exceptions=True)
        for _, _, _, future in self._parked:
            if not future.done():
                future.set_exception(unavailable("The model is being stopped."))
        self._parked.clear()
        if self._nursery is not None:
            await self._nursery.stop()

    def submit(self, value: Any, asked: Asked) -> "asyncio.Future[Any]":
        """Queue an item. It is sent with all others of this turn of the loop."""
        future: asyncio.Future[Any] = self._loop.create_future()
        items = self._outbox.get(asked)
        if items is None:
            items = self._outbox[asked] = []
        items.append((value, future))
        if not self._is_planned:
            self._is_planned = True
            self._loop.call_soon(self._flush)
        return future

    def stream(self, value: Any, asked: Asked, *, id: str) -> TokenStream:
        """Begin a stream on the replica with the least to do."""
        tokens = TokenStream(id)
        opening = (self._loop.time() + asked.timeout, tokens, value, asked)
        if not self._open_stream(*opening):
            if len(self._parked_streams) >= self.declaration.max_queue:
                raise unavailable("The model is starting. Try again soon.")
            self._parked_streams.append(opening)
            self._plan_sweep()
        return tokens

    def _open_stream(self, deadline: float, tokens: TokenStream, value: Any, asked: Asked) -> bool:
        link = self._least_busy(asked.version)
        if link is None:
            return False
        if len(link.streams) >= self.declaration.max_queue + self.declaration.max_batch:
            raise TooBusy(self.declaration.max_batch, len(link.streams))
        link.open_stream(tokens, value, asked)
        return True

    def cancel(self, id: str) -> bool:
        """Stop a stream that this web process reads."""
        for link in self.links:
            if id in link.streams:
                stream = link.streams.pop(id)
                link.cancel_stream(id)
                stream.end()
                return True
        for opening in self._parked_streams:
            tokens = opening[1]
            if tokens.id == id and not tokens.is_cancelled:
                tokens.cancel()
                tokens.end()
                return True
        return False

    async def stop_stream(self, id: str) -> bool:
        """Stop a stream, whichever web process reads it: the replicas know."""
        if self.cancel(id):
            return True
        return any(await asyncio.gather(*[link.stop_stream(id) for link in self.links if link.versions]))

    async def load(self, context: LoadContext) -> None:
        """Load a version on every replica that is there; those that come later load it before they get its items."""
        self._wanted[context.version] = context
        try:
            await asyncio.gather(*[link.load(context) for link in self.links if link.versions])
        except Exception:
            del self._wanted[context.version]
            raise

    async def unload(self, version: str) -> None:
        """Forget a version on every replica."""
        self._wanted.pop(version, None)
        for link in self.links:
            if link.versions:
                link.unload(version)

    @property
    def replicas(self) -> Sequence[ReplicaStatus]:
        """Every replica that is there, and those that are to be."""
        return [link.status for link in self.links if link.is_woken]

    # Sending ----------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        self._is_planned = False
        outbox, self._outbox = self._outbox, {}
        for asked, items in outbox.items():
            self._send(asked, items)
        self._plan_sweep()

    def _plan_sweep(self) -> None:
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(_TICK, self._sweep)

    def _send(self, asked: Asked, items: list[tuple[Any, "asyncio.Future[Any]"]]) -> None:
        # With several replicas, each gets a batch at a time: what does not fit into it need not wait behind it.
        most = len(items) if len(self.links) == 1 else self.declaration.max_batch
        while items:
            link = self._least_busy(asked.version)
            if link is None:
                self._park(asked, items)
                return
            room = self.declaration.max_queue + self.declaration.max_batch - len(link.pending)
            if room <= 0:
                for _, future in items:
                    if not future.done():
                        future.set_exception(TooBusy(self.declaration.max_batch, len(link.pending)))
                return
            size = min(most, room)
            link.send_items(items[:size], asked)
            items = items[size:]

    def _least_busy(self, version: str) -> Link | None:
        if len(self.links) == 1:
            alone = self.links[0]
            return alone if version in alone.versions else None
        able = [link for link in self.links if version in link.versions]
        return min(able, key=lambda link: len(link.pending) + len(link.streams), default=None)

    def _park(self, asked: Asked, items: list[tuple[Any, "asyncio.Future[Any]"]]) -> None:
        deadline = self._loop.time() + asked.timeout
        for value, future in items:
            if self.links and any(link.versions for link in self.links) and asked.version not in self._wanted:
                if not future.done():
                    future.set_exception(HTTPException(404, f"The model has no version '{asked.version[:100]}'."))
            elif len(self._parked) >= self.declaration.max_queue:
                if not future.done():
                    future.set_exception(unavailable("The model is starting. Try again soon."))
            else:
                self._parked.append((deadline, asked, value, future))

    def _greet(self, link: Link) -> None:
        """A replica is there, or has another version: it loads what it lacks, and gets what waits for it."""
        for version, context in self._wanted.items():
            if version not in link.versions:
                task = asyncio.create_task(self._load_late(link, context))
                self._loading.add(task)
                task.add_done_callback(self._loading.discard)
        parked, self._parked = self._parked, []
        groups: dict[Asked, list[tuple[Any, asyncio.Future[Any]]]] = {}
        for _, asked, value, future in parked:
            if not future.done():
                groups.setdefault(asked, []).append((value, future))
        for asked, items in groups.items():
            self._send(asked, items)
        streams, self._parked_streams = self._parked_streams, []
        self._parked_streams += [one for one in streams if not one[1].is_cancelled and not self._open_stream(*one)]

    def _grow(self) -> None:
        """Items wait: another replica is woken, one at a time. Every web process picks the same one."""
        if all(link.versions for link in self.links if link.is_woken):
            sleeping = next((link for link in self.links if not link.is_woken), None)
            if sleeping is not None:
                if self._nursery is not None:
                    self._nursery.start_spare(sleeping.number)
                sleeping.wake()

    async def _load_late(self, link: Link, context: LoadContext) -> None:
        try:
            await link.load(context)
        except Exception:  # noqa: BLE001 - the model's own process has logged it
            return

    def _sweep(self) -> None:
        now = self._loop.time()
        for link in self.links:
            link.sweep(now)
        kept = []
        for entry in self._parked:
            deadline, asked, _, future = entry
            if future.done():
                continue
            if deadline <= now:
                future.set_exception(HandlerTimeout(asked.timeout))
            else:
                kept.append(entry)
        self._parked = kept
        for opening in self._parked_streams:
            if opening[0] <= now:
                opening[1].end(unavailable("The model did not start in time."))
        self._parked_streams = [one for one in self._parked_streams if one[0] > now]
        busy = self._parked or self._parked_streams or any(link.pending for link in self.links)
        self._sweeping = self._loop.call_later(_TICK, self._sweep) if busy else None
