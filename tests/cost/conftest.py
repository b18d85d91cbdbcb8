"""Counting calls: what a request costs, said in a number that no other program on the machine can change."""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2]))  # The fakes of both servers are the benchmarks'.
from benchmarks import fakes
from benchmarks.workloads import Request

Counter = Callable[..., list[str]]


@pytest.fixture
def calls_of(trine_interface: str) -> Counter:
    """The calls, of Python and of C functions, that an application makes to answer a request; the server's own do not count."""
    connect = fakes.rsgi_call if trine_interface == "rsgi" else fakes.asgi_call

    def calls_of(
        app: Any, path: str, *, method: str = "GET", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> list[str]:
        return asyncio.run(_count(connect(app, Request(path, method, headers or {}, body))))

    return calls_of


async def _count(call: Callable[[], Awaitable[None]]) -> list[str]:
    for _ in range(3):
        await call()  # The first request binds and compiles, and what is remembered is remembered afterwards.
    seen: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if frame.f_code.co_filename == fakes.__file__ or frame.f_code.co_name == "_count":
            return
        if event == "call":
            seen.append(frame.f_code.co_qualname)
        elif event == "c_call":
            seen.append(argument.__qualname__)

    # A collection in between would count the calls of whoever listens to it, and of what it ends.
    gc.disable()
    sys.setprofile(note)
    try:
        await call()
    finally:
        sys.setprofile(None)
        gc.enable()
    return seen
