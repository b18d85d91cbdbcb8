"""Handlers that yield: JSON Lines, server-sent events and raw chunks."""

import asyncio
import json
from collections.abc import AsyncIterable, Iterable

import pytest
from pydantic import BaseModel

from trine import App, Depends, EventSourceResponse, HTTPException, Response, ServerSentEvent, SetupError, StreamingResponse


class Token(BaseModel):
    text: str


def test_items_are_lines_of_json(client_for):
    app = App()

    @app.get("/tokens")
    async def tokens(count: int) -> AsyncIterable[Token]:
        for number in range(count):
            yield Token(text=f"t{number}")

    response = client_for(app).get("/tokens", params={"count": 2})
    assert response.headers["content-type"] == "application/jsonl"
    assert response.text == '{"text":"t0"}\n{"text":"t1"}\n'


def test_a_plain_generator_streams_as_well(client_for):
    app = App()

    @app.post("/numbers", status_code=202)
    def numbers() -> Iterable[int]:
        yield from range(3)

    response = client_for(app).post("/numbers")
    assert (response.status_code, response.text) == (202, "0\n1\n2\n")


def test_items_are_reduced_to_their_type(client_for):
    app = App()

    class Full(Token):
        secret: str

    @app.get("/")
    async def tokens() -> AsyncIterable[Token]:
        yield Full(text="open", secret="closed")
        yield {"text": "from a dict"}

    assert client_for(app).get("/").text == '{"text":"open"}\n{"text":"from a dict"}\n'


def test_items_without_a_type_are_what_json_can_say(client_for):
    app = App()

    @app.get("/")
    async def anything():
        yield {"a": [1, None]}
        yield "text"

    assert client_for(app).get("/").text == '{"a":[1,null]}\n"text"\n'


def test_an_item_of_another_type_breaks_the_stream_off(client_for):
    app = App()

    @app.get("/")
    async def tokens() -> AsyncIterable[Token]:
        yield Token(text="fine")
        yield {"text": 1}

    with client_for(app, raise_server_exceptions=False).stream("GET", "/") as response:
        lines = response.iter_lines()
        assert next(lines) == '{"text":"fine"}'
        with pytest.raises(Exception, match=r"^The application ended before its answer was complete\.$"):
            next(lines)


