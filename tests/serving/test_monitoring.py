"""What is seen of models: metrics, drift against training data, and the page that draws them."""

import math
import random
from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from trine import App, Depends, SetupError
from trine.metrics import Metrics, MetricStore
from trine.serving import ModelMonitor, psi, training_statistics
from trine.serving.monitoring.drift import DriftWatch
from trine.serving.monitoring.features import features_of
from trine.testing import TestClient


class House(BaseModel):
    rooms: int
    area: float | None = None
    street: str = "a"


class Row(msgspec.Struct):
    rooms: int
    street: str


@dataclass
class Point:
    x: float


@pytest.mark.parametrize(
    ("item", "features"),
    [
        (House(rooms=3, street="b"), {"rooms": 3, "area": None, "street": "b"}),
        (Row(2, "c"), {"rooms": 2, "street": "c"}),
        (Point(1.5), {"x": 1.5}),
        ({"a": 1, "b": [1], "c": True}, {"a": 1, "c": "true"}),
        (7, {"value": 7}),
        ("some text", {"length": 9}),
        (np.array([1.0, 2]), {"0": 1, "1": 2}),
        (np.full((20, 20), 3), {"mean": 3, "std": 0}),
        ({"pixels": np.zeros(100)}, {"pixels.mean": 0, "pixels.std": 0}),
        (object(), {}),
    ],
)
def test_items_are_taken_apart(item, features):
    assert features_of(item) == features


SHARES = st.lists(st.floats(0.01, 1), min_size=2, max_size=10).map(lambda found: [one / sum(found) for one in found])


@given(SHARES)
def test_the_index_of_the_same_shares_is_nothing(shares):
    assert psi(shares, shares) == pytest.approx(0, abs=1e-12)
    assert psi(shares, shares[1:] + shares[:1]) >= 0


def test_the_index_is_the_sum_over_all_bins():
    # By hand: 0.2 ln(0.4/0.2) + (-0.2) ln(0.6/0.8).
    assert psi([0.2, 0.8], [0.4, 0.6]) == pytest.approx(0.2 * np.log(2) - 0.2 * np.log(0.75))
    assert psi([0.5, 0.5], [0.0, 1.0]) < 10


@pytest.mark.parametrize(
    "data",
    [
        [{"rooms": rooms, "area": float(rooms * 10)} for rooms in range(100)],
        pa.table({"rooms": range(100), "area": [float(rooms * 10) for rooms in range(100)]}),
    ],
    ids=["records", "arrow"],
)
def test_training_data_is_described_by_shares(data):
    found = training_statistics(data)
    rooms = found["features"]["rooms"]
    assert found["count"] == 100
    assert rooms["edges"] == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert rooms["shares"] == [0.1] * 10 + [0]
    assert rooms["mean"] == 49.5


def test_columns_of_an_array_have_names():
    found = training_statistics(np.arange(20.0).reshape(10, 2), names=["a", "b"], bins=2)
    column = found["features"]["b"]
    assert (column["edges"], column["shares"], column["mean"]) == ([11], [0.5, 0.5, 0], 10)


def test_words_and_gaps_have_bins_of_their_own():
    items = [House(rooms=1, street=street, area=area) for street, area in [("a", 1.0), ("a", None), ("b", 2.0), ("a", None)]]
    found = training_statistics(items)["features"]
    assert (found["street"]["values"], found["street"]["shares"]) == (["a", "b"], [0.75, 0.25, 0, 0])
    assert found["area"]["shares"][-1] == 0.5


def test_edges_mean_and_deviation_are_those_of_the_finite_numbers():
    described = [
        training_statistics([{"a": number} for number in numbers], bins=2)["features"]["a"]
        for numbers in ([1.0, 3.0, math.inf], [math.inf], [1e308, 1e308])
    ]
    assert [(one["edges"], one["mean"], one["std"]) for one in described] == [
        ([3.0], 2.0, 1.0),
        ([], None, None),
        ([], 1e308, 0.0),
    ]
    assert described[0]["shares"] == [1 / 3, 2 / 3, 0]


json_items = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=2)),
    max_size=30,
)


@given(json_items, json_items)
def test_any_data_can_be_compared_with_any_other(training, later):
    statistics = training_statistics(training)
    msgspec.json.encode(statistics)
    store = MetricStore.__new__(MetricStore)
    MetricStore.__init__(store, None)
    drift = DriftWatch(store)
    drift.expect("m", "1", statistics)
    store.begin()
    for item in later * 10:
        drift.note("m", "1", item)
    drift.look(2)
    for one in store.collect():
        for numbers in one.values.values():
            assert all(number >= 0 for number in numbers)


