"""Channels in memory, through a real Redis and through a real PostgreSQL, each test with names of its own."""

import secrets
from collections.abc import AsyncIterator, Callable

import pytest

from trine.channels import Channels


@pytest.fixture(params=["memory", "redis", "postgresql"])
def make_channels(request: pytest.FixtureRequest) -> Callable[..., Channels]:
    """Make channels on the backend at hand; those of one test share their groups, as processes do."""
    url = "memory://" if request.param == "memory" else request.getfixturevalue(f"{request.param}_url")
    prefix = f"test:{secrets.token_hex(4)}:"
    return lambda **options: Channels(url, key_prefix=prefix, **options)


@pytest.fixture
async def channels(make_channels: Callable[..., Channels]) -> AsyncIterator[Channels]:
    made = make_channels()
    yield made
    await made.aclose()


@pytest.fixture
def redis_channels(redis_url: str) -> Callable[..., Channels]:
    """Make channels through Redis that share their groups, as processes do."""
    prefix = f"test:{secrets.token_hex(4)}:"
    return lambda **options: Channels(redis_url, key_prefix=prefix, **options)


@pytest.fixture
def postgresql_channels(postgresql_url: str) -> Callable[..., Channels]:
    """Make channels through PostgreSQL that share their groups, as processes do."""
    prefix = f"test:{secrets.token_hex(4)}:"
    return lambda **options: Channels(postgresql_url, key_prefix=prefix, **options)
