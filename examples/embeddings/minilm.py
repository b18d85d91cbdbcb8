"""A BERT encoder in NumPy: sentences in, vectors of unit length out (Reimers and Gurevych, Sentence-BERT, 2019)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from trine.serving import load_model

Matrix = NDArray[np.float32]
MAX_TOKENS = 256


class Encoder:
    """Encodes texts: tokens, six layers of attention, the mean over the tokens of each text."""

    def __init__(self, weights: Mapping[str, Matrix], tokenizer: Tokenizer, *, heads: int, layers: int) -> None:
        self.weights = {name.removeprefix("bert."): value for name, value in weights.items()}
        self.tokenizer = tokenizer
        self.heads, self.layers = heads, layers
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)

    @classmethod
    def load(cls, folder: Path) -> "Encoder":
        """Load `model.safetensors`, `tokenizer.json` and `config.json`."""
        config = json.loads((folder / "config.json").read_bytes())
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        weights = load_model(folder / "model.safetensors")
        return cls(weights, tokenizer, heads=config["num_attention_heads"], layers=config["num_hidden_layers"])

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Give a row for each text. Texts of a like length are computed together, so that little is spent on padding."""
        found = [one.ids for one in self.tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(found)), key=lambda index: len(found[index]))
        rows: dict[int, Matrix] = {}
        for start in range(0, len(order), 32):
            part = order[start : start + 32]
            rows.update(zip(part, self._encode([found[index] for index in part]), strict=True))
        return np.stack([rows[index] for index in range(len(found))])

    def _encode(self, ids: Sequence[Sequence[int]]) -> Matrix:
        width = max(map(len, ids))
        tokens, mask = np.zeros((len(ids), width), np.int64), np.zeros((len(ids), width), np.float32)
        for row, one in enumerate(ids):
            tokens[row, : len(one)] = one
            mask[row, : len(one)] = 1
        hidden = self.weights["embeddings.word_embeddings.weight"][tokens]
        hidden = hidden + self.weights["embeddings.position_embeddings.weight"][:width]
        hidden = hidden + self.weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._normed(hidden, "embeddings.LayerNorm")
        unseen = ((1 - mask) * np.float32(-1e9))[:, None, None, :]
        for layer in range(self.layers):
            hidden = self._layer(hidden, unseen, f"encoder.layer.{layer}")
        mean = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)

    def _layer(self, hidden: Matrix, unseen: Matrix, name: str) -> Matrix:
        def heads_of(part: str) -> Matrix:
            count, width, _ = hidden.shape
            return (
                self._linear(hidden, f"{name}.attention.self.{part}").reshape(count, width, self.heads, -1).transpose(0, 2, 1, 3)
            )

        query, key, value = heads_of("query"), heads_of("key"), heads_of("value")
        scores = query @ key.swapaxes(-1, -2) / np.float32(np.sqrt(query.shape[-1])) + unseen
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        seen = ((scores / scores.sum(-1, keepdims=True)) @ value).transpose(0, 2, 1, 3).reshape(hidden.shape)
        hidden = self._normed(hidden + self._linear(seen, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
        inner = _gelu(self._linear(hidden, f"{name}.intermediate.dense"))
        return self._normed(hidden + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, hidden: Matrix, name: str) -> Matrix:
        # All tokens as the rows of one matrix: NumPy multiplies a stack of matrices one by one, and reads the weights for each.
        rows = hidden.reshape(-1, hidden.shape[-1]) @ self.weights[f"{name}.weight"].T
        rows += self.weights[f"{name}.bias"]
        return np.asarray(rows.reshape(*hidden.shape[:-1], -1), np.float32)

    def _normed(self, hidden: Matrix, name: str) -> Matrix:
        centred = hidden - hidden.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(1e-12))
        return np.asarray(scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"], np.float32)


def _gelu(x: Matrix) -> Matrix:
    found = _erf(x * np.float32(np.sqrt(0.5)))
    found += 1
    found *= x
    found *= np.float32(0.5)
    return found


def _erf(x: Matrix) -> Matrix:
    """The error function to seven digits (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26)."""
    t = np.reciprocal(1 + np.float32(0.3275911) * np.abs(x))
    total = np.zeros_like(x)
    # In place: a batch's numbers do not fit in the processor's cache many times.
    for term in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        total += np.float32(term)
        total *= t
    total *= np.exp(-x * x)
    return np.asarray(np.copysign(1 - total, x), np.float32)
