from typing import Annotated, Literal

from pydantic import BaseModel, Field

from trine import App, WebSocket

app = App(websocket_options={"allow_origins": ["https://app.example.org"], "max_message_size": 4096})
bids = [0]


class Bid(BaseModel):
    type: Literal["bid"] = "bid"
    amount: int = Field(gt=0)


class Ask(BaseModel):
    type: Literal["ask"] = "ask"


class Standing(BaseModel):
    best: int


@app.websocket("/auction", idle_timeout=600, max_messages_per_second=5)
async def auction(socket: WebSocket[Annotated[Bid | Ask, Field(discriminator="type")], Standing]) -> None:
    await socket.accept()
    async for message in socket.iter_models(answer_errors=True):
        if isinstance(message, Bid):
            bids.append(message.amount)
        await socket.send_model(Standing(best=max(bids)))
