"""A small recurrent network that writes text letter by letter: many texts at once, one step at a time."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

FIRST, LAST = " ", "~"
LETTERS = "\n" + "".join(map(chr, range(ord(FIRST), ord(LAST) + 1)))
INDEX = {letter: number for number, letter in enumerate(LETTERS)}

Floats = NDArray[np.float32]


class Network:
    """A gated recurrent unit and a layer that scores the next letter."""

    def __init__(self, size: int = 128, seed: int = 1) -> None:
        random = np.random.default_rng(seed)

        def weights(rows: int, columns: int) -> Floats:
            return (random.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)

        self.parts: dict[str, Floats] = {
            "input": weights(len(LETTERS), 3 * size),
            "inner": weights(size, 3 * size),
            "bias": np.zeros(3 * size, np.float32),
            "output": weights(size, len(LETTERS)),
            "output_bias": np.zeros(len(LETTERS), np.float32),
        }

    @property
    def size(self) -> int:
        """How many numbers the network remembers of a text."""
        return len(self.parts["inner"])

    def step(self, states: Floats, letters: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Read one letter of each text. Gives the new states and the scores of every letter as the next."""
        new, _ = self.advance(states, letters)
        return new, new @ self.parts["output"] + self.parts["output_bias"]

    def advance(self, states: Floats, letters: NDArray[np.intp]) -> tuple[Floats, tuple[Floats, ...]]:
        """Give the new states, and what training needs to go back."""
        size, parts = self.size, self.parts
        given = parts["input"][letters] + parts["bias"]
        inner = states @ parts["inner"]
        update = _sigmoid(given[:, :size] + inner[:, :size])
        reset = _sigmoid(given[:, size : 2 * size] + inner[:, size : 2 * size])
        candidate = np.tanh(given[:, 2 * size :] + reset * inner[:, 2 * size :])
        return (1 - update) * candidate + update * states, (update, reset, candidate, inner[:, 2 * size :])

    def save(self, path: Path) -> None:
        """Store the weights: arrays and nothing else."""
        np.savez(path, allow_pickle=False, **self.parts)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read stored weights."""
        with np.load(path, allow_pickle=False) as stored:
            network = cls(len(stored["inner"]))
            network.parts = {name: stored[name] for name in network.parts}
        return network


def _sigmoid(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-values))
