"""One run of ASGI's lifespan protocol, driven from a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.lowlevel
from anyio.from_thread import BlockingPortal

from trine.types import ASGIApp, Message


class Lifespan:
    """Starts an application and stops it, in one task."""

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self.app = app
        self.state = state

    @contextmanager
    def running(self, portal: BlockingPortal) -> Iterator[None]:
        """Keep the application started for a block. What it raises is raised here."""
        portal.call(self._open)
        task = portal.start_task_soon(self._run)
        try:
            portal.call(self._until_answered)
            if task.done() or self.refused is not None:
                task.result()
                raise RuntimeError(self.refused or "The application ended without an answer to lifespan.startup.")
            yield
            portal.call(self.stopping.set)
            task.result()
            if self.refused is not None:
                raise RuntimeError(self.refused)
        except BaseException:
            task.cancel()
            raise

    async def _open(self) -> None:
        self.answered, self.stopping = anyio.Event(), anyio.Event()
        self.asked = False
        self.refused: str | None = None

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self.app(scope, self._receive, self._send)
        finally:
            self.answered.set()

    async def _receive(self) -> Message:
        if not self.asked:
            self.asked = True
            return {"type": "lifespan.startup"}
        await self.stopping.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message["type"].endswith(".failed"):
            self.refused = message.get("message") or message["type"]
        self.answered.set()

    async def _until_answered(self) -> None:
        await self.answered.wait()
        if self.refused is not None:
            # The error itself says more than the message: the application raises it next.
            await anyio.lowlevel.checkpoint()
