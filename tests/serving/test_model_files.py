"""Model files: each format loads, broken ones are named, and nothing in a file is ever run."""

import hashlib
import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from trine import App, SetupError
from trine.serving import ModelFileError, load_model
from trine.testing import TestClient


class Touch:
    """Unpickled, it would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.fixture
def sentinel(tmp_path):
    path = tmp_path / "was-run"
    yield path
    assert not path.exists(), "code from a model file was run"


@pytest.fixture(scope="session")
def onnx_file(tmp_path_factory):
    """A network that adds one to a row of two."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper

    row = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in ("x", "y")]
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    graph = helper.make_graph([helper.make_node("Add", ["x", "one"], ["y"])], "add", row[:1], row[1:], [one])
    path = tmp_path_factory.mktemp("onnx") / "add.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_onnx_gives_a_session(onnx_file):
    session = load_model(onnx_file)
    assert session.run(None, {"x": np.zeros((1, 2), np.float32)})[0].tolist() == [[1, 1]]


def test_safetensors_and_numpy_give_arrays(tmp_path):
    from safetensors.numpy import save_file

    save_file({"w": np.arange(3)}, tmp_path / "a.safetensors")
    np.savez(tmp_path / "b.npz", w=np.arange(3))
    np.save(tmp_path / "c.npy", np.arange(3))
    assert load_model(tmp_path / "a.safetensors")["w"].tolist() == [0, 1, 2]
    assert load_model(tmp_path / "b.npz")["w"].tolist() == [0, 1, 2]
    assert load_model(tmp_path / "c.npy").tolist() == [0, 1, 2]


def test_skops_gives_an_estimator_of_known_types(tmp_path):
    import skops.io
    from sklearn.linear_model import LinearRegression

    skops.io.dump(LinearRegression().fit([[0], [1]], [0, 1]), tmp_path / "line.skops")
    assert load_model(tmp_path / "line.skops").predict([[2]]) == pytest.approx([2])


class Own:
    """A type that is not scikit-learn's."""


def test_skops_names_types_that_nobody_trusts(tmp_path):
    import skops.io

    skops.io.dump(Own(), tmp_path / "own.skops")
    with pytest.raises(ModelFileError, match="holds types that are not scikit-learn's own") as caught:
        load_model(tmp_path / "own.skops")
    assert "Own" in str(caught.value)
    name = str(caught.value).partition("own: ")[2].partition(".  If")[0].partition(". If")[0]
    assert type(load_model(tmp_path / "own.skops", trusted=[name])).__name__ == "Own"


FILES = {
    "safetensors": lambda: __import__("safetensors.numpy").numpy.save({"w": np.arange(30.0)}),
    "npz": lambda: (np.savez(file := io.BytesIO(), w=np.arange(30.0)), file.getvalue())[1],
    "npy": lambda: (np.save(file := io.BytesIO(), np.arange(30.0)), file.getvalue())[1],
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("cut", [0, 1, 10, -1])
def test_truncated_files_are_refused(tmp_path, kind, cut):
    path = tmp_path / f"model.{kind}"
    path.write_bytes(FILES[kind]()[:cut])
    with pytest.raises(ModelFileError, match=f"^model.{kind} "):
        load_model(path)


def test_truncated_onnx_is_refused(tmp_path, onnx_file):
    path = tmp_path / "model.onnx"
    for content in (b"", b"no network", onnx_file.read_bytes()[:-20]):
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match=r"^model.onnx is "):
            load_model(path)


@pytest.mark.parametrize("kind", ["onnx", "safetensors", "skops", "npz", "npy"])
def test_a_malicious_pickle_under_another_name_is_not_run(tmp_path, sentinel, kind):
    path = tmp_path / f"model.{kind}"
    for protocol in (0, 2, 5):
        path.write_bytes(pickle.dumps(Touch(sentinel), protocol=protocol))
        with pytest.raises(ModelFileError):
            load_model(path)


