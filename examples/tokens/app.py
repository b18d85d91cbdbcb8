"""Text that goes on: a small language model streams letters, and all clients share its steps."""

from pathlib import Path
from typing import Annotated

import numpy as np
from network import INDEX, LETTERS, Network
from pydantic import BaseModel, ConfigDict, Field

from trine import App, FileResponse, StaticFiles
from trine.replay import MemoryEventLog
from trine.serving import ActiveSequence


class Prompt(BaseModel):
    """What to begin with, and how long to go on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Return the ", "length": 80}]})

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    length: int = Field(default=200, ge=1, le=5000, description="Letters to write")
    warmth: float = Field(default=0.5, gt=0, le=2, description="Low is careful, high is wild")


HERE = Path(__file__).parent

app = App(title="Tokens", version="1.0.0")
app.mount("/static", StaticFiles(directory=HERE / "static"))


@app.model("/generate", max_batch=64, replay=MemoryEventLog())
class Letters:
    """Go on with a text, letter by letter."""

    def load(self) -> None:
        """Read the trained network."""
        self.network = Network.load(HERE / "tokens.npz")
        self.random = np.random.default_rng()

    def step(self, sequences: list[ActiveSequence[Prompt]]) -> list[str | None]:
        """Write one letter of every text. Who joins between two steps is simply one more row."""
        for sequence in sequences:
            if sequence.state is None:
                sequence.state = self._read(sequence.input.text)
        states = np.stack([sequence.state[0] for sequence in sequences])
        letters = np.array([sequence.state[1] for sequence in sequences])
        states, scores = self.network.step(states, letters)
        written: list[str | None] = []
        for sequence, state, score in zip(sequences, states, scores, strict=True):
            letter = self._choose(score, sequence.input.warmth)
            count = sequence.state[2] + 1
            sequence.state = (state, letter, count)
            if count == sequence.input.length:
                sequence.finish()
            written.append(LETTERS[letter])
        return written

    def _read(self, text: str) -> tuple[np.ndarray, int, int]:
        """Read a prompt up to its last letter. What the network does not know counts as a space."""
        known = [INDEX.get(letter, INDEX[" "]) for letter in text]
        state = np.zeros((1, self.network.size), np.float32)
        for letter in known[:-1]:
            state, _ = self.network.advance(state, np.array([letter]))
        return state[0], known[-1], 0

    def _choose(self, scores: np.ndarray, warmth: float) -> int:
        chances = np.exp((scores - scores.max()) / warmth)
        return int(self.random.choice(len(chances), p=chances / chances.sum()))


@app.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """Send the page to write with."""
    return FileResponse(HERE / "static" / "index.html")
