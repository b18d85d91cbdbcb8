"""Mistakes in a model's declaration are found when it is declared, and say what to do."""

import pytest

from trine import App, SetupError
from trine.serving import ActiveSequence, LoadContext, ModelDeclaration
from trine.settings import Launch, set_launch
from trine.testing import TestClient


class Nothing:
    def load(self) -> None: ...


class NoList:
    def predict(self, item: int) -> int:
        return item


class TwoStreams:
    def stream(self, item: int) -> list[int]:
        return []

    def step(self, sequences: list[ActiveSequence[int]]) -> list[int | None]:
        return []


class TwoInputs:
    def predict(self, items: list[int]) -> list[int]:
        return items

    def step(self, sequences: list[ActiveSequence[str]]) -> list[str | None]:
        return []


class AsyncLoad:
    async def load(self) -> None: ...

    def predict(self, items: list[int]) -> list[int]:
        return items


class NoParameter:
    def predict(self) -> list[int]:
        return []


class StepsOfTexts:
    def step(self, sequences: list[str]) -> list[str | None]:
        return []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Nothing, "The model nothing has nothing that answers."),
        (NoList, "predict() of the model no-list is declared with int, not with list[Input]."),
        (TwoStreams, "The model two-streams has both 'stream' and 'step'."),
        (TwoInputs, "The hooks predict and step of the model two-inputs take different inputs."),
        (AsyncLoad, "load() of the model async-load is an 'async def'."),
        (NoParameter, "predict() of the model no-parameter takes 0 parameters."),
        (StepsOfTexts, "step() of the model steps-of-texts takes a list of <class 'str'>."),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_class_that_cannot_be_served(source, message):
    with pytest.raises(SetupError) as caught:
        App().model("/model")(source)
    assert caught.value.message == message
    assert caught.value.hint
    assert "test_declarations.py:" in caught.value.where


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_batch": 0}, "The model model has max_batch=0."),
        ({"max_queue": -1}, "The model model has max_queue=-1."),
        ({"max_items": True}, "The model model has max_items=True."),
        ({"max_wait_ms": -1}, "The model model has max_wait_ms=-1 and timeout=1.0."),
        ({"timeout": 0}, "The model model has max_wait_ms=0 and timeout=0."),
        ({"replicas": (2, 1)}, "The model model has replicas=(2, 1)."),
        ({"replicas": (1, 2, 3)}, "The model model has replicas=(1, 2, 3)."),
        ({"grow_wait_ms": -1}, "The model model has grow_wait_ms=-1."),
        ({"shrink_after": -1}, "The model model has shrink_after=-1."),
        ({"name": "a/b"}, "A model cannot be called 'a/b'."),
    ],
    ids=str,
)
def test_an_option_that_cannot_be(options, message):
    def predict(items: list[int]) -> list[int]:
        return items

    with pytest.raises(SetupError) as caught:
        App().model("/model", **{"name": "model", **options})(predict)
    assert caught.value.message == message


def test_two_models_of_one_name():
    app = App()
    app.model("/one", name="same")(NoListFixed)
    with pytest.raises(SetupError, match="There are two models called same"):
        app.model("/two", name="same")(NoListFixed)


class NoListFixed:
    def predict(self, items: list[int]) -> list[int]:
        return items


def test_replicas_in_one_web_process():
    app = App()
    app.model("/model", runner="thread", replicas=2)(NoListFixed)
    with pytest.raises(SetupError, match="wants 2 replicas in one web process"), TestClient(app):
        pass


def test_ray_that_is_not_installed():
    pytest.importorskip("trine")
    try:
        import ray  # noqa: F401
    except ImportError:
        pass
    else:
        pytest.skip("Ray is installed here")
    app = App()
    app.model("/model", runner="ray")(NoListFixed)
    with pytest.raises(SetupError) as caught, TestClient(app):
        pass
    assert caught.value.hint == 'Install it with: pip install "trine[ray]"'


def test_ray_that_each_worker_would_start():
    set_launch(Launch(workers=4))
    app = App()
    app.model("/model", runner="ray")(NoListFixed)
    try:
        with pytest.raises(SetupError) as caught, TestClient(app):
            pass
    finally:
        set_launch(Launch())
    assert caught.value.message == "The model no-list-fixed runs on Ray, and each of 4 workers would start a cluster."
    assert caught.value.hint == (
        "Say which one they share: TRINE_MODELS_RAY_ADDRESS=auto, after 'ray start --head'. Or run one worker."
    )


def test_devices_of_the_settings_are_for_models_that_name_none(monkeypatch):
    monkeypatch.setenv("TRINE_MODELS_DEVICES", "cuda:1,cuda:3")
    app = App()

    @app.model("/named", name="named", devices=["cuda:7"])
    @app.model("/told", name="told")
    class Where:
        def load(self, context: LoadContext) -> None:
            self.device = context.device

        def predict(self, items: list[int]) -> list[str]:
            return [self.device for _ in items]

    with TestClient(app) as client:
        assert client.post("/told", json=1).json() == "cuda:1"
        assert client.post("/named", json=1).json() == "cuda:7"


def test_replicas_take_devices_in_turn():
    def predict(items: list[int]) -> list[int]:
        return items

    declaration = ModelDeclaration("turns", predict, {"devices": ["cuda:0", "cuda:1"], "replicas": 5})
    assert [declaration.device(number) for number in range(5)] == ["cuda:0", "cuda:1", "cuda:0", "cuda:1", "cuda:0"]
    assert ModelDeclaration("none", predict).device(3) == "cpu"


def test_a_model_stays_the_class_that_it_was():
    app = App()
    assert app.model("/model", name="kept")(NoListFixed) is NoListFixed
    assert NoListFixed().predict([1]) == [1]
