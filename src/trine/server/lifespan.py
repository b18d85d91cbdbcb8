"""Start and stop: what runs once before the first request and after the last."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Literal

from trine.concurrency import maybe_await
from trine.types import Receive, Scope, Send

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


class LifespanRunner:
    """An application's lifespan and its start and stop functions, entered once and left once."""

    def __init__(self, app: Any, lifespan: Lifespan | None) -> None:
        self.app = app
        self.lifespan = lifespan
        self.state: dict[str, Any] = {}
        self._starting: list[Callable[[], Any]] = []
        self._stopping: list[Callable[[], Any]] = []
        self._stack: AsyncExitStack | None = None

    def on(self, event: Literal["startup", "shutdown"], function: Callable[[], Any]) -> None:
        """Add a function for the start or the stop."""
        (self._starting if event == "startup" else self._stopping).append(function)

    async def start(self) -> None:
        """Enter the lifespan, then run the start functions in their order. What was entered is left when one fails."""
        async with AsyncExitStack() as stack:
            if self.lifespan is not None:
                self.state.update(await stack.enter_async_context(self.lifespan(self.app)) or {})
            for function in self._starting:
                await maybe_await(function())
            self._stack = stack.pop_all()

    async def stop(self) -> None:
        """Run the stop functions, then leave the lifespan."""
        stack, self._stack = self._stack, None
        if stack is None:
            return
        async with stack:
            for function in self._stopping:
                await maybe_await(function())
        self.state.clear()


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
