"""What Autobahn's suite talks to: an echo of whatever comes, as large as its largest case."""

from trine import App, WebSocket

app = App(websocket_options={"max_message_size": 64 * 1024 * 1024})


@app.websocket("/")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    while True:
        data = await socket.receive_data()
        await (socket.send_text(data) if isinstance(data, str) else socket.send_bytes(data))
