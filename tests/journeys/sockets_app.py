"""WebSockets that are made to be attacked."""

from trine import App, WebSocket

app = App(websocket_options={"max_message_size": 100_000})


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        data = await socket.receive_data()
        await (socket.send_text(data) if isinstance(data, str) else socket.send_bytes(data))


@app.websocket("/idle", idle_timeout=0.5)
async def wait(socket: WebSocket) -> None:
    await socket.accept()
    await socket.receive_text()


@app.websocket("/flood", send_timeout=0.5)
async def flood(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        await socket.send_bytes(bytes(100_000))


@app.websocket("/graphql")
async def choose(socket: WebSocket) -> None:
    await socket.accept("graphql-transport-ws")
    await socket.receive_text()


@app.get("/memory")
def memory() -> int:
    """Peak resident kilobytes of this worker."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
