"""What happens while an application works: the one seam for whoever watches it.

A watcher is called when something begins, and gives a context manager that is left when it ends, with the exception if it failed.
Whoever watches is compiled into the routes; where nobody does, nothing is, and nobody pays.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

OperationKind = Literal["inputs", "dependency", "handler", "encoding", "background"]


@dataclass(eq=False, slots=True)
class Exchange:
    """A request and its answer, or a talk over a WebSocket, while it lasts."""

    kind: Literal["http", "websocket"]
    method: str
    scheme: str
    path: str
    query: str
    http_version: str
    client: tuple[str, int | None] | None
    server: tuple[str, int | None] | None
    header: Callable[[str], Sequence[str]]
    """The values of every line of a header, by its name in lower case."""
    header_names: Callable[[], Sequence[str]]
    route: str | None = None
    """The path of the route that answers, with its parameters' names; None as long as none was found."""
    status: int | None = None
    error: BaseException | None = None
    """What nobody expected."""
    is_complete: bool = False
    """Whether the whole answer was given to the server."""
    watch_background: "OperationWatcher | None" = None
    """Watches the tasks that run after the answer. Whoever watches the exchange may set it."""
    _callbacks: list[Callable[[], None]] = field(default_factory=list)

    def when_complete(self, callback: Callable[[], None]) -> None:
        """Call a function once the answer is complete, before background work and clean-up, or when there will be none."""
        self._callbacks.append(callback)

    def complete(self) -> None:
        """Say that the answer is complete. A server calls it."""
        self.is_complete = True
        self.end()

    def end(self) -> None:
        """Say that there is nothing more to come."""
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


@dataclass(frozen=True, slots=True)
class Operation:
    """A part of answering. `function` is what is called; for reading inputs and encoding, the handler."""

    kind: OperationKind
    function: Callable[..., Any]
    route: str


@dataclass(frozen=True, slots=True)
class ModelBatch:
    """One batch that a model has computed. Of several processes, exactly one is told about it."""

    model: str
    version: str
    replica: int
    size: int
    queue_seconds: tuple[float, ...]
    """How long each of its items waited until the batch began."""
    inference_seconds: float
    errors: int
    """Items that failed."""


BatchWatcher = Callable[[ModelBatch], None]
"""Is told about a batch when it is answered."""

ExchangeWatcher = Callable[[Exchange], AbstractContextManager[Any]]
OperationWatcher = Callable[[Operation, Mapping[str, Any]], AbstractContextManager[Any]]
"""Takes an operation and the arguments of its function."""

NO_ARGUMENTS: Mapping[str, Any] = MappingProxyType({})

current_exchange: ContextVar[Exchange | None] = ContextVar("current_exchange", default=None)
"""The exchange that is watched here; None where nobody watches."""


@contextmanager
def unwatched() -> Iterator[None]:
    """Leave the exchange that is answered inside alone."""
    token = current_exchange.set(None)
    try:
        yield
    finally:
        current_exchange.reset(token)


def note_route(route: str) -> None:
    """Tell whoever watches which route answers."""
    exchange = current_exchange.get()
    if exchange is not None:
        exchange.route = route


def note_error(error: BaseException) -> None:
    """Tell whoever watches about an error that nobody expected."""
    exchange = current_exchange.get()
    if exchange is not None:
        exchange.error = error


class Events:
    """Who watches an application."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._exchange_watchers: list[ExchangeWatcher] = []
        self._operation_watchers: dict[OperationKind, list[OperationWatcher]] = {}
        self._batch_watchers: list[BatchWatcher] = []

    def watch_exchanges(self, watcher: ExchangeWatcher) -> None:
        """Watch every request and every WebSocket."""
        self._exchange_watchers.append(watcher)
        self._changed()

    def watch_operations(self, kind: OperationKind, watcher: OperationWatcher) -> None:
        """Watch one kind of work inside them.

        `inputs` is reading and checking them, dependencies included; then there are each `dependency`, the `handler`, and the
        `encoding` of its value.
        """
        self._operation_watchers.setdefault(kind, []).append(watcher)
        self._changed()

    def watch_batches(self, watcher: BatchWatcher) -> None:
        """Watch every batch that a model computes. A watcher that comes later hears of the batches after it."""
        self._batch_watchers.append(watcher)

    def note_batch(self, batch: ModelBatch) -> None:
        """Tell whoever watches about a batch."""
        for watcher in self._batch_watchers:
            watcher(batch)

    @property
    def exchange_watcher(self) -> ExchangeWatcher | None:
        """All watchers of exchanges as one, None where there are none."""
        watcher: ExchangeWatcher | None = _together(self._exchange_watchers)
        return watcher

    def operation_watcher(self, kind: OperationKind) -> OperationWatcher | None:
        """All watchers of a kind of operation as one, None where there are none."""
        watcher: OperationWatcher | None = _together(self._operation_watchers.get(kind, ()))
        return watcher


def _together(watchers: Sequence[Callable[..., AbstractContextManager[Any]]]) -> Any:
    if len(watchers) < 2:
        return watchers[0] if watchers else None

    @contextmanager
    def watch_together(*happening: Any) -> Iterator[None]:
        with ExitStack() as stack:
            for watcher in watchers:
                stack.enter_context(watcher(*happening))
            yield

    return watch_together
