"""Versions side by side: who answers, who listens, and how that changes while requests come."""

import asyncio
import logging
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from trine import App, Header, SetupError
from trine.metrics import Metrics
from trine.serving import ActiveSequence, LoadContext, Registry, load_model, models_of
from trine.serving.versions.compare import agree
from trine.serving.versions.traffic import TrafficSplit
from trine.testing import AsyncTestClient, TestClient

shares = st.dictionaries(st.sampled_from("abcd"), st.floats(0, 0.25), max_size=4)


@given(shares, st.text())
def test_a_key_keeps_its_version(found, key):
    split = TrafficSplit("main", found)
    assert len({split.choose(key) for _ in range(5)}) == 1
    assert TrafficSplit("main", found).choose(key) == split.choose(key)


@given(st.floats(0, 0.5), st.floats(0, 0.5), st.text())
def test_a_growing_share_takes_keys_and_gives_none_back(small, more, key):
    if TrafficSplit("main", {"new": small}).choose(key) == "new":
        assert TrafficSplit("main", {"new": small + more}).choose(key) == "new"


def test_shares_are_kept():
    split = TrafficSplit("main", {"a": 0.2, "b": 0.1})
    for found in (
        Counter(split.choose(str(number)) for number in range(20_000)),
        Counter(split.choose() for _ in range(20_000)),
    ):
        assert found["a"] == pytest.approx(4000, rel=0.15)
        assert found["b"] == pytest.approx(2000, rel=0.2)


class Price(BaseModel):
    price: float
    words: list[str] = []


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0000001, True),
        (1, 1.1, False),
        (True, 1, False),
        ("a", "a", True),
        (None, 0, False),
        (float("nan"), float("nan"), True),
        ([1, "a"], [1, "a"], True),
        ([1], [1, 2], False),
        (Price(price=2, words=["x"]), Price(price=2.000001, words=["x"]), True),
        (Price(price=2), Price(price=3), False),
        (np.array([1.0, 2]), np.array([1.0, 2]), True),
        ({"a": 1}, {"b": 1}, False),
    ],
)
def test_answers_are_compared_by_what_they_say(left, right, same):
    assert agree(left, right) is same
    assert agree(right, left) is same


# A served model that follows its registry ------------------------------------------------------------------------


@pytest.fixture
def registry(tmp_path):
    registry = Registry(tmp_path / "models")
    for value in (1, 2, 3):
        path = tmp_path / "weights.npy"
        np.save(path, np.array([value]))
        registry.publish("times", path)
    broken = tmp_path / "broken.npy"
    broken.write_bytes(b"nothing")
    registry.publish("times", broken, version="broken")
    return registry


def times(registry, **options):
    app = App()
    app.install(Metrics())

    @app.model("/times", name="times", registry=registry, timeout=0.2, **options)
    class Times:
        def load(self, context: LoadContext) -> None:
            assert context.path is not None
            name = context.about["files"][0]["name"]
            self.factor = int(load_model(context.path / name)[0])

        def predict(self, items: list[int]) -> list[int]:
            return [item * self.factor for item in items]

    return app


def metrics(client):
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("trine_model")
    }


def test_the_default_answers_and_says_which_it_is(registry):
    with TestClient(times(registry)) as client:
        answer = client.post("/times", json=10)
        assert (answer.json(), answer.headers["model-version"]) == (10, "1")
        assert client.post("/times?version=2", json=10).status_code == 404


def test_what_is_promoted_answers_from_the_next_look_on(registry):
    async def run():
        app = times(registry)
        async with AsyncTestClient(app) as client:
            registry.promote("times", "3")
            assert (await client.post("/times", json=10)).json() == 10
            await models_of(app).refresh()
            answer = await client.post("/times", json=10)
            assert (answer.json(), answer.headers["model-version"]) == (30, "3")
            registry.rollback("times")
            await models_of(app).refresh()
            assert (await client.post("/times", json=10)).json() == 10

    asyncio.run(run())


def test_no_request_is_dropped_while_versions_change(registry):
    async def run():
        app = times(registry)
        found = Counter()
        async with AsyncTestClient(app) as client:
            going_on = True

            async def ask():
                while going_on:
                    answer = await client.post("/times", json=1)
                    found[answer.status_code, answer.json() == int(answer.headers["model-version"])] += 1

            askers = [asyncio.create_task(ask()) for _ in range(8)]
            for version in ("2", "3", "1", "3", "2"):
                registry.promote("times", version)
                await models_of(app).refresh()
                # Long enough that the one before is let go.
                before = found.total()
                while found.total() < before + 100:
                    await asyncio.sleep(0)
            going_on = False
            await asyncio.gather(*askers)
        assert set(found) == {(200, True)}

    asyncio.run(run())


