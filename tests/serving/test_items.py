"""One item at a time from the client, batches for the model."""

import asyncio
import threading

import pytest
from pydantic import BaseModel, Field

from trine import App, HTTPException
from trine.testing import AsyncTestClient, TestClient


class House(BaseModel):
    rooms: int = Field(gt=0)


class Price(BaseModel):
    price: float


class Gate:
    """A model that computes only when it is let, and remembers its batches."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.batches: list[list[int]] = []

    def __call__(self, values: list[int]) -> list[int]:
        self.batches.append(list(values))
        self.entered.set()
        assert self.open.wait(20)
        return [value * 2 for value in values]


def gated(gate: Gate, **options) -> App:
    app = App()

    @app.model("/double", **options)
    def double(values: list[int]) -> list[int]:
        return gate(values)

    return app


def test_a_model_answers_one_item():
    app = App()

    @app.model("/predict")
    class HousePrices:
        def load(self) -> None:
            self.factor = 1000.0

        def predict(self, houses: list[House]) -> list[Price]:
            return [Price(price=house.rooms * self.factor) for house in houses]

    with TestClient(app) as client:
        assert client.post("/predict", json={"rooms": 3}).json() == {"price": 3000.0}
        assert client.post("/predict", json={"rooms": 0}).status_code == 422
        assert client.post("/predict", json=[{"rooms": 1}]).status_code == 422


def test_a_model_answers_a_list(client_of_prices):
    answer = client_of_prices.post("/predict/batch", json=[{"rooms": 1}, {"rooms": 2}])
    assert answer.json() == {"outputs": [{"price": 1000.0}, {"price": 2000.0}], "errors": []}


def test_an_empty_list_has_no_outputs(client_of_prices):
    assert client_of_prices.post("/predict/batch", json=[]).json() == {"outputs": [], "errors": []}


def test_a_giant_list_is_refused(client_of_prices):
    answer = client_of_prices.post("/predict/batch", json=[{"rooms": 1}] * 11)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "too_long"


def test_every_misfit_of_a_list_is_told_with_its_place(client_of_prices):
    answer = client_of_prices.post("/predict/batch", json=[{"rooms": 1}, {"rooms": 0}, {}])
    assert [problem["loc"] for problem in answer.json()["detail"]] == [["body", 1, "rooms"], ["body", 2, "rooms"]]


@pytest.fixture
def client_of_prices():
    app = App()

    @app.model("/predict", max_items=10)
    def predict(houses: list[House]) -> list[Price]:
        return [Price(price=house.rooms * 1000.0) for house in houses]

    with TestClient(app) as client:
        yield client


async def test_requests_that_come_while_the_model_computes_are_answered_in_one_batch():
    gate = Gate()
    async with AsyncTestClient(gated(gate)) as client:
        first = asyncio.ensure_future(client.post("/double", json=0))
        await asyncio.to_thread(gate.entered.wait)
        others = [asyncio.ensure_future(client.post("/double", json=value)) for value in range(1, 6)]
        while (waiting := await waiting_items(client)) < 5:
            assert waiting < 6
        gate.open.set()
        answers = [(await answer).json() for answer in [first, *others]]
    assert answers == [0, 2, 4, 6, 8, 10]
    assert gate.batches == [[0], [1, 2, 3, 4, 5]]


async def waiting_items(client) -> int:
    from trine.serving import models_of

    await asyncio.sleep(0)
    return models_of(client.app)["double"].replicas[0].waiting


async def test_a_batch_has_at_most_max_batch_items():
    gate = Gate()
    gate.open.set()
    app = gated(gate, max_batch=4)
    async with AsyncTestClient(app) as client:
        answer = await client.post("/double/batch", json=list(range(10)))
    assert answer.json()["outputs"] == [value * 2 for value in range(10)]
    assert max(map(len, gate.batches)) == 4


async def test_a_full_line_gets_503_with_retry_after():
    gate = Gate()
    async with AsyncTestClient(gated(gate, max_queue=2)) as client:
        pending = [asyncio.ensure_future(client.post("/double", json=0))]
        await asyncio.to_thread(gate.entered.wait)
        pending += [asyncio.ensure_future(client.post("/double", json=value)) for value in (1, 2)]
        while await waiting_items(client) < 2:
            pass
        refused = await client.post("/double", json=3)
        gate.open.set()
        answers = [(await answer).status_code for answer in pending]
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert answers == [200, 200, 200]


async def test_an_item_whose_client_left_is_not_computed():
    gate = Gate()
    async with AsyncTestClient(gated(gate)) as client:
        from trine.serving import models_of

        first = asyncio.ensure_future(client.post("/double", json=0))
        await asyncio.to_thread(gate.entered.wait)
        leaving = models_of(client.app)["double"].submit(7)
        staying = asyncio.ensure_future(client.post("/double", json=8))
        while await waiting_items(client) < 2:
            pass
        leaving.cancel()
        gate.open.set()
        assert [(await first).json(), (await staying).json()] == [0, 16]
    assert gate.batches == [[0], [8]]


async def test_urgent_items_come_first():
    gate = Gate()

    async def urgency(urgency: int = 3) -> int:
        return urgency

    async with AsyncTestClient(gated(gate, max_batch=1, priority=urgency)) as client:
        pending = [asyncio.ensure_future(client.post("/double", json=0))]
        await asyncio.to_thread(gate.entered.wait)
        for number, value in enumerate((5, 3, 0), 1):
            pending.append(asyncio.ensure_future(client.post(f"/double?urgency={value}", json=value)))
            while await waiting_items(client) < number:
                pass
        gate.open.set()
        await asyncio.gather(*pending)
    assert gate.batches == [[0], [0], [3], [5]]


async def test_an_item_that_waits_too_long_gets_503():
    gate = Gate()

    async def patience(patience: float = 30.0) -> float:
        return patience

    async with AsyncTestClient(gated(gate, timeout=patience)) as client:
        first = asyncio.ensure_future(client.post("/double", json=0))
        await asyncio.to_thread(gate.entered.wait)
        late = await client.post("/double?patience=0.01", json=1)
        gate.open.set()
        assert (await first).json() == 0
    assert late.status_code == 503
    assert late.json() == {"detail": "The request was not answered within 0.01 seconds."}
    assert gate.batches == [[0]]


def test_only_the_item_that_predict_raises_for_fails():
    app = App()
    calls = []

    @app.model("/half")
    def half(values: list[int]) -> list[float]:
        calls.append(list(values))
        if 0 in values:
            raise HTTPException(400, "zero")
        if 13 in values:
            raise ValueError("unlucky")
        return [value / 2 for value in values]

    with TestClient(app) as client:
        answer = client.post("/half/batch", json=[2, 0, 4, 13, 6]).json()
    assert answer == {
        "outputs": [1.0, None, 2.0, None, 3.0],
        "errors": [
            {"index": 1, "status": 400, "detail": "zero"},
            {"index": 3, "status": 500, "detail": "The model could not answer this item."},
        ],
    }


def test_predict_may_give_an_exception_for_an_item():
    app = App()

    @app.model("/half")
    def half(values: list[int]) -> list[float]:
        return [HTTPException(422, "zero") if value == 0 else value / 2 for value in values]

    with TestClient(app) as client:
        assert client.post("/half", json=3).json() == 1.5
        assert client.post("/half", json=0).status_code == 422


@pytest.mark.parametrize("answer", [[1.0, 2.0], [], 5, None], ids=repr)
def test_a_wrong_number_of_results_is_an_error_of_the_model(answer):
    app = App()

    @app.model("/half")
    def half(values: list[int]) -> list[float]:
        return answer

    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.post("/half", json=3).status_code == 500


@pytest.mark.parametrize("answer", [float("nan"), float("inf"), "many"], ids=repr)
def test_an_output_that_is_no_finite_number_fails_alone(answer):
    app = App()

    @app.model("/price")
    def price(values: list[int]) -> list[dict[str, float]]:
        return [{"price": answer if value == 0 else float(value)} for value in values]

    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.post("/price", json=0).status_code == 500
        found = client.post("/price/batch", json=[1, 0, 2]).json()
    assert found["outputs"] == [{"price": 1.0}, None, {"price": 2.0}]
    assert [problem["index"] for problem in found["errors"]] == [1]


def test_not_a_number_in_a_model_is_found():
    app = App()

    @app.model("/price")
    def price(values: list[int]) -> list[Price]:
        return [Price(price=float("nan")) for value in values]

    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.post("/price", json=0).status_code == 500


@pytest.mark.parametrize("body", ["NaN", "Infinity", "1e999", '"x"', "[1]", ""])
def test_inputs_that_are_no_finite_number_are_refused(body):
    app = App()

    @app.model("/half")
    def half(values: list[float]) -> list[float]:
        return [value / 2 for value in values]

    with TestClient(app) as client:
        headers = {"content-type": "application/json"}
        assert client.post("/half", content=body, headers=headers).status_code == 422


def test_an_async_predict_runs_on_the_event_loop():
    app = App()

    @app.model("/name")
    class Loops:
        async def predict(self, values: list[int]) -> list[bool]:
            await asyncio.sleep(0)
            return [asyncio.get_running_loop() is not None for _ in values]

    with TestClient(app) as client:
        assert client.post("/name", json=1).json() is True


def test_a_model_answers_without_being_started():
    app = App()

    @app.model("/half")
    def half(values: list[float]) -> list[float]:
        return [value / 2 for value in values]

    assert TestClient(app).post("/half", json=3).json() == 1.5


def test_predict_runs_in_one_thread_of_its_own():
    app = App()

    @app.model("/thread")
    class Threads:
        def load(self) -> None:
            self.thread = threading.get_ident()

        def predict(self, values: list[int]) -> list[bool]:
            return [threading.get_ident() == self.thread for _ in values]

    with TestClient(app) as client:
        assert client.post("/thread/batch", json=[1, 2]).json()["outputs"] == [True, True]


def test_a_model_is_warmed_up_with_the_examples_of_its_input():
    seen = []

    class Word(BaseModel):
        model_config = {"json_schema_extra": {"examples": [{"text": "warm"}]}}
        text: str

    app = App()

    @app.model("/length")
    def length(words: list[Word]) -> list[int]:
        seen.extend(word.text for word in words)
        return [len(word.text) for word in words]

    with TestClient(app):
        assert seen == ["warm"]


def test_the_routes_stand_in_the_documentation():
    app = App()

    @app.model("/predict")
    class HousePrices:
        """What houses would have sold for."""

        def predict(self, houses: list[House]) -> list[Price]:
            return []

    document = app.openapi()
    one, many = document["paths"]["/predict"]["post"], document["paths"]["/predict/batch"]["post"]
    assert one["description"] == "What houses would have sold for."
    assert one["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/House"}
    assert one["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Price"}
    assert many["requestBody"]["content"]["application/json"]["schema"]["maxItems"] == 1000
    assert "503" in one["responses"]


def test_ready_once_the_models_are_loaded():
    app = App()

    @app.model("/half")
    def half(values: list[float]) -> list[float]:
        return [value / 2 for value in values]

    client = TestClient(app)
    assert client.get("/models/health").json() == {"status": "ok"}
    assert client.get("/models/ready").status_code == 503
    with TestClient(app) as client:
        assert client.get("/models/ready").json() == {"status": "ready"}


def test_whoever_watches_hears_of_every_batch():
    app = App()
    batches = []
    app.events.watch_batches(batches.append)

    @app.model("/half", version="7")
    def half(values: list[float]) -> list[float]:
        return [value / 2 if value else float("nan") for value in values]

    with TestClient(app) as client:
        client.post("/half/batch", json=[1, 2, 0])
    (batch,) = batches
    assert (batch.model, batch.version, batch.size, batch.errors, len(batch.queue_seconds)) == ("half", "7", 3, 1, 3)
