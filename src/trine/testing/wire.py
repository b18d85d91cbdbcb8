"""The two ways into an application, as the clients see them."""

from collections.abc import Coroutine, Mapping
from typing import Any, Literal, Protocol

from .asgi import ASGIWire
from .channel import Channel
from .exchange import Exchange
from .opening import Opening

Interface = Literal["asgi", "rsgi"]


class Wire(Protocol):
    """Calls an application as one kind of server does."""

    @property
    def state(self) -> Mapping[str, Any]:
        """What the application's lifespan yielded."""
        ...

    async def start(self) -> None:
        """Run the application's start. Raises what it raises."""

    async def stop(self) -> None:
        """Run the application's end. Raises what it raises."""

    def answer(self, opening: Opening, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """Let the application answer a request."""
        ...

    def talk(self, opening: Opening, channel: Channel) -> Coroutine[Any, Any, None]:
        """Let the application talk over a WebSocket."""
        ...


def make_wire(app: Any, interface: Interface, root_path: str) -> Wire:
    """Choose how the application is called. It starts whatever its settings are; requests carry the host that they may name."""
    allow_tests = getattr(app, "allow_tests", None)
    if allow_tests is not None:
        allow_tests()
    if interface == "asgi":
        return ASGIWire(app, root_path)
    if interface != "rsgi":
        raise ValueError(f"interface={interface!r} is neither 'asgi' nor 'rsgi'.")
    if root_path:
        raise ValueError("RSGI has no root_path: it is a part of ASGI.")
    from .rsgi import RSGIWire

    return RSGIWire(app)
