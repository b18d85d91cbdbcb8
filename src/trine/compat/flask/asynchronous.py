"""Async functions in a plain application: they run on the loop of the server that the thread works for."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from threading import Thread
from typing import Any, ParamSpec, TypeVar

from trine.concurrency import run_on_loop

P = ParamSpec("P")
T = TypeVar("T")


def run_here(function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run an `async` function and wait for it.

    In a worker thread of Trine it runs on the server's own loop, so that connections which belong to the loop live from one
    request to the next. Elsewhere it gets a loop of its own, in another thread where this one runs a loop already.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run_on_loop(function, *args, **kwargs)

    outcome: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(function(*args, **kwargs)))
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller, whatever it is
            failures.append(error)

    thread = Thread(target=copy_context().run, args=(run,))
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return outcome[0]
