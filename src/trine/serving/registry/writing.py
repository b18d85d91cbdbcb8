"""Changing the one file of a registry that changes: of two who do it at once, none undoes what the other did."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError

from trine.storage import Storage, StorageError

from .manifest import Release

_ATTEMPTS = 50


def change_release(storage: Storage, model: str, change: Callable[[], Release]) -> Release:
    """Write what a function makes of the release. In a folder a lock is held meanwhile; a bucket refuses what came too late."""
    name = f"{model}/release.json"
    place = storage.path(name)
    if place is not None:
        with _locked(place):
            changed = change()
            storage.sync.save(name, _encoded(changed), if_exists="replace")
            return changed
    for _ in range(_ATTEMPTS):
        mode = _as_it_is(storage, name)
        changed = change()
        try:
            obstore.put(storage.store, name, _encoded(changed), mode=mode)
        except (AlreadyExistsError, PreconditionError):
            continue
        return changed
    raise StorageError(f"{name} was changed by others {_ATTEMPTS} times meanwhile. Try again.")


def _as_it_is(storage: Storage, name: str) -> Any:
    """What a bucket is told: to write only where the file is still this one, or none yet."""
    try:
        return {"e_tag": storage.sync.info(name).etag}
    except FileNotFoundError:
        return "create"


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.parent.joinpath(".release.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _encoded(release: Release) -> bytes:
    return release.model_dump_json(indent=2).encode()
