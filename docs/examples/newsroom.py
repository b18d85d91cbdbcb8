import asyncio
from collections.abc import AsyncIterator

from trine import App, StreamingResponse, WebSocket, WebSocketDisconnect

app = App()
readers: set[WebSocket] = set()


@app.on_event("startup")
async def open_desk() -> None:
    app.state.news = asyncio.Queue()


@app.post("/news", status_code=202)
async def publish(headline: str) -> None:
    await app.state.news.put(headline)
    for reader in readers:
        await reader.send_text(headline)


@app.get("/ticker")
async def ticker() -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        while True:
            yield f"{await app.state.news.get()}\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.websocket("/live")
async def live(socket: WebSocket) -> None:
    await socket.accept("news.v1" if "news.v1" in socket.requested_subprotocols else None)
    readers.add(socket)
    await socket.send_text("welcome")
    try:
        await socket.receive_text()
    except WebSocketDisconnect:
        readers.discard(socket)
