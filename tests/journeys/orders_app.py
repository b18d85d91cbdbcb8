"""What a browser follows: orders as server-sent events, kept in Redis, and a page that shows them."""

import os
from collections.abc import AsyncIterable
from typing import Annotated

from trine import App, EventSourceResponse, Header, ServerSentEvent
from trine.http import HTMLResponse, Response
from trine.replay import RedisEventLog

PAGE = '<!doctype html><title>Orders</title><ol id="orders"></ol><script src="/follow.js"></script>'
SCRIPT = """
window.opened = 0;
window.refused = 0;
const source = new EventSource("/orders/events");
source.addEventListener("open", () => { window.opened += 1; });
source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) window.refused += 1; });
source.addEventListener("ordered", (event) => {
  const line = document.createElement("li");
  line.textContent = JSON.parse(event.data).item;
  document.getElementById("orders").append(line);
});
"""

app = App()
log = RedisEventLog(os.environ["ORDERS_REDIS"], prefix=os.environ["ORDERS_PREFIX"])
app.install(log)
seen: list[str | None] = []


@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return PAGE


@app.get("/follow.js")
async def script() -> Response:
    return Response(SCRIPT, media_type="text/javascript")


@app.post("/orders/{item}")
async def order(item: str) -> str:
    return await log.append("orders", ServerSentEvent(event="ordered", data={"item": item}, retry=50))


@app.get("/orders/events", response_class=EventSourceResponse)
async def orders(last_event_id: Annotated[str | None, Header()] = None) -> AsyncIterable[ServerSentEvent]:
    seen.append(last_event_id)
    async for event in log.follow("orders", after=last_event_id, start="oldest"):
        yield event


@app.get("/worker")
async def worker() -> dict[str, int | list[str | None]]:
    return {"pid": os.getpid(), "seen": seen}
