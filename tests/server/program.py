"""What the tests of real server processes serve."""

import asyncio
import os
from collections.abc import AsyncIterator

from trine import App, Request, StreamingResponse, WebSocket

app = App(title="Server tests")


@app.get("/")
async def index() -> dict[str, int]:
    """Say which process answers."""
    return {"pid": os.getpid()}


@app.post("/echo")
async def echo(request: Request) -> dict[str, int]:
    """Count the bytes of a body."""
    return {"bytes": len(await request.body())}


@app.get("/who")
async def who(request: Request) -> dict[str, str]:
    """Say who asks."""
    return {"client": request.client.host if request.client else "", "url": str(request.url)}


@app.get("/sleep")
async def sleep(seconds: float) -> str:
    """Answer late."""
    await asyncio.sleep(seconds)
    return "slept"


@app.get("/stream")
async def stream(lines: int = 0) -> StreamingResponse:
    """Send lines, or lines without end."""

    async def numbers() -> AsyncIterator[bytes]:
        number = 0
        while not lines or number < lines:
            yield b"%d\n" % number
            number += 1
            await asyncio.sleep(0.05)

    return StreamingResponse(numbers())


@app.websocket("/socket")
async def socket(socket: WebSocket) -> None:
    """Say everything again."""
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())
