"""Start and stop: what runs once before the first request and after the last."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Literal

from trine.concurrency import maybe_await
from trine.errors import SetupError
from trine.types import ASGIApp, Message, Receive, Scope, Send

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


class LifespanRunner:
    """An application's lifespan and its start and stop functions, entered once and left once."""

    def __init__(self, app: Any, lifespan: Lifespan | None) -> None:
        self.app = app
        self.lifespans = [] if lifespan is None else [lifespan]
        self.state: dict[str, Any] = {}
        self._starting: list[Callable[[], Any]] = []
        self._stopping: list[Callable[[], Any]] = []
        self._stack: AsyncExitStack | None = None
        self._mounted: dict[int, tuple[ASGIApp, dict[str, Any]]] = {}

    def on(self, event: Literal["startup", "shutdown"], function: Callable[[], Any]) -> None:
        """Add a function for the start or the stop."""
        (self._starting if event == "startup" else self._stopping).append(function)

    def add(self, lifespan: Lifespan) -> None:
        """Add another lifespan. They are entered in their order, and left the other way round."""
        self.lifespans.append(lifespan)

    def state_of(self, mounted: ASGIApp) -> dict[str, Any]:
        """What the lifespan of a mounted application yields, once it has started."""
        return self._mounted.setdefault(id(mounted), (mounted, {}))[1]

    async def start(self) -> None:
        """Enter the lifespan, run the start functions in their order, then start what is mounted. When one fails, all is left."""
        async with AsyncExitStack() as stack:
            for lifespan in self.lifespans:
                self.state.update(await stack.enter_async_context(lifespan(self.app)) or {})
            for function in self._starting:
                await maybe_await(function())
            for mounted, state in self._mounted.values():
                await stack.enter_async_context(mounted_lifespan(mounted, state))
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Run the stop functions, stop what is mounted, then leave the lifespan."""
        stack, self._stack = self._stack, None
        if stack is None:
            return
        async with stack:
            for function in self._stopping:
                await maybe_await(function())
        self.state.clear()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Be started while inside. What is started already is not started twice."""
        if self._stack is not None:
            yield
            return
        await self.start()
        try:
            yield
        finally:
            await self.stop()


async def answer_lifespan(app: Any, runner: LifespanRunner, scope: Scope, receive: Receive, send: Send) -> None:
    """Speak ASGI's lifespan protocol. Mistakes in declarations stop the start."""
    message = await receive()
    try:
        app.prepare()
        app.refuse_unsafe()
        await runner.start()
        app.compile_asgi()
    except BaseException as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        raise
    if runner.state and "state" in scope:
        scope["state"].update(runner.state)
    await send({"type": "lifespan.startup.complete"})
    message = await receive()
    if message["type"] == "lifespan.shutdown":
        try:
            await runner.stop()
        except BaseException as error:
            await send({"type": "lifespan.shutdown.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def mounted_lifespan(app: ASGIApp, state: dict[str, Any]) -> AsyncIterator[None]:
    """Start and stop a mounted application by ASGI's lifespan protocol. One that does not speak it is left alone."""
    requests: asyncio.Queue[Message] = asyncio.Queue()
    answers: asyncio.Queue[Message] = asyncio.Queue()

    async def run() -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
        try:
            await app(scope, requests.get, answers.put)
        finally:
            # Whoever waits for an answer learns that there will be none.
            answers.put_nowait({"type": "ended"})

    running = asyncio.ensure_future(run())
    try:
        requests.put_nowait({"type": "lifespan.startup"})
        started = await answers.get()
        if started["type"] == "lifespan.startup.failed":
            raise SetupError(f"A mounted application did not start: {started.get('message') or 'it does not say why'}")
        try:
            yield
        finally:
            # Also when another one has failed to start.
            if started["type"] == "lifespan.startup.complete":
                requests.put_nowait({"type": "lifespan.shutdown"})
                stopped = await answers.get()
                if stopped["type"] == "lifespan.shutdown.failed":
                    raise RuntimeError(f"A mounted application did not stop well: {stopped.get('message')}")
    finally:
        state.clear()
        running.cancel()
        # Its exception is told already, or says that it speaks no lifespan.
        await asyncio.gather(running, return_exceptions=True)
