"""How many calls one message and one event take, in conversations and streams that have many.

A coroutine that is resumed counts as called: what stands between the server and a handler is paid for at every step.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterable, Awaitable, Callable
from types import FrameType
from typing import Any

from benchmarks.fakes import asgi_call, asgi_talk, rsgi_call, rsgi_talk
from benchmarks.workloads import Request
from pydantic import BaseModel

from trine import App, EventSourceResponse, JSONLinesResponse, WebSocket

Call = Callable[[], Awaitable[None]]
FEW, MANY = 20, 40


class Token(BaseModel):
    index: int
    text: str


def calls_of_a_step(make: Callable[[int], Call]) -> Counter[str]:
    """What each of many steps calls, from the application's own code and its handler's."""
    few, many = (asyncio.run(_count(make(steps))) for steps in (FEW, MANY))
    return Counter({name: (many[name] - few[name]) / (MANY - FEW) for name in many if many[name] > few[name]})


async def _count(call: Call) -> Counter[str]:
    await asyncio.create_task(call())  # type: ignore[arg-type] # the first call binds and compiles
    seen: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if "asyncio" in code.co_filename or code.co_filename.endswith(("selectors.py", "fakes.py")) or code.co_name == "counted":
            return
        if event == "call":
            seen[code.co_qualname] += 1
        elif event == "c_call":
            seen[argument.__qualname__] += 1

    async def counted() -> None:
        sys.setprofile(note)
        try:
            await call()
        finally:
            sys.setprofile(None)

    await asyncio.create_task(counted())
    return seen


def test_an_echoed_message_takes_few_calls(trine_interface: str):
    app = App()

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)

    talk = rsgi_talk if trine_interface == "rsgi" else asgi_talk
    calls = calls_of_a_step(lambda messages: talk(app, "/echo", messages))
    assert calls.total() <= {"rsgi": 17, "asgi": 15}[trine_interface], calls


def stream_of(trine_interface: str, **options: Any) -> Counter[str]:
    connect = rsgi_call if trine_interface == "rsgi" else asgi_call

    def make(events: int) -> Call:
        app = App()

        @app.get("/tokens", **options)
        async def tokens() -> AsyncIterable[Token]:
            for index in range(events):
                await asyncio.sleep(0)
                yield Token(index=index, text="token")

        return connect(app, Request("/tokens"))

    return calls_of_a_step(make)


def test_an_event_takes_few_calls(trine_interface: str):
    calls = stream_of(trine_interface, response_class=EventSourceResponse)
    assert calls.total() <= {"rsgi": 10, "asgi": 12}[trine_interface], calls


def test_a_line_of_json_takes_few_calls(trine_interface: str):
    calls = stream_of(trine_interface, response_class=JSONLinesResponse)
    assert calls.total() <= {"rsgi": 10, "asgi": 12}[trine_interface], calls
