"""Which files a program is made of, watched: `trine dev` starts anew when one of them changes."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import cache_from_source
from pathlib import Path

from .logs import say

_SUFFIXES = {".py", ".env"}


@contextmanager
def watch_files(paths: Sequence[Path]) -> Iterator[int]:
    """Watch folders and files. Gives a descriptor that becomes readable when a Python file or a `.env` file has changed."""
    from watchfiles import Change, DefaultFilter, watch

    folders = {path.resolve() for path in paths if path.is_dir()}
    files = {path.resolve() for path in paths if not path.is_dir()}
    # A file below a watched folder may be replaced, or written for the first time; one elsewhere must exist.
    watched = [*folders, *(path for path in files if path.exists() and not folders.intersection(path.parents))]
    named = {str(path) for path in files}
    ordinary = DefaultFilter()
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    stop = threading.Event()

    def concerns(change: Change, path: str) -> bool:
        return path in named or (
            ordinary(change, path) and (Path(path).suffix in _SUFFIXES or Path(path).name.startswith(".env"))
        )

    def follow() -> None:
        for changes in watch(*watched, watch_filter=concerns, stop_event=stop, step=20, debounce=200, rust_timeout=1000):
            for _, path in changes:
                _forget_bytecode(path)
            names = sorted({os.path.relpath(path) for _, path in changes})
            say(f"{', '.join(names[:3])}{' and others' if len(names) > 3 else ''} changed: starting anew.")
            with suppress(OSError):
                os.write(writer, b"1")

    thread = threading.Thread(target=follow, name="trine-reload", daemon=True)
    thread.start()
    try:
        yield reader
    finally:
        stop.set()


def _forget_bytecode(path: str) -> None:
    """Remove a source file's compiled form: Python takes it for current when the change kept the size and the second."""
    if path.endswith(".py"):
        with suppress(OSError, NotImplementedError):
            Path(cache_from_source(path)).unlink(missing_ok=True)
