from pydantic import BaseModel, Field

from trine import App, HTMLResponse, WebSocket
from trine.channels import Channels

app = App()
channels = Channels()
app.install(channels)


class Say(BaseModel):
    text: str = Field(min_length=1, max_length=500)


class Said(BaseModel):
    by: str
    text: str


@app.websocket("/rooms/{room}")
async def talk(socket: WebSocket[Say, Said], room: str, name: str) -> None:
    group = channels.group(f"room:{room}", Said)
    await socket.accept()
    async with group.join(name), group.forward(socket, history=20):
        async for say in socket.iter_models(answer_errors=True):
            await group.send(Said(by=name, text=say.text))


@app.get("/rooms/{room}/members")
async def members(room: str) -> list[str]:
    return sorted(await channels.group(f"room:{room}").members())


PAGE = """<!doctype html>
<title>Chat</title>
<ul id="said"></ul>
<form id="form"><input id="text" autofocus autocomplete="off"></form>
<script>
  const name = prompt("Your name?") || "somebody"
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/rooms/lobby?name=${encodeURIComponent(name)}`)
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data)
    const line = document.createElement("li")
    line.textContent = message.detail ? message.detail[0].msg : `${message.by}: ${message.text}`
    said.append(line)
  }
  form.onsubmit = (event) => {
    event.preventDefault()
    socket.send(JSON.stringify({ text: text.value }))
    text.value = ""
  }
</script>"""


@app.get("/", response_class=HTMLResponse)
def page() -> str:
    return PAGE