def test_events_carry_values_and_whole_events(client_for):
    app = App()

    @app.get("/", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[Token]:
        yield Token(text="a")
        yield ServerSentEvent(event="last", data=Token(text="b"), id="2", retry=500)
        yield ServerSentEvent(comment="no data")

    response = client_for(app).get("/")
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.text == 'data: {"text":"a"}\n\nevent: last\ndata: {"text":"b"}\nid: 2\nretry: 500\n\n: no data\n\n'


def test_the_data_of_events_has_a_type(client_for):
    app = App()

    @app.get("/", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[ServerSentEvent[Token]]:
        yield ServerSentEvent(data={"text": "a", "more": 1})

    assert client_for(app).get("/").text == 'data: {"text":"a"}\n\n'
    content = app.openapi()["paths"]["/"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    assert content["itemSchema"]["properties"]["data"]["contentSchema"] == {"$ref": "#/components/schemas/Token"}


def test_values_and_events_may_be_mixed(client_for):
    app = App()

    @app.get("/", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[Token | ServerSentEvent[int] | ServerSentEvent]:
        yield Token(text="a")
        yield ServerSentEvent(event="count", data=1)
        yield ServerSentEvent(event="end", raw_data="")

    assert client_for(app).get("/").text == 'data: {"text":"a"}\n\nevent: count\ndata: 1\n\nevent: end\ndata: \n\n'
    content = app.openapi()["paths"]["/"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    data = content["itemSchema"]["properties"]["data"]["contentSchema"]
    assert data["anyOf"] == [{"$ref": "#/components/schemas/Token"}, {"type": "integer"}]


def test_a_streaming_response_sends_chunks_as_they_are(client_for):
    app = App()

    class CSV(StreamingResponse):
        media_type = "text/csv"

    @app.get("/", response_class=CSV)
    def rows() -> Iterable[str]:
        yield "a,b\n"
        yield "1,2\n"

    response = client_for(app).get("/")
    assert (response.headers["content-type"], response.text) == ("text/csv; charset=utf-8", "a,b\n1,2\n")


def test_an_event_source_response_is_returned_as_well(client_for):
    app = App()

    @app.get("/")
    async def events() -> EventSourceResponse:
        async def source():
            yield {"a": 1}
            yield b": as it is\n\n"

        return EventSourceResponse(source())

    assert client_for(app).get("/").text == 'data: {"a":1}\n\n: as it is\n\n'


def test_silence_is_filled_with_comments(client_for):
    app = App()

    @app.get("/")
    async def quiet() -> EventSourceResponse:
        async def source():
            yield "first"
            await asyncio.Event().wait()

        return EventSourceResponse(source(), ping_interval=0.01)

    with client_for(app).stream("GET", "/") as response:
        lines = (line for line in response.iter_lines() if line)
        assert [next(lines) for _ in range(3)] == ['data: "first"', ": ping", ": ping"]


def test_what_dependencies_say_of_the_answer_counts(client_for):
    app = App()

    def mark(response: Response) -> None:
        response.headers["x-mark"] = "yes"
        response.status_code = 203

    @app.get("/", dependencies=[Depends(mark)])
    async def numbers() -> AsyncIterable[int]:
        yield 1

    response = client_for(app).get("/")
    assert (response.status_code, response.headers["x-mark"], response.text) == (203, "yes", "1\n")


def test_a_dependency_refuses_before_the_stream_begins(client_for):
    app = App()

    def refuse() -> None:
        raise HTTPException(404)

    @app.get("/", dependencies=[Depends(refuse)])
    async def numbers() -> AsyncIterable[int]:
        yield 1

    assert client_for(app).get("/").status_code == 404


def test_a_dependency_lives_as_long_as_the_stream(client_for):
    app = App()
    story = []

    async def connection():
        story.append("open")
        yield "connection"
        story.append("closed")

    @app.get("/")
    async def numbers(held: str = Depends(connection)) -> AsyncIterable[str]:
        story.append("first")
        yield held
        story.append("last")

    assert client_for(app).get("/").text == '"connection"\n'
    assert story == ["open", "first", "last", "closed"]


@pytest.mark.parametrize("response_class", [StreamingResponse, EventSourceResponse])
def test_a_stream_that_waits_before_its_first_byte_is_closed_when_the_client_leaves(client_for, response_class):
    app = App()
    story = []

    @app.get("/", response_class=response_class)
    async def slow():
        try:
            await asyncio.Event().wait()
            yield b"never"
        finally:
            story.append("closed")

    with client_for(app, grace=60).stream("GET", "/") as response:
        assert response.status_code == 200
    assert story == ["closed"]


def test_a_plain_generator_is_closed_when_the_client_leaves(client_for):
    app = App()
    story = []

    @app.get("/", response_class=StreamingResponse)
    def endless():
        try:
            while True:
                yield b"tick"
        finally:
            story.append("closed")

    with client_for(app, grace=60).stream("GET", "/") as response:
        assert next(response.iter_raw()) == b"tick"
    assert story == ["closed"]


def test_middleware_sees_a_stream(client_for):
    app = App()

    @app.middleware("http")
    async def count_chunks(request, call_next):
        response = await call_next(request)
        response.headers["x-kind"] = type(response).__name__
        return response

    @app.get("/")
    async def numbers() -> AsyncIterable[int]:
        yield 1

    response = client_for(app).get("/")
    assert (response.headers["x-kind"], response.text) == ("JSONLinesResponse", "1\n")


def test_head_answers_without_a_body(client_for):
    app = App()

    @app.get("/")
    async def numbers() -> AsyncIterable[int]:
        yield 1

    response = client_for(app).head("/")
    assert (response.status_code, response.headers["content-type"], response.content) == (200, "application/jsonl", b"")


def test_a_stream_that_never_waits_lets_others_run(client_for):
    app = App()
    turns = []

    @app.get("/")
    async def numbers() -> AsyncIterable[int]:
        async def other():
            for _ in range(3):
                turns.append("other")
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        for number in range(300):
            yield number
        assert task.done()

    assert [json.loads(line) for line in client_for(app).get("/").text.splitlines()] == list(range(300))
    assert turns == ["other"] * 3


def test_a_return_annotation_that_is_no_stream_is_refused():
    app = App()

    @app.get("/")
    async def tokens() -> Token:
        yield Token(text="a")

    with pytest.raises(SetupError) as raised:
        app.prepare()
    assert raised.value.message == "tokens() yields, but says that it returns Token."
    assert raised.value.hint == "Write '-> AsyncIterable[Token]', or '-> Iterable[Token]' for a plain 'def'."


def test_a_status_without_a_body_is_refused():
    app = App()

    @app.get("/", status_code=204)
    async def tokens():
        yield 1

    with pytest.raises(SetupError) as raised:
        app.prepare()
    assert raised.value.message == "The handler 'tokens' yields, but its status 204 allows no body."
