"""Types that several rooms share, so that no import points upward."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, Literal, Protocol, Self, TypedDict, TypeVar, Unpack

F = TypeVar("F", bound=Callable[..., Any])
T_co = TypeVar("T_co", covariant=True)


class Decorator(Protocol):
    """Takes a function, notes something about it, and gives the same function back."""

    def __call__(self, function: F, /) -> F:
        """Note the function."""
        ...


# ASGI 3.0 (asgi.readthedocs.io/en/latest/specs): what a server passes to an application.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class State:
    """A bag of attributes: what an application or a request carries along for its handlers."""

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        object.__setattr__(self, "_state", {} if values is None else values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._state[name]
        except KeyError:
            raise AttributeError(f"state has no '{name}'. Set it first: state.{name} = ...") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._state[name] = value

    def __delattr__(self, name: str) -> None:
        del self._state[name]

    def __getitem__(self, name: str) -> Any:
        return self._state[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._state[name] = value

    def __delitem__(self, name: str) -> None:
        del self._state[name]

    def __contains__(self, name: object) -> bool:
        return name in self._state

    def __iter__(self) -> Iterator[str]:
        return iter(self._state)

    def __len__(self) -> int:
        return len(self._state)

    def as_dict(self) -> dict[str, Any]:
        """The values by name, not a copy: what an ASGI scope carries as its `state`."""
        values: dict[str, Any] = self._state
        return values


class Application(Protocol):
    """What a request knows of the application that answers it."""

    state: State
    debug: bool

    @property
    def settings(self) -> Any:
        """The application's settings."""
        ...

    def url_path_for(self, name: str, /, **path_params: Any) -> str:
        """Build the path of a named route."""
        ...

    def state_below(self, mounted: Any) -> dict[str, Any]:
        """What the lifespan of a mounted application yields. Whoever is asked for is started with this application."""
        ...


class Store(Protocol):
    """Where values that expire are kept by key, for every process that shares it: a session, or whatever else is short of life.

    Keys are at most 200 visible ASCII characters, values are bytes. What is expired is not there any more.
    """

    is_local: bool
    """Whether it answers without ever waiting, so that plain code on the event loop may ask it too."""

    async def get(self, key: str) -> bytes | None:
        """The value of a key, None where there is none."""
        ...

    async def set(self, key: str, value: bytes, *, expires_in: float, only_existing: bool = False) -> bool:
        """Keep a value for a time. With `only_existing` in place of another one alone; whether it was kept is told."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a key. One that is not there is no mistake."""
        ...

    async def aclose(self) -> None:
        """Let go of what the running loop holds, such as connections: the application stops. Later calls begin anew."""
        ...


class User(Protocol):
    """Who sends a request, as an authentication battery sets it."""

    @property
    def is_authenticated(self) -> bool:
        """Whether the user is known."""
        ...


class MailOptions(TypedDict, total=False):
    """What a message may say besides its subject, recipients and words."""

    sender: str | None
    """Who sends it, where that is not the application's usual sender."""
    cc: str | Iterable[str]
    bcc: str | Iterable[str]
    """Recipients that nobody sees."""
    reply_to: str | Iterable[str]
    attachments: Iterable[Any]
    headers: Mapping[str, str]


class Mailer(Protocol):
    """What sends mail, as `app.mail` gives it."""

    async def send(self, message: Any) -> Any:
        """Send a message."""
        ...

    async def send_mail(
        self, subject: str, to: str | Iterable[str], text: str = "", html: str = "", **options: Unpack[MailOptions]
    ) -> Any:
        """Make a message and send it."""
        ...

    def render_mail(
        self,
        template: str,
        values: Mapping[str, Any] | None = None,
        *,
        subject: str,
        to: str | Iterable[str],
        **options: Unpack[MailOptions],
    ) -> Any:
        """Make a message from templates."""
        ...


class RowSource(Protocol[T_co]):
    """Rows that are asked for piece by piece: a list in memory, or a query that has not run yet.

    Lookups are Django's: a field, or a path of fields, and a word such as `price__gte` or `author__name__icontains`.
    Every method but `count` and `fetch` gives a new source and reads nothing.
    """

    @property
    def ordering(self) -> tuple[str, ...]:
        """The fields of the order, a `-` before descending ones; empty where there is none. None is the least value."""
        ...

    def filter(self, **lookups: Any) -> Self:
        """Keep the rows that fit every lookup."""
        ...

    def filter_any(self, *alternatives: Mapping[str, Any]) -> Self:
        """Keep the rows that fit every lookup of at least one alternative."""
        ...

    def order_by(self, *fields: str) -> Self:
        """Put the rows in another order."""
        ...

    async def count(self) -> int:
        """How many rows there are."""
        ...

    async def fetch(self, offset: int, limit: int) -> Sequence[T_co]:
        """Read at most `limit` rows, leaving `offset` out first."""
        ...


RunnerName = Literal["auto", "thread", "process", "ray"]


class ModelOptions(TypedDict, total=False):
    """What may be said about a model besides its path and its class."""

    name: str
    """The name in addresses, logs and metrics; made from the class's name when absent."""
    version: str
    """The version that answers first; "1" when absent."""
    max_batch: int
    """Most items that one call of `predict` or `step` gets; 32 when absent."""
    max_wait_ms: float
    """Longest wait for further items while others are known to come; 5 when absent. A lone request never waits."""
    max_queue: int
    """How many items may wait; more get 503 with `Retry-After`. Sixteen batches when absent."""
    max_items: int
    """Most items of one list; 1000 when absent."""
    timeout: float | Callable[..., Any]
    """Seconds in which an item must be answered, or a dependency that gives them; 30 when absent."""
    priority: Callable[..., Any]
    """A dependency that gives an item's place in line: 0 first, 7 last, 3 when absent."""
    load_timeout: float
    """Seconds that a process may take to load the model; 120 when absent."""
    runner: RunnerName
    """Where the model runs; what the settings say when absent."""
    replicas: int | tuple[int, int]
    """How many processes hold the model, or the least and the most of them: `(1, 4)`; 1 when absent."""
    grow_wait_ms: float
    """With a least and a most: another replica starts while items wait longer than so; 100 when absent."""
    shrink_after: float
    """With a least and a most: seconds with next to nothing to do, after which a replica above the least ends; 60 when absent."""
    devices: Sequence[str]
    """A device for each replica, one after the other, such as `["cuda:0", "cuda:1"]`; `load` is told its own."""
    registry: Any
    """A `Registry`, its folder or URL, or True for that of the settings: `load` gets the folder of the version to load."""
    split_by: Callable[..., Any]
    """A dependency that gives a text, such as the user's id: who has the same gets the same version while traffic is split."""
    statistics: Any
    """What `training_statistics()` gave, or a JSON file with it, where no registry knows it: inputs are compared with it."""
    allow_pickle: bool
    """Let `load_model()` unpickle for this model: whoever can write the file can run code here. `trine check` names it."""
    replay: Any
    """An `EventLog` that keeps the events of streams, so that a client that comes back gets what it has missed."""
    linger: float
    """Seconds that a stream with `replay` goes on when nobody listens any more; 30 when absent."""
    tags: list[Any]
    """Groups in the API documentation; the model's name when absent."""
    dependencies: Sequence[Any]
    """Dependencies of every route of the model, such as who may ask."""
    summary: str
    """One line for the documentation; made from the name when absent."""
    include_in_schema: bool
    """Whether the documentation shows the model's routes; yes when absent."""
    max_body_size: int
    """Largest body in bytes; the application's limit when absent."""
