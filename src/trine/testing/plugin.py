"""Fixtures for pytest: clients that are closed at the end of their test, and a real server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from trine.mail import Message

    from . import AsyncTestClient, LiveServer, TestClient


@pytest.fixture
def trine_interface() -> str:
    """How clients call the application: "asgi", or "rsgi". Override it, or parametrize it to test both ways."""
    return "asgi"


@pytest.fixture
def client_for(trine_interface: str) -> Iterator[Callable[..., "TestClient"]]:
    """Start an application and return a `TestClient` for it: `client_for(app, **options)`. It stops after the test."""
    with ExitStack() as started:

        def start_client(app: Any, **options: Any) -> "TestClient":
            from . import TestClient

            return started.enter_context(TestClient(app, **{"interface": trine_interface, **options}))

        yield start_client


@pytest.fixture
def async_client_for(trine_interface: str) -> Callable[..., "AsyncTestClient"]:
    """Make an `AsyncTestClient` for an application. `async with` starts and stops it."""

    def make_client(app: Any, **options: Any) -> "AsyncTestClient":
        from . import AsyncTestClient

        return AsyncTestClient(app, **{"interface": trine_interface, **options})

    return make_client


@pytest.fixture
def outbox() -> Iterator[list["Message"]]:
    """Every message that is sent during the test, in a list. Nothing leaves the process."""
    from trine.mail import captured_mail

    with captured_mail() as messages:
        yield messages


@pytest.fixture
def rolled_back_client_for(client_for: Callable[..., "TestClient"]) -> Iterator[Callable[..., "TestClient"]]:
    """Like `client_for`, and whatever is written to databases from then on is undone after the test."""
    with ExitStack() as started:

        def start_client(app: Any, **options: Any) -> "TestClient":
            from . import rolled_back

            client = client_for(app, **options)
            started.enter_context(rolled_back(client))
            return client

        yield start_client


@pytest.fixture
def assert_num_queries() -> Callable[..., Any]:
    """Count statements: a `with` block fails unless exactly so many run inside of it."""
    from . import assert_num_queries

    return assert_num_queries


@pytest.fixture
def live_server() -> Iterator[Callable[..., "LiveServer"]]:
    """Serve an application on a free port of the loopback: `live_server(app).url`. It stops after the test."""
    with ExitStack() as started:

        def start_server(app: Any) -> "LiveServer":
            from . import LiveServer

            return started.enter_context(LiveServer(app))

        yield start_server
