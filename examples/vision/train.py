"""Train a small network on scikit-learn's handwritten digits, and publish it as ONNX in a registry of models.

python examples/vision/train.py [--registry FOLDER]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from trine.serving import ModelVersion, Registry, training_statistics

HERE = Path(__file__).parent
SEED = 8


def build_network() -> Pipeline:
    """Return an untrained network: 64 pixels in, ten probabilities out."""
    return make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=400, random_state=SEED))


def train(registry: Registry) -> ModelVersion:
    """Measure the network on digits that it has not seen, and publish it."""
    digits = load_digits()
    pixels = digits.data.astype(np.float32)
    seen, unseen, known, wanted = train_test_split(
        pixels, digits.target, test_size=0.2, random_state=SEED, stratify=digits.target
    )
    network = build_network().fit(seen, known)
    accuracy = float(network.score(unseen, wanted))
    # Probabilities as one array, not as a list of dictionaries.
    exported = to_onnx(network, seen[:1], options={"zipmap": False}, target_opset=18)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.onnx"
        path.write_bytes(exported.SerializeToString())
        return registry.publish(
            "digits",
            path,
            metrics={"accuracy": round(accuracy, 4)},
            statistics=training_statistics(list(seen.reshape(-1, 8, 8))),
            description=f"One hidden layer of 64, trained on {len(seen)} digits",
            promote=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registry", type=Path, default=HERE / "models", help="where versions are kept")
    published = train(Registry(parser.parse_args().registry))
    print(f"digits {published.version}: {published.metrics['accuracy']:.1%} of unseen digits are read correctly")
