"""Notice that a client leaves, through what a server offers for it."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from trine.http import Request

Leaving = Callable[[], Awaitable[object]]
"""Waits until the client has left."""


def watch_client(source: Any, told: Callable[[], None]) -> Any:
    """Have a function called when the client leaves; what comes back can be cancelled.

    The source is a request, RSGI's protocol object, or ASGI's `receive` where nobody reads a body from it any more.
    """
    if isinstance(source, Request):
        return source.watch_client(told)
    if hasattr(source, "client_disconnect"):
        return watch(source.client_disconnect, told)
    return watch(partial(until_left, source), told)


def watch(leaving: Leaving, told: Callable[[], None]) -> Any:
    """Have a function called when `leaving` comes to its end; what comes back can be cancelled."""
    waiting: Any = leaving()
    # Granian gives futures, which need no Task to wait for them.
    if not hasattr(waiting, "add_done_callback"):
        waiting = asyncio.ensure_future(waiting if asyncio.iscoroutine(waiting) else _wait(waiting))

    def tell(waited: Any) -> None:
        if not waited.cancelled() and waited.exception() is None:
            told()

    waiting.add_done_callback(tell)
    return waiting


async def until_left(receive: Callable[[], Awaitable[Any]]) -> None:
    """Wait for ASGI's message that says so: sending never fails there."""
    while (await receive())["type"] != "http.disconnect":
        continue


async def _wait(leaving: Awaitable[object]) -> None:
    await leaving
