"""How the two ends of a connection wait for each other on one event loop."""

import asyncio
from collections.abc import Callable
from typing import Any


class Signal:
    """Lets coroutines wait until something has become true; whoever changes something tells."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Let everybody who waits look again."""
        self._event.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition holds."""
        while not condition():
            # No await between check and clear: what is told from here on wakes us.
            self._event.clear()
            await self._event.wait()


async def end_task(task: "asyncio.Task[None]", grace: float) -> None:
    """Wait for a task, and cancel it where it takes longer than `grace` seconds."""
    _, late = await asyncio.wait([task], timeout=grace)
    if late:
        task.cancel()
        await asyncio.wait([task])


def escaped(task: "asyncio.Task[Any] | None") -> BaseException | None:
    """What a task has raised, if it has ended so."""
    if task is None or not task.done() or task.cancelled():
        return None
    return task.exception()