def test_versions_that_nobody_wants_are_let_go_after_their_last_answer(registry):
    async def run():
        app = times(registry)
        async with AsyncTestClient(app):
            served = models_of(app)["times"]
            registry.promote("times", "2")
            await models_of(app).refresh()
            assert set(served.versions) == {"1", "2"}
            while served.versions != ("2",):
                await asyncio.sleep(0.01)

    asyncio.run(run())


def test_a_version_that_cannot_be_loaded_leaves_the_others_alone(registry, caplog):
    async def run():
        app = times(registry)
        async with AsyncTestClient(app) as client:
            registry.promote("times", "broken")
            with caplog.at_level(logging.ERROR, "trine.serving"):
                await models_of(app).refresh()
                await models_of(app).refresh()
            assert (await client.post("/times", json=10)).json() == 10
        messages = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
        assert messages == ["The model times cannot load version broken; 1 goes on answering."]

    asyncio.run(run())


def test_a_registry_that_cannot_be_read_leaves_the_versions_alone(registry, caplog):
    async def run():
        app = times(registry)
        async with AsyncTestClient(app) as client:
            registry.storage.sync.save("times/release.json", b"{", if_exists="replace")
            await models_of(app).refresh()
            assert (await client.post("/times", json=10)).json() == 10
        assert "The registry of the model times cannot be read." in caplog.text

    asyncio.run(run())


def test_traffic_is_split_by_a_key(registry):
    registry.split("times", {"2": 0.5})

    def user(x_user: str = Header()) -> str:
        return x_user

    with TestClient(times(registry, split_by=user)) as client:
        found = {}
        for number in range(40):
            answers = {client.post("/times", json=1, headers={"x-user": str(number)}).json() for _ in range(3)}
            assert len(answers) == 1
            found[number] = answers.pop()
        assert set(found.values()) == {1, 2}
        # Who names a version gets it.
        assert client.post("/times?version=2", json=1, headers={"x-user": "0"}).json() == 2


def test_a_shadow_is_asked_and_compared_and_never_heard(registry):
    registry.shadow("times", "2")
    with TestClient(times(registry)) as client:
        assert [client.post("/times", json=number).json() for number in (0, 1, 2)] == [0, 1, 2]
        found = metrics(client)
        while sum(count for name, count in found.items() if name.startswith("trine_model_shadow_total")) < 3:
            found = metrics(client)
        assert found['trine_model_shadow_total{model="times",outcome="same",version="2"}'] == 1
        assert found['trine_model_shadow_total{model="times",outcome="different",version="2"}'] == 2
        assert found['trine_model_items_total{model="times",version="1"}'] == 3


def spelling(registry, **options):
    app = App()

    @app.model("/steps", name="times", registry=registry, **options)
    class Steps:
        def load(self, context: LoadContext) -> None:
            self.factor = int(np.load(context.path / "weights.npy")[0])

        def step(self, sequences: list[ActiveSequence[int]]) -> list[int | None]:
            return [sequence.finish(sequence.input * self.factor) for sequence in sequences]

    return app


def test_versions_of_a_model_that_streams(registry):
    registry.split("times", {"2": 0.5})

    def user(x_user: str = Header()) -> str:
        return x_user

    with TestClient(spelling(registry, split_by=user)) as client:

        def tokens(address: str, name: str) -> tuple[str, str]:
            answer = client.post(address, json=10, headers={"accept": "application/jsonl", "x-user": name})
            return answer.headers["model-version"], answer.text

        said = {"1": '10\n{"end":{}}\n', "2": '20\n{"end":{}}\n'}
        assert tokens("/steps?version=2", "0") == ("2", said["2"])
        found = {tokens("/steps", str(number)) for number in range(40)}
        assert found == set(said.items())
        assert {tokens("/steps", "7") for _ in range(5)} < found
        assert client.post("/steps?version=9", json=10, headers={"x-user": "0"}).status_code == 404


def test_a_model_that_only_streams_gets_no_shadow(registry, caplog):
    registry.shadow("times", "2")
    with TestClient(spelling(registry)) as client:
        assert client.post("/steps", json=10, headers={"accept": "application/jsonl"}).text == '10\n{"end":{}}\n'
        assert models_of(client.app)["times"].versions == ("1",)
    assert caplog.messages == [
        "The model times answers with streams alone, which cannot be compared: version 2 does not become its shadow. "
        "Give it a share of the traffic instead: trine models split times 2=0.1"
    ]


def test_the_registry_of_the_settings_is_asked_for_by_true(registry, monkeypatch, tmp_path):
    monkeypatch.setenv("TRINE_MODELS_REGISTRY", str(tmp_path / "models"))
    with TestClient(times(True)) as client:
        assert client.post("/times", json=10).json() == 10


def test_a_registry_without_the_model_stops_the_start(tmp_path):
    app = times(Registry(tmp_path / "empty"))
    with pytest.raises(SetupError) as caught, TestClient(app):
        pass
    assert caught.value.message == "The registry of the model times has no version of it."
    assert caught.value.hint == "Publish one: trine models publish times FILE"
