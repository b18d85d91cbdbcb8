"""The housing example: the figures it claims, and the service it runs."""

import json
import math
import subprocess
import sys

import pytest

from trine.testing import TestClient

# Skipped where the model's libraries are not installed: the quick runs on other Python versions do without.
skops_io = pytest.importorskip("skops.io")

HOUSE = {
    "lotsize": 5850, "bedrooms": 3, "bathrms": 1, "stories": 2, "garagepl": 1, "driveway": True,
    "recroom": False, "fullbase": True, "gashw": False, "airco": False, "prefarea": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def training(housing, load_program):
    return load_program(housing / "train.py")


@pytest.fixture
def client(housing, load_program):
    with TestClient(load_program(housing / "app.py").app) as client:
        yield client


@pytest.fixture
def small_client(housing, load_program, monkeypatch):
    monkeypatch.chdir(housing)
    with TestClient(load_program(housing / "small.py").app) as client:
        yield client


def test_model_is_far_better_than_the_median(training):
    houses, prices = training.read_sales()
    scores = list(training.measure(houses, prices))
    mean = training.mean_score(scores)
    assert len(houses) == 546
    assert len(scores) == 5
    assert mean.r2 > 0.6
    assert mean.error < 0.6 * mean.baseline_error


def test_training_prints_what_it_measured(housing, tmp_path):
    output = tmp_path / "housing.skops"
    command = [sys.executable, str(housing / "train.py"), "--output", str(output)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.splitlines()[:3] == ["546 house sales, 5 folds", "", "  fold      R²   mean error    baseline   better by"]
    assert [line.split()[0] for line in printed.splitlines()[3:9]] == ["1", "2", "3", "4", "5", "mean"]
    assert printed.endswith(f"Trained on all 546 sales, stored in {output}\n")
    assert output.exists()


def test_stored_model_names_no_untrusted_type(housing):
    assert skops_io.get_untrusted_types(file=housing / "housing.skops") == []


def test_house_gets_a_price(client):
    answer = client.post("/predict", json=HOUSE)
    assert answer.status_code == 200
    assert list(answer.json()) == ["price"]
    assert 50_000 < answer.json()["price"] < 80_000


def test_larger_lot_costs_more(client):
    small, large = (client.post("/predict", json=HOUSE | {"lotsize": size}).json()["price"] for size in (3000, 9000))
    assert small < large


def test_every_mistake_in_a_house_is_reported_at_once(client):
    house = {**HOUSE, "lotsize": 0, "bedrooms": "many", "pool": True}
    del house["airco"]
    answer = client.post("/predict", json=house)
    assert answer.status_code == 422
    assert [(error["type"], error["loc"], error["msg"]) for error in answer.json()["detail"]] == [
        ("greater_than", ["body", "lotsize"], "Input should be greater than 0"),
        ("int_type", ["body", "bedrooms"], "Input should be a valid integer"),
        ("missing", ["body", "airco"], "Field required"),
        ("extra_forbidden", ["body", "pool"], "Extra inputs are not permitted"),
    ]


@pytest.mark.parametrize("size", ["NaN", "Infinity", "1e999", "9" * 100_000], ids=["nan", "infinity", "overflow", "long"])
def test_lot_of_no_finite_size_is_refused(client, size):
    body = json.dumps(HOUSE).replace("5850", size)
    answer = client.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert client.post("/predict", json=HOUSE).status_code == 200


def test_health_answers_once_the_model_is_loaded(client):
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_houses_are_documented(client):
    document = client.get("/openapi.json").json()
    assert document["info"] == {"title": "House prices", "version": "1.0.0"}
    house = document["components"]["schemas"]["House"]
    assert list(house["properties"]) == list(HOUSE)
    assert house["properties"]["lotsize"] == {
        "type": "integer",
        "exclusiveMinimum": 0,
        "maximum": 1_000_000,
        "title": "Lotsize",
        "description": "Lot size in square feet",
    }
    assert client.get("/docs").status_code == 200


def test_small_file_is_at_most_twelve_lines(housing):
    lines = (housing / "small.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 12


def test_small_file_stands_on_the_first_screen_of_the_readme(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    first_screen = "\n".join(readme.splitlines()[:40])
    assert (root / "examples" / "housing" / "small.py").read_text(encoding="utf-8") in first_screen


def test_small_file_answers_as_the_whole_example_does(client, small_client):
    whole, small = (answering.post("/predict", json=HOUSE).json()["price"] for answering in (client, small_client))
    assert math.isclose(whole, small)
    assert small_client.get("/health").json() == {"status": "ok"}
    assert small_client.post("/predict", json=HOUSE | {"lotsize": -1}).status_code == 422
    assert small_client.get("/docs").status_code == 200
