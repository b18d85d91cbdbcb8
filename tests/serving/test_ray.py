"""A model on Ray Serve: the same class and one setting. It starts a cluster here, so it runs where Ray is installed."""

import os
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

pytest.importorskip("ray", reason='Ray is not installed: pip install "trine[ray]"')

from trine import App
from trine.testing import TestClient

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


class House(BaseModel):
    rooms: int


class Price(BaseModel):
    price: float
    process: int


def test_a_model_answers_from_a_cluster():
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
