"""`fastapi.concurrency`: blocking functions and context managers beside the event loop."""

from trine.compat.starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from .cleanup import contextmanager_in_worker as contextmanager_in_threadpool

__all__ = ["contextmanager_in_threadpool", "iterate_in_threadpool", "run_in_threadpool"]
