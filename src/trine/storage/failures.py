"""What can go wrong in a store, in the words of files."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import AlreadyExistsError, BaseError

from trine.errors import TrineError


class StorageError(TrineError):
    """The store cannot be reached, lets nobody in, or does not do what was asked."""


@contextmanager
def told_plainly(storage: str, name: str = "") -> Iterator[None]:
    """Raise `FileNotFoundError`, `FileExistsError` and `StorageError` in place of the store's own exceptions."""
    what = f"'{name}' in storage '{storage}'" if name else f"storage '{storage}'"
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(f"There is no file {what}.") from error
    except AlreadyExistsError as error:
        raise FileExistsError(f"There is a file {what} already.") from error
    except (BaseError, NotImplementedError, PermissionError) as error:
        # The first line says what happened; the rest is the store's inner life.
        said = str(error).strip().partition("\n")[0]
        raise StorageError(f"{what[0].upper()}{what[1:]}: {said}") from error
