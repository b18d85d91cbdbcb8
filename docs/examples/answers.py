"""An answer that appears word by word, and goes on where a lost connection left off."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import Annotated

from pydantic import BaseModel

from trine import App, EventSourceResponse, Header, HTMLResponse, ServerSentEvent
from trine.replay import MemoryEventLog

app = App(title="Answers")
log = MemoryEventLog()  # RedisEventLog("redis://...") for several processes
app.install(log)

PAGE = """<!doctype html>
<title>Answers</title>
<p id="answer"></p>
<script>
  const answer = document.querySelector("#answer");
  const events = new EventSource("/answers/7");
  events.onmessage = (event) => answer.append(JSON.parse(event.data).text + " ");
  events.addEventListener("reset", () => answer.replaceChildren());
  events.addEventListener("end", () => events.close());
</script>
"""


class Token(BaseModel):
    """A piece of an answer."""

    text: str


async def tokens(number: int) -> AsyncIterator[Token | ServerSentEvent]:
    """Stand in for a language model."""
    for word in f"The answer to question {number} is forty two.".split(" "):
        yield Token(text=word)
        await asyncio.sleep(0.05)
    yield ServerSentEvent(event="end", raw_data="")


@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    """The page that shows an answer."""
    return PAGE


@app.get("/answers/{number}", response_class=EventSourceResponse)
async def answer(number: int, last_event_id: Annotated[str | None, Header()] = None) -> AsyncIterable[ServerSentEvent[Token]]:
    """The answer, from the beginning or from where the browser has it."""
    async for event in log.resume(f"answer {number}", tokens(number), after=last_event_id):
        yield event
