"""Streams whose steps are shared: a model that spells."""

from pydantic import BaseModel

from trine import App
from trine.replay import MemoryEventLog
from trine.serving import ActiveSequence


class Word(BaseModel):
    text: str


app = App()


@app.model("/spell", max_batch=8, replay=MemoryEventLog(), linger=30)
class Speller:
    """Spell a word."""

    def step(self, sequences: list[ActiveSequence[Word]]) -> list[str | None]:
        letters: list[str | None] = []
        for sequence in sequences:
            rest = sequence.input.text if sequence.state is None else sequence.state
            sequence.state = rest[1:]
            letters.append(rest[0] if rest else None)  # None ends this stream
        return letters
