"""Storages of every kind, S3 served by a real server."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trine.storage import Storage

from ..services import S3_OPTIONS


@pytest.fixture
def open_storage(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Storage]:
    """Open an empty storage of a kind: "local", "memory" or "s3"."""

    def open_kind(kind: str) -> Storage:
        if kind == "local":
            return Storage(str(tmp_path / "files"))
        if kind == "memory":
            return Storage("memory://")
        endpoint = request.getfixturevalue("s3_endpoint")
        return Storage(f"s3://files/{tmp_path.name}-{os.getpid()}", options={**S3_OPTIONS, "endpoint": endpoint})

    return open_kind


@pytest.fixture(params=["local", "memory", "s3"])
def storage(request: pytest.FixtureRequest, open_storage: Callable[[str], Storage]) -> Storage:
    """An empty storage of each kind."""
    return open_storage(request.param)
