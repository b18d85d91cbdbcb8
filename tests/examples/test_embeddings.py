"""The embeddings example: its encoder is exact, and with the real weights texts that mean the same lie close together."""

import json
import shutil

import numpy as np
import pytest

from trine.serving import Registry
from trine.testing import TestClient

tokenizers = pytest.importorskip("tokenizers")

WIDTH, HEADS, LAYERS, WORDS = 12, 3, 2, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "d"]


@pytest.fixture(scope="module")
def embeddings(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("examples") / "embeddings"
    shutil.copytree(root / "examples" / "embeddings", folder, ignore=shutil.ignore_patterns("models", "__pycache__"))
    return folder


@pytest.fixture(scope="module")
def tiny(embeddings, load_program):
    """An encoder of random weights, with the names and shapes of the real ones."""
    random = np.random.default_rng(0)

    def some(*shape):
        return random.normal(0, 0.5, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": some(len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": some(20, WIDTH),
        "embeddings.token_type_embeddings.weight": some(2, WIDTH),
        "embeddings.LayerNorm.weight": some(WIDTH),
        "embeddings.LayerNorm.bias": some(WIDTH),
    }
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        sizes = dict.fromkeys(("attention.self.query", "attention.self.key", "attention.self.value"), (WIDTH, WIDTH))
        sizes |= {"attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (24, WIDTH), "output.dense": (WIDTH, 24)}
        for part, size in sizes.items():
            weights |= {f"{name}.{part}.weight": some(*size), f"{name}.{part}.bias": some(size[0])}
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            weights |= {f"{name}.{part}.weight": some(WIDTH), f"{name}.{part}.bias": some(WIDTH)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return load_program(embeddings / "minilm.py").Encoder(weights, tokenizer, heads=HEADS, layers=LAYERS)


def test_vectors_have_unit_length(tiny):
    assert np.linalg.norm(tiny.encode(["a b", "c"]), axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_a_text_has_the_same_vector_in_any_company(tiny):
    texts = ["a", "a b c d a b", "d c", "a b c d a b c d", "unknown a"]
    together = tiny.encode(texts)
    for text, vector in zip(texts, together, strict=True):
        assert tiny.encode([text])[0] == pytest.approx(vector, abs=1e-5)


def test_the_error_function_is_exact(embeddings, load_program):
    from math import erf

    x = np.linspace(-4, 4, 200).astype(np.float32)
    found = load_program(embeddings / "minilm.py")._erf(x)
    assert found == pytest.approx([erf(float(one)) for one in x], abs=1e-6)


@pytest.mark.network
@pytest.mark.slow
def test_texts_that_mean_the_same_lie_close_together(embeddings, load_program, tmp_path):
    fetching = load_program(embeddings / "fetch.py")
    published = fetching.publish(fetching.download(tmp_path), Registry(embeddings / "models"))
    assert [file.name for file in published.files] == ["model.safetensors", "tokenizer.json", "config.json"]
    with TestClient(load_program(embeddings / "app.py").app) as client:
        near = client.post("/similarity", json={"left": "How do I reset my password?", "right": "I cannot log in"}).json()
        far = client.post("/similarity", json={"left": "How do I reset my password?", "right": "The cake needs two eggs"}).json()
        assert near > 0.4 > 0.2 > far
        vector = client.post("/embed", json="A text").json()
        assert len(vector) == 384
        answer = client.post("/embed/batch", json=["A text", "Another text"]).json()
        assert answer["outputs"][0] == pytest.approx(vector, abs=1e-4)
        assert client.post("/embed", json="").status_code == 422
    assert json.loads((embeddings / "models" / "minilm" / "release.json").read_bytes())["default"] == "1"
