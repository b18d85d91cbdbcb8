"""Train a character-level language model on one core in under a minute, and store it as tokens.npz.

python examples/tokens/train.py [--batches 1500] [--output FILE]
"""

import argparse
import os
import time
from pathlib import Path

# Matrices this small are multiplied fastest by one core. Said before NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from network import INDEX, LETTERS, Floats, Network
from numpy.typing import NDArray
from text import read_text

HERE = Path(__file__).parent
BATCH, LENGTH = 32, 48
RATE = 3e-3


class Training:
    """Backpropagation through time with Adam, on many places of the text at once."""

    def __init__(self, network: Network, text: str, seed: int = 2) -> None:
        self.network = network
        letters = np.array([INDEX[letter] for letter in text], np.intp)
        held_back = len(letters) // 20
        self.letters, self.unseen = letters[:-held_back], letters[-held_back:]
        self.random = np.random.default_rng(seed)
        self.moments = {name: (np.zeros_like(part), np.zeros_like(part)) for name, part in network.parts.items()}
        self.steps = 0

    def turn(self, rate: float) -> float:
        """Learn from one batch. Gives its loss: nats for each letter."""
        starts = self.random.integers(0, len(self.letters) - LENGTH - 1, BATCH)
        window = self.letters[starts[:, None] + np.arange(LENGTH + 1)]
        loss, gradients = self._loss(window)
        self.steps += 1
        for name, gradient in gradients.items():
            first, second = self.moments[name]
            np.clip(gradient, -1, 1, out=gradient)
            first += 0.1 * (gradient - first)
            second += 0.005 * (gradient**2 - second)
            corrected = first / (1 - 0.9**self.steps)
            scale = np.sqrt(second / (1 - 0.995**self.steps)) + 1e-8
            self.network.parts[name] -= rate * corrected / scale
        return loss

    def unseen_loss(self) -> float:
        """The loss on text that was held back."""
        rows = min(BATCH, (len(self.unseen) - 1) // LENGTH)
        window = self.unseen[: rows * LENGTH].reshape(rows, LENGTH)
        return self._loss(window)[0]

    def _loss(self, window: NDArray[np.intp]) -> tuple[float, dict[str, Floats]]:
        network, parts = self.network, self.network.parts
        rows, length = window.shape[0], window.shape[1] - 1
        states = [np.zeros((rows, network.size), np.float32)]
        kept = []
        for place in range(length):
            state, needed = network.advance(states[-1], window[:, place])
            states.append(state)
            kept.append(needed)
        scores = np.stack(states[1:]) @ parts["output"] + parts["output_bias"]
        scores -= scores.max(axis=2, keepdims=True)
        chances = np.exp(scores)
        chances /= chances.sum(axis=2, keepdims=True)
        wanted = window[:, 1:].T
        picked = np.take_along_axis(chances, wanted[:, :, None], 2)
        loss = float(-np.log(picked + 1e-9).mean())

        errors = chances
        np.put_along_axis(errors, wanted[:, :, None], picked - 1, 2)
        errors /= rows * length
        gradients = {name: np.zeros_like(part) for name, part in parts.items()}
        gradients["output"] = np.einsum("tbs,tbl->sl", np.stack(states[1:]), errors, optimize=True)
        gradients["output_bias"] = errors.sum(axis=(0, 1))
        later = np.zeros_like(states[0])
        for place in reversed(range(length)):
            update, reset, candidate, inner = kept[place]
            before = states[place]
            later += errors[place] @ parts["output"].T
            to_candidate = later * (1 - update) * (1 - candidate**2)
            to_update = later * (before - candidate) * update * (1 - update)
            to_reset = to_candidate * inner * reset * (1 - reset)
            given = np.concatenate([to_update, to_reset, to_candidate], axis=1)
            back = np.concatenate([to_update, to_reset, to_candidate * reset], axis=1)
            np.add.at(gradients["input"], window[:, place], given)
            gradients["bias"] += given.sum(axis=0)
            gradients["inner"] += before.T @ back
            later = later * update + back @ parts["inner"].T
        return loss, gradients


def train(output: Path, batches: int) -> float:
    """Train on so many batches, print how it goes, and store the model. Gives the loss on unseen text."""
    text = read_text()
    print(f"{len(text):,} letters of the standard library's documentation, {len(LETTERS)} different ones\n")
    training = Training(Network(), text)
    start = time.process_time()
    losses: list[float] = []
    for number in range(1, batches + 1):
        losses.append(training.turn(RATE * (1 - 0.9 * number / batches)))
        if number % max(1, batches // 8) == 0:
            spent = time.process_time() - start
            print(f"  {spent:5.1f} s  {number:5d} batches  {np.mean(losses[-50:]):.2f} nats a letter", flush=True)
    loss = training.unseen_loss()
    training.network.save(output)
    guessing = np.log(len(LETTERS))
    print(f"\nOn text that it has not seen: {loss:.2f} nats a letter; guessing has {guessing:.2f}. Stored in {output}")
    return loss


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=1500, help="how long to train")
    parser.add_argument("--output", type=Path, default=HERE / "tokens.npz", help="where the model goes")
    arguments = parser.parse_args()
    train(arguments.output, arguments.batches)
