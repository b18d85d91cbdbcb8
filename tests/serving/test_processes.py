"""Models in processes of their own, started by the application."""

import asyncio
import os

import pytest

from trine.serving import models_of
from trine.testing import AsyncTestClient, TestClient

from . import programs


@pytest.fixture(scope="module")
def client():
    with TestClient(programs.app) as client:
        yield client


def test_a_model_answers_from_another_process(client):
    first, second = (client.post("/prices", json={"rooms": rooms}).json() for rooms in (1, 2))
    assert (first["price"], second["price"]) == (1000.0, 2000.0)
    assert first["process"] == second["process"] != os.getpid()


def test_fields_that_were_not_set_are_known_there(client):
    assert client.post("/prices", json={"rooms": 1}).json()["set_fields"] == 1
    assert client.post("/prices", json={"rooms": 1, "name": "a"}).json()["set_fields"] == 2


def test_one_bad_item_fails_alone(client):
    houses = [{"rooms": 1}, {"rooms": 1, "name": "refuse"}, {"rooms": 2}, {"rooms": 1, "name": "raise"}]
    answer = client.post("/prices/batch", json=houses).json()
    assert [output and output["price"] for output in answer["outputs"]] == [1000.0, None, 2000.0, None]
    assert answer["errors"] == [
        {"index": 1, "status": 422, "detail": {"why": "refused"}},
        {"index": 3, "status": 500, "detail": "The model could not answer this item."},
    ]


def test_a_process_that_dies_is_replaced(client):
    before = client.post("/prices", json={"rooms": 1}).json()["process"]
    crashed = client.post("/prices", json={"rooms": 1, "name": "crash"})
    assert (crashed.status_code, crashed.headers["retry-after"]) == (503, "1")
    after = client.post("/prices", json={"rooms": 1})
    assert after.status_code == 200
    assert after.json()["process"] != before


def test_a_batch_that_needs_more_memory_than_there_is_fails_alone(client):
    answer = client.post("/prices/batch", json=[{"rooms": 1}, {"rooms": 1, "name": "memory"}, {"rooms": 2}]).json()
    assert [output and output["price"] for output in answer["outputs"]] == [1000.0, None, 2000.0]
    assert answer["errors"] == [{"index": 1, "status": 500, "detail": "The model could not answer this item."}]
    assert client.post("/prices", json={"rooms": 3}).json()["price"] == 3000.0


def test_a_model_that_hangs_is_replaced():
    with TestClient(programs.hanging) as client:

        def process() -> int:
            while (answer := client.post("/prices", json={"rooms": 1})).status_code == 503:
                pass
            return answer.json()["process"]

        processes = {process()}
        # One sleeps; the other keeps the interpreter's lock, so that not even the process's event loop gets a turn.
        for name in ("hang", "seize"):
            assert client.post("/prices", json={"rooms": 1, "name": name}).status_code == 503
            processes.add(process())
        assert len(processes) == 3


async def test_each_replica_gets_a_device_of_its_own(monkeypatch):
    monkeypatch.setenv("TRINE_MODELS_DEVICES", "cuda:0, cuda:1")
    async with AsyncTestClient(programs.devices) as client:
        served = models_of(client.app)["where"]
        assert [(one.number, one.device) for one in served.replicas] == [(0, "cuda:0"), (1, "cuda:1")]
        while not all(one.state == "ready" for one in served.replicas):
            await asyncio.sleep(0.01)
        answers = await asyncio.gather(*[client.post("/where", json=1) for _ in range(4)])
    # Items that came together and fit into no batch are dealt out.
    assert [tuple(answer.json()) for answer in answers] == [(0, "cuda:0"), (1, "cuda:1")] * 2


def test_structs_travel():
    with TestClient(programs.structs) as client:
        assert client.post("/points", json={"x": 1, "y": 2}).json() == {"x": 2, "y": 1}


async def test_arrays_travel_small_and_large():
    np = pytest.importorskip("numpy")
    async with AsyncTestClient(programs.arrays) as client:
        served = models_of(client.app)["arrays"]
        for shape in ((3, 4), (200, 200), (1000, 1000)):
            value = np.random.default_rng(1).random(shape)
            answer = await served.predict(value)
            assert answer.shape == shape
            assert np.array_equal(answer, value * 2)
        folder = served.runner.addresses.folder
        assert [path.name for path in folder.iterdir()] == ["0.sock"]
    assert not folder.exists()


def test_streams_come_from_other_processes():
    with TestClient(programs.streams) as client:
        lines = {"accept": "application/jsonl"}
        assert client.post("/spell", json="ab", headers=lines).text == '"a"\n"b"\n{"end":{}}\n'
        assert client.post("/count", json=3, headers=lines).text == '0\n1\n2\n{"end":{}}\n'
        assert client.delete("/spell/unknown").status_code == 404
        assert client.delete("/count/unknown").status_code == 404


async def test_a_stream_in_another_process_stops_when_its_reader_leaves():
    async with AsyncTestClient(programs.streams) as client:
        served = models_of(client.app)["spelling"]
        async with client.stream("POST", "/spell", json="a" * 100_000) as answer:
            async for _ in answer.aiter_lines():
                break
        while served.replicas[0].running:
            await asyncio.sleep(0)
        assert await served.open_stream("ab", id="next") is not None


async def test_many_requests_form_batches_there():
    async with AsyncTestClient(programs.batches) as client:
        batches = []
        client.app.events.watch_batches(batches.append)
        served = models_of(client.app)["prices"]
        await served.predict(programs.House(rooms=1))
        answers = await asyncio.gather(*[served.predict(programs.House(rooms=n)) for n in range(1, 65)])
    assert [answer.price for answer in answers] == [n * 1000.0 for n in range(1, 65)]
    assert sum(batch.size for batch in batches) == 65
    assert max(batch.size for batch in batches) == 32


async def test_replicas_start_while_items_wait_and_end_when_they_are_idle():
    async with AsyncTestClient(programs.growing) as client:
        served = models_of(client.app)["slow"]
        statuses, processes = set(), set()

        async def ask(until) -> None:
            while not until():
                answer = await client.post("/slow", json=1)
                statuses.add(answer.status_code)
                processes.add(answer.json())

        await ask(lambda: processes)
        assert [replica.number for replica in served.replicas] == [0]
        await asyncio.gather(*[ask(lambda: len(processes) == 2) for _ in range(4)])
        assert [replica.state for replica in served.replicas] == ["ready", "ready"]
        # One client alone is answered by the first; while it asks, the second one leaves.
        await ask(lambda: len(served.replicas) == 1)
        assert statuses == {200}
