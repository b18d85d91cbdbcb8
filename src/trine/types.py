"""Types that several rooms share, so that no import points upward."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


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

    def __contains__(self, name: object) -> bool:
        return name in self._state

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


class User(Protocol):
    """Who sends a request, as an authentication battery sets it."""

    @property
    def is_authenticated(self) -> bool:
        """Whether the user is known."""
        ...