def test_a_malicious_pickle_inside_an_archive_is_not_run(tmp_path, sentinel):
    evil = pickle.dumps(Touch(sentinel))
    np.save(tmp_path / "objects.npy", np.array([Touch(sentinel)], object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "objects.npz", "w") as archive:
        archive.write(tmp_path / "objects.npy", "w.npy")
        archive.writestr("evil.npy", evil)
    with zipfile.ZipFile(tmp_path / "evil.skops", "w") as archive:
        archive.writestr("schema.json", '{"__class__": "system", "__module__": "posix", "__loader__": "TypeNode"}')
        archive.writestr("data.pkl", evil)
    for name in ("objects.npy", "objects.npz", "evil.skops"):
        with pytest.raises(ModelFileError):
            load_model(tmp_path / name)


@pytest.mark.parametrize("name", ["model.pkl", "model.pickle", "model.joblib"])
def test_pickles_are_not_loaded_unless_somebody_says_so(tmp_path, sentinel, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Touch(sentinel)))
    with pytest.raises(ModelFileError, match=r"is a pickle: loading it would run whatever code is in it. Save it as .onnx"):
        load_model(path)


@pytest.mark.parametrize("kind", ["pkl", "joblib"])
def test_pickles_are_loaded_where_the_caller_says_so(tmp_path, kind):
    path = tmp_path / f"model.{kind}"
    path.write_bytes(pickle.dumps({"weights": [1, 2]}))
    assert load_model(path, allow_pickle=True) == {"weights": [1, 2]}
    path.write_bytes(b"no pickle")
    with pytest.raises(ModelFileError, match="is no complete"):
        load_model(path, allow_pickle=True)


def test_pytorch_files_are_plain_weights(tmp_path, sentinel):
    torch = pytest.importorskip("torch")
    torch.save({"w": torch.ones(2)}, tmp_path / "good.pt")
    assert load_model(tmp_path / "good.pt")["w"].tolist() == [1, 1]
    torch.save(Touch(sentinel), tmp_path / "evil.pt")
    with pytest.raises(ModelFileError, match="is no file of plain PyTorch weights"):
        load_model(tmp_path / "evil.pt")


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    (tmp_path / "model.pt").write_bytes(b"weights")
    with pytest.raises(SetupError) as caught:
        load_model(tmp_path / "model.pt")
    assert str(caught.value) == "model.pt needs PyTorch. Install it with: pip install torch"


def test_the_checksum_is_looked_at_first(tmp_path):
    path = tmp_path / "model.npy"
    np.save(path, np.arange(3))
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    assert load_model(path, sha256=right.upper()).tolist() == [0, 1, 2]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelFileError, match="it was changed or cut off"):
        load_model(path, sha256=right)


@pytest.mark.parametrize(("name", "problem"), [("gone.onnx", "is not there"), ("model.h5", "ends in '.h5'")])
def test_other_mistakes_are_explained(tmp_path, name, problem):
    if name != "gone.onnx":
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ModelFileError, match=problem):
        load_model(tmp_path / name)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("trine.serving.formats.loader._MAX_UNPACKED", 1000)
    np.savez_compressed(tmp_path / "bomb.npz", w=np.zeros(10_000))
    with pytest.raises(ModelFileError, match="unpacks to 80"):
        load_model(tmp_path / "bomb.npz")


# In a served model -----------------------------------------------------------------------------------------------


def served(path, **options):
    app = App()

    @app.model("/predict", name="prices", **options)
    class Prices:
        def load(self) -> None:
            # What load_model is told here does not count: the declaration must say it too.
            self.model = load_model(path, allow_pickle=True)

        def predict(self, items: list[int]) -> list[int]:
            return [self.model["factor"] * item for item in items]

    return app


def test_a_served_model_unpickles_only_where_it_is_declared(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps({"factor": 3}))
    with pytest.raises(ModelFileError, match=r"say app.model\(..., allow_pickle=True\)"), TestClient(served(path)):
        pass
    with TestClient(served(path, allow_pickle=True)) as client:
        assert client.post("/predict", json=2).json() == 6


def test_models_that_may_unpickle_are_named_before_production_starts(tmp_path):
    (problem,) = [one for one in served(tmp_path / "m.pkl", allow_pickle=True).problems() if one.name == "pickled-model"]
    assert problem.message == "The model prices may unpickle files: whoever can write them can run code in this server."
    assert "test_model_files.py:" in problem.where
    assert [one for one in served(tmp_path / "m.pkl").problems() if one.name == "pickled-model"] == []
