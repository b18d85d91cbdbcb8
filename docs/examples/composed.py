from collections.abc import Callable, Iterable
from typing import Any

from trine import APIRouter, App, Settings, WebSocket


# An application of yesterday: any WSGI callable, such as a Flask or Django application.
def yesterday(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("content-type", "text/plain")])
    return [f"yesterday's {environ['PATH_INFO']}".encode()]


partners = APIRouter()


@partners.get("/")
async def partner_home() -> str:
    return "partners only"


app = App(settings=Settings(allowed_hosts=("localhost", ".example.org")))


@app.get("/")
async def home() -> str:
    return "everybody"


@app.websocket("/echo/{name}")
async def echo(socket: WebSocket, name: str) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(f"{name}: {text}")


app.mount("/legacy", yesterday)
app.host("partners.example.org", partners)
