"""A chat room that is killed, in several processes that share a Redis."""

import os
from collections.abc import AsyncIterator

from pydantic import BaseModel

from trine import App, WebSocket
from trine.channels import Channels
from trine.http import EventSourceResponse

app = App()
channels = Channels(presence_seconds=1)
app.install(channels)


class Say(BaseModel):
    text: str


class Said(BaseModel):
    by: str
    text: str
    process: int


@app.websocket("/rooms/{room}")
async def talk(socket: WebSocket[Say, Said], room: str, name: str) -> None:
    group = channels.group(f"room:{room}", Said)
    await socket.accept()
    async with group.join(name, os.getpid()), group.forward(socket, history=10):
        async for say in socket.iter_models():
            await group.send(Said(by=name, text=say.text, process=os.getpid()))


@app.get("/rooms/{room}/members")
async def members(room: str) -> dict[str, int]:
    return await channels.group(f"room:{room}").members()


async def lines(room: str) -> AsyncIterator[dict]:
    async for change in channels.group(f"room:{room}").member_changes():
        yield {"member": change.member, "is_here": change.is_here}


@app.get("/rooms/{room}/changes")
async def changes(room: str) -> EventSourceResponse:
    return EventSourceResponse(lines(room))
