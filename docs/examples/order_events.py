"""Events for everybody who looks: what was missed is made up for."""

from collections.abc import AsyncIterable
from typing import Annotated

from pydantic import BaseModel

from trine import App, Depends, EventSourceResponse, Header, ServerSentEvent
from trine.replay import MemoryEventLog

app = App(title="Orders")
log = MemoryEventLog(max_events=1000)
app.install(log)


class Order(BaseModel):
    """What was ordered."""

    item: str
    count: int = 1


@app.post("/orders", status_code=201)
async def order(order: Order) -> Order:
    """Take an order, and tell everybody."""
    await log.append("orders", ServerSentEvent(event="ordered", data=order))
    return order


async def place_of(last_event_id: Annotated[str | None, Header()] = None) -> str | None:
    """The last event that a client has; for a new one the last that there is."""
    return last_event_id or await log.newest("orders")


@app.get("/orders/events", response_class=EventSourceResponse)
async def orders(place: Annotated[str | None, Depends(place_of)]) -> AsyncIterable[ServerSentEvent[Order]]:
    """Every order from now on, and those since the last one that the client has."""
    async for event in log.follow("orders", after=place, start="oldest"):
        yield event