TRAINING = [House(rooms=random.Random(number).choice([2, 3, 4]), area=float(number % 50)) for number in range(500)]


def houses(*parts):
    app = App(title="Houses")
    for part in parts:
        app.install(part)

    @app.model("/predict", name="houses", statistics=training_statistics(TRAINING))
    def predict(items: list[House]) -> list[float]:
        return [float(item.rooms) if item.rooms < 90 else ValueError("too large") for item in items]

    return app


def drift_of(client):
    """Ask until the inputs were looked at."""
    found = {}
    while not found:
        lines = client.get("/metrics").text.splitlines()
        found = {line.split('"')[1]: float(line.split()[-1]) for line in lines if line.startswith("trine_model_input_drift{")}
    return found


def test_inputs_like_the_training_data_are_stable(monkeypatch):
    monkeypatch.setattr("trine.serving.monitoring.recorder.LOOK", 0.05)
    with TestClient(houses(Metrics())) as client:
        client.post("/predict/batch", json=[item.model_dump() for item in TRAINING[:100]])
        found = drift_of(client)
    assert found.keys() == {"rooms", "area", "street"}
    assert all(index < 0.25 for index in found.values())


def test_other_inputs_are_found_out(monkeypatch):
    monkeypatch.setattr("trine.serving.monitoring.recorder.LOOK", 0.05)
    with TestClient(houses(Metrics())) as client:
        client.post("/predict/batch", json=[{"rooms": 3, "area": 1000.0 + number, "street": "z"} for number in range(100)])
        found = drift_of(client)
    assert found["area"] > 0.25
    assert found["street"] > 0.25


def test_batches_are_counted():
    with TestClient(houses(Metrics()), raise_server_exceptions=False) as client:
        client.post("/predict", json={"rooms": 3})
        assert client.post("/predict", json={"rooms": 99}).status_code == 500
        client.post("/predict/batch", json=[{"rooms": 3}] * 20)
        text = client.get("/metrics").text
    said = 'model="houses",version="1"'
    for line in (
        f"trine_model_items_total{{{said}}} 22.0",
        f"trine_model_errors_total{{{said}}} 1.0",
        f"trine_model_batch_size_sum{{{said}}} 22.0",
        f"trine_model_queue_seconds_count{{{said}}} 22.0",
    ):
        assert line in text
    assert "trine_model_inputs_lately" not in text


def test_models_are_served_without_metrics_too():
    with TestClient(houses()) as client:
        assert client.post("/predict", json={"rooms": 3}).json() == 3


@pytest.mark.parametrize("statistics", ["nowhere.json", {"rooms": 1}, 5])
def test_statistics_that_are_none_stop_the_start(statistics):
    app = App()
    app.install(Metrics())
    app.model("/predict", name="same", statistics=statistics)(lambda items: items)
    with pytest.raises(SetupError, match="training statistics"), TestClient(app):
        pass


# The page --------------------------------------------------------------------------------------------------------


def test_the_page_tells_numbers_as_json():
    with TestClient(houses(ModelMonitor())) as client:
        client.post("/predict", json={"rooms": 3})
        (model,) = client.get("/models/monitor/data").json()["models"]
    assert (model["name"], model["path"], model["ready"]) == ("houses", "/predict", True)
    (version,) = model["versions"]
    assert (version["version"], version["role"], version["items"], version["expects"]) == ("1", "default", 1, True)
    assert sum(version["queue"][:-1]) == 1


def test_the_page_is_for_whom_may_see_it(monkeypatch):
    def refuse():
        from trine import HTTPException

        raise HTTPException(403)

    with TestClient(houses(ModelMonitor(dependencies=[Depends(refuse)]))) as client:
        assert client.get("/models/monitor").status_code == 403
        assert client.get("/models/monitor/data").status_code == 403
    problems = [one.message for one in houses(ModelMonitor()).problems() if one.name == "open-monitor"]
    assert problems == ["Everybody may see the models' page at /models/monitor."]
    monkeypatch.setenv("TRINE_METRICS_TOKEN", "a-long-token-for-people")
    app = houses(ModelMonitor())
    assert [one for one in app.problems() if one.name == "open-monitor"] == []
    with TestClient(app) as client:
        assert client.get("/models/monitor").status_code == 401
        answer = client.get("/models/monitor", auth=("me", "a-long-token-for-people"))
    assert "script-src 'self'" in answer.headers["content-security-policy"]
