"""Streams: tokens as they are made, until they end or nobody wants them."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import BaseModel

from trine import App, SetupError
from trine.replay import MemoryEventLog
from trine.serving import ActiveSequence, models_of
from trine.settings import Launch, set_launch
from trine.testing import AsyncTestClient, TestClient


class Prompt(BaseModel):
    text: str
    length: int = 5


class Spelling:
    """Spells a prompt, letter by letter, all prompts together; it steps only as often as it is let."""

    def __init__(self) -> None:
        self.steps: list[list[str]] = []
        self.lets: threading.Semaphore | None = None

    def step(self, sequences: list[ActiveSequence[Prompt]]) -> list[str | None]:
        if self.lets is not None:
            assert self.lets.acquire(timeout=20)
        self.steps.append([sequence.input.text for sequence in sequences])
        tokens: list[str | None] = []
        for sequence in sequences:
            at = sequence.state or 0
            sequence.state = at + 1
            tokens.append(sequence.input.text[at] if at < min(len(sequence.input.text), sequence.input.length) else None)
        return tokens


def spelling_app(model: Spelling, **options) -> App:
    app = App()

    class Speller(Spelling):
        def __new__(cls):
            return model

    app.model("/spell", **options)(Speller)
    return app


def events_of(text: str) -> list[tuple[str | None, object]]:
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((fields.get("event"), json.loads(fields["data"])))
    return found


def test_tokens_come_as_server_sent_events():
    with TestClient(spelling_app(Spelling())) as client:
        answer = client.post("/spell", json={"text": "ab"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert events_of(answer.text) == [(None, "a"), (None, "b"), ("end", {})]
    assert answer.headers["stream-id"]


def test_tokens_come_as_json_lines_where_the_client_wants_them():
    with TestClient(spelling_app(Spelling())) as client:
        answer = client.post("/spell", json={"text": "ab"}, headers={"accept": "application/jsonl"})
    assert [json.loads(line) for line in answer.text.splitlines()] == ["a", "b", {"end": {}}]


def test_another_format_is_not_available():
    with TestClient(spelling_app(Spelling())) as client:
        assert client.post("/spell", json={"text": "ab"}, headers={"accept": "image/png"}).status_code == 406


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
def test_a_generator_streams_by_itself(is_async):
    app = App()

    class Plain:
        def predict(self, prompts: list[str]) -> list[int]:
            return [len(prompt) for prompt in prompts]

        def stream(self, prompt: str) -> Iterator[str]:
            yield from prompt

    class Async:
        def predict(self, prompts: list[str]) -> list[int]:
            return [len(prompt) for prompt in prompts]

        async def stream(self, prompt: str) -> AsyncIterator[str]:
            for letter in prompt:
                yield letter

    app.model("/words")(Async if is_async else Plain)
    with TestClient(app) as client:
        assert client.post("/words", json="abc").json() == 3
        assert events_of(client.post("/words/stream", json="abc").text)[:3] == [(None, "a"), (None, "b"), (None, "c")]


def test_a_failing_step_ends_the_stream_with_an_error():
    app = App()

    @app.model("/fail")
    class Failing:
        def step(self, sequences: list[ActiveSequence[str]]) -> list[str | None]:
            if all(sequence.state for sequence in sequences):
                raise ValueError("broken")
            for sequence in sequences:
                sequence.state = 1
            return ["a" for _ in sequences]

    with TestClient(app) as client:
        found = events_of(client.post("/fail", json="x").text)
    assert found == [(None, "a"), ("error", {"status": 500, "detail": "The model could not answer this item."})]


async def test_who_joins_late_gets_a_token_before_the_earlier_ones_end():
    model = Spelling()
    model.lets = threading.Semaphore(2)
    async with AsyncTestClient(spelling_app(model)) as client:
        served = models_of(client.app)["speller"]
        early = await served.open_stream(Prompt(text="abcdef", length=6), id="early")
        assert [await anext(early), await anext(early)] == ["a", "b"]
        late = await served.open_stream(Prompt(text="xyz"), id="late")
        for _ in range(3):
            model.lets.release()
        assert await anext(late) == "x"
        assert await anext(early) == "c"
        for _ in range(10):
            model.lets.release()
        assert [token async for token in early] == ["d", "e", "f"]
        assert [token async for token in late] == ["y", "z"]
    assert model.steps[2] in (["abcdef"], ["abcdef", "xyz"])
    assert ["abcdef", "xyz"] in model.steps


async def test_no_step_is_made_for_a_client_that_left():
    model = Spelling()
    model.lets = threading.Semaphore(1)
    async with AsyncTestClient(spelling_app(model)) as client:
        async with client.stream("POST", "/spell", json={"text": "abcdef", "length": 6}) as answer:
            async for _ in answer.aiter_lines():
                break
        served = models_of(client.app)["speller"]
        before = len(model.steps)
        for _ in range(5):
            model.lets.release()
        while served.replicas[0].running:
            await asyncio.sleep(0)
    # The step that was under way comes to its end, and no other begins.
    assert len(model.steps) <= before + 1


async def test_a_stream_is_stopped_by_its_id():
    model = Spelling()
    model.lets = threading.Semaphore(1)
    prompt = {"text": "abcdef", "length": 6}
    async with AsyncTestClient(spelling_app(model)) as client, client.stream("POST", "/spell", json=prompt) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == 'data: "a"'
        address = f"/spell/{answer.headers['stream-id']}"
        assert (await client.delete(address)).status_code == 204
        model.lets.release(5)
        assert [line async for line in lines if line.startswith("event")] == ["event: end"]
        assert (await client.delete(address)).status_code == 404
    assert len(model.steps) <= 2


async def test_a_client_that_comes_back_gets_what_it_has_missed():
    model = Spelling()
    model.lets = threading.Semaphore(2)
    async with AsyncTestClient(spelling_app(model, replay=MemoryEventLog())) as client:
        async with client.stream("POST", "/spell", json={"text": "abcd"}) as answer:
            lines = answer.aiter_lines()
            first = [await anext(lines), await anext(lines)]
            address = f"/spell/{answer.headers['stream-id']}"
        model.lets.release(10)
        last = first[1].removeprefix("id: ")
        rest = await client.get(address, headers={"last-event-id": last})
        assert events_of(rest.text) == [(None, "b"), (None, "c"), (None, "d"), ("end", {})]
        assert (await client.get("/spell/unknown")).status_code == 404


async def test_a_kept_stream_that_nobody_reads_is_stopped_after_a_while():
    model = Spelling()
    model.lets = threading.Semaphore(1)
    async with AsyncTestClient(spelling_app(model, replay=MemoryEventLog(), linger=0.0)) as client:
        async with client.stream("POST", "/spell", json={"text": "abcdef", "length": 6}) as answer:
            await anext(answer.aiter_lines())
        served = models_of(client.app)["speller"]
        model.lets.release(1)
        deadline = time.monotonic() + 20
        while served.replicas[0].running:
            assert time.monotonic() < deadline
            await asyncio.sleep(0)
    assert len(model.steps) <= 2


async def test_a_kept_stream_goes_on_while_a_reader_of_another_process_listens():
    """Two applications with one log stand for two web workers."""
    log, models = MemoryEventLog(), [Spelling(), Spelling()]
    begun, other = (spelling_app(model, replay=log, linger=0.05) for model in models)
    async with AsyncTestClient(begun) as first, AsyncTestClient(other) as second:
        models[0].lets = threading.Semaphore(1)
        async with first.stream("POST", "/spell", json={"text": "a" * 10_000, "length": 10_000}) as answer:
            address = f"/spell/{answer.headers['stream-id']}"
            await anext(answer.aiter_lines())
            async with second.stream("GET", address) as resumed:
                lines = resumed.aiter_lines()
                await anext(lines)
                await answer.aclose()
                # Six times as long as it may go on without a reader.
                until = time.monotonic() + 0.3
                while time.monotonic() < until:
                    models[0].lets.release()
                    while await anext(lines) != 'data: "a"':
                        pass
        served = models_of(begun)["speller"]
        models[0].lets.release(10_000)
        while served.replicas[0].running:
            await asyncio.sleep(0)
    assert len(models[0].steps) < 10_000


@pytest.fixture
def two_workers():
    set_launch(Launch(workers=2))
    yield
    set_launch(Launch())


@pytest.mark.usefixtures("two_workers")
def test_streams_that_one_of_several_workers_would_know_are_refused():
    with pytest.raises(SetupError) as caught, TestClient(spelling_app(Spelling(), runner="thread")):
        pass
    assert caught.value.message == (
        "The model speller makes streams in each web worker: of 2 workers only one could stop each of them."
    )
    assert caught.value.hint == ("Let one process have it for all: runner='process', without --no-preload. Or run one worker.")


@pytest.mark.usefixtures("two_workers")
def test_a_log_in_memory_is_refused_where_several_workers_need_it():
    app = spelling_app(Spelling(), runner="process", replay=MemoryEventLog())
    (process,) = app.companions
    process.open()
    try:
        with pytest.raises(SetupError) as caught, TestClient(app):
            pass
    finally:
        process.close()
    assert caught.value.message == "The model speller keeps its streams in the memory of one of 2 workers."
    assert caught.value.hint == "Say replay=RedisEventLog(...), which all workers share, or run one worker."
