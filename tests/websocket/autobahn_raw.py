"""The echo of `autobahn_app.py` by hand, without a framework: what it gets is the server's own behaviour."""


async def app(scope, receive, send):
    """Echo every message."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        key = "text" if message.get("text") is not None else "bytes"
        await send({"type": "websocket.send", key: message[key]})


async def rsgi(scope, proto):
    """The same behind RSGI."""
    if scope.proto != "ws":
        return
    transport = await proto.accept()
    while (message := await transport.receive()).kind:
        await (transport.send_str if isinstance(message.data, str) else transport.send_bytes)(message.data)
