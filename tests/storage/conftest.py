"""Storages of every kind, S3 served by a real server."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from trine.storage import Storage

from .. import services

ROOT = Path(__file__).parents[2]
S3_OPTIONS = {
    "access_key_id": "tests",
    "secret_access_key": "tests",
    "region": "eu-central-1",
    "allow_http": "true",
}


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3 server with a bucket named `files`."""
    python = ROOT / ".tools" / "s3" / "bin" / "python"
    if not python.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no S3 server here: make .tools/s3/.ready installs it")
    address = f"http://127.0.0.1:{services.free_port()}"
    command = [str(python), "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", address.rpartition(":")[2]]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            services.wait_until(lambda: _answers(address), "The S3 server")
            with urlopen(Request(f"{address}/files", method="PUT")):
                yield address
        finally:
            server.terminate()


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/moto-api/data.json", timeout=5):
            return True
    except (URLError, ConnectionError, TimeoutError):
        return False


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
