"""Whatever a client sends over HTTP, it gets an answer that says what was wrong, and the next request is answered."""

import time
from typing import Annotated

import httpx2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from trine import App
from trine.arrays import Array

Row = Annotated[NDArray[np.float32], Array(shape=(2,))]


class House(BaseModel):
    rooms: int = Field(gt=0)
    size: float = 1.0


def make_app() -> App:
    app = App()

    @app.model("/rows", name="rows", max_items=100)
    def sums(rows: list[Row]) -> list[float]:
        return [float(row.sum()) for row in rows]

    @app.model("/houses", name="houses", timeout=0.5)
    def prices(houses: list[House]) -> list[float]:
        rooms = [house.rooms for house in houses]
        if 13 in rooms:
            raise ValueError("unlucky")
        if 14 in rooms:
            return [0.0] * (len(rooms) + 1)
        if 15 in rooms:
            raise MemoryError
        if 16 in rooms:
            time.sleep(1.0)
        return [house.rooms * house.size for house in houses]

    return app


@pytest.fixture
def url(live_server):
    return live_server(make_app()).url


def test_bad_input_over_http(url):
    with httpx2.Client(base_url=url, headers={"content-type": "application/json"}, timeout=30) as client:

        def ask(path: str, body: str | bytes) -> tuple[int, str]:
            answer = client.post(path, content=body)
            found = answer.json()["detail"] if answer.status_code == 422 else []
            return answer.status_code, found[0]["type"] if found else ""

        refused = {
            ("/rows", "[1]"): "array_shape",
            ("/rows", "[[1, 2]]"): "array_shape",
            ("/rows", '[1, "a"]'): "array_element",
            ("/rows", "[1, NaN]"): "finite_number",
            ("/rows", "[1, 1e999]"): "finite_number",
            ("/rows", '"not base64"'): "array_element",
            ("/rows", ""): "missing",
            ("/rows/batch", f"[{','.join(['[1,2]'] * 101)}]"): "too_long",
            ("/rows/batch", "{}"): "list_type",
            ("/houses", '{"rooms": 0}'): "greater_than",
            ("/houses", '{"rooms": "many"}'): "int_parsing",
            ("/houses", '{"rooms": 1, "size": Infinity}'): "finite_number",
            ("/houses", "[" * 100_000): "json_invalid",
            ("/houses", b"\xff\xfe"): "json_invalid",
        }
        assert {case: ask(*case) for case in refused} == {case: (422, kind) for case, kind in refused.items()}
        assert ask("/rows", "[" + "1," * 8_000_000 + "1]")[0] == 413
        assert client.post("/rows/batch", content="[]").json() == {"outputs": [], "errors": []}
        # A model that raises, gives too many results, needs too much memory or hangs: nobody else pays for it.
        houses = [{"rooms": rooms} for rooms in (1, 13, 2, 15)]
        told = client.post("/houses/batch", json=houses).json()
        assert told["outputs"] == [1.0, None, 2.0, None]
        assert [(error["index"], error["status"]) for error in told["errors"]] == [(1, 500), (3, 500)]
        assert ask("/houses", '{"rooms": 14}')[0] == 500
        assert ask("/houses", '{"rooms": 16}')[0] == 503
        while (answer := client.post("/houses", json={"rooms": 2})).status_code == 503:
            assert answer.headers["retry-after"]
        assert answer.json() == 2.0
