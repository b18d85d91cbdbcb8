"""Answers that are sent while they are made."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable

from pydantic import BaseModel

from trine import App, Depends, EventSourceResponse, HTTPException, ServerSentEvent, StreamingResponse

app = App(title="Answers")

ANSWERS = {7: ["Forty", "two", ",", "as", "far", "as", "anybody", "knows", "."]}


class Token(BaseModel):
    """A piece of an answer."""

    text: str


async def model(answer: int) -> AsyncIterator[Token]:
    """Stand in for a language model: it gives an answer word by word."""
    for word in ANSWERS[answer]:
        yield Token(text=word)


def known(answer: int) -> int:
    """Refuse what does not exist, while the answer can still be a 404."""
    if answer not in ANSWERS:
        raise HTTPException(404)
    return answer


@app.get("/answers/{answer}/lines")
async def lines(answer: int = Depends(known)) -> AsyncIterable[Token]:
    """Every item is a line of JSON."""
    async for token in model(answer):
        yield token


@app.get("/answers/{answer}/events", response_class=EventSourceResponse)
async def events(answer: int = Depends(known)) -> AsyncIterable[Token | ServerSentEvent]:
    """Every item is an event for a browser's EventSource."""
    async for token in model(answer):
        yield token
    yield ServerSentEvent(event="end", raw_data="")


@app.get("/answers.csv", response_class=StreamingResponse)
def table() -> Iterable[str]:
    """A plain function may yield too; here the chunks are sent as they are."""
    yield "answer,words\n"
    for answer, words in ANSWERS.items():
        yield f"{answer},{len(words)}\n"
