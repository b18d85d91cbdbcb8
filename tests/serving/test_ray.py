"""A model on Ray Serve: the same class and one setting. It starts a cluster here, so it runs where Ray is installed."""

import os
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

pytest.importorskip("ray", reason='Ray is not installed: pip install "trine[ray]"')

import numpy as np

from trine import App
from trine.serving import LoadContext, Registry, models_of
from trine.testing import AsyncTestClient, TestClient

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


class House(BaseModel):
    rooms: int


class Price(BaseModel):
    price: float
    process: int


def test_a_model_answers_from_a_cluster():
    import ray

    app = App()

    @app.model("/prices", runner="ray", replicas=(1, 2))
    class Prices:
        def predict(self, houses: list[House]) -> list[Price]:
            if any(house.rooms == 13 for house in houses):
                raise ValueError("unlucky")
            return [Price(price=house.rooms * 2.0, process=os.getpid()) for house in houses]

        def stream(self, house: House) -> Iterator[int]:
            yield from range(house.rooms)

    with TestClient(app) as client:
        answer = client.post("/prices", json={"rooms": 3}).json()
        assert answer["price"] == 6.0
        assert answer["process"] != os.getpid()
        many = client.post("/prices/batch", json=[{"rooms": n} for n in (1, 13, 2)]).json()
        assert [output and output["price"] for output in many["outputs"]] == [2.0, None, 4.0]
        tokens = client.post("/prices/stream", json={"rooms": 2}, headers={"accept": "application/jsonl"})
        assert tokens.text == '0\n1\n{"end":{}}\n'
        assert client.delete("/prices/stream/unknown").status_code == 404
        assert client.get("/models/ready").status_code == 200
    # What was started here ends here.
    assert not ray.is_initialized()


async def test_versions_stand_side_by_side_on_a_cluster(tmp_path):
    import ray
    from ray import serve

    registry = Registry(tmp_path / "models")
    for value in (1, 2):
        np.save(tmp_path / "weights.npy", np.array([value]))
        registry.publish("times", tmp_path / "weights.npy")
    app = App()

    @app.model("/times", name="times", runner="ray", registry=registry, timeout=0.5)
    class Times:
        def load(self, context: LoadContext) -> None:
            self.factor = int(np.load(context.path / "weights.npy")[0])

        def predict(self, items: list[int]) -> list[int]:
            return [item * self.factor for item in items]

    # Another program's cluster: what is deployed there stays for the other workers that ask it.
    ray.init(log_to_driver=False)
    try:
        async with AsyncTestClient(app) as client:
            assert (await client.post("/times", json=10)).json() == 10
            assert (await client.post("/times?version=2", json=10)).status_code == 404
            registry.promote("times", "2")
            await models_of(app).refresh()
            answer = await client.post("/times", json=10)
            assert (answer.json(), answer.headers["model-version"]) == (20, "2")
            assert (await client.post("/times?version=1", json=10)).json() == 10
        assert {"trine-times-1", "trine-times-2"} <= serve.status().applications.keys()
    finally:
        serve.shutdown()
        ray.shutdown()
